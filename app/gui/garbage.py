"""Python's garbage is collected on the GUI thread alone, while there is another thread beside it. GUI thread only.

The collector runs on whichever thread makes an object just then. A Qt object that is freed on the core thread takes
a lock of Qt, and waits for Python's; the GUI thread has Python's, and waits for Qt's when it connects a signal: both
stand still for ever.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

EVERY_MS = 500
STARTED_MS = 3_000  # by then the program has imported what it runs on
GROWN = 1.25  # times what stayed the last time: then everything is looked through, as Python does by itself


class Garbage(QObject):
    """From its making to `end`."""

    _n_watched = 0  # a process can have several

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        Garbage._n_watched += 1
        gc.disable()
        self._n_old = 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)
        self._timer.start(EVERY_MS)
        QTimer.singleShot(STARTED_MS, self, self._freeze)

    def end(self) -> None:
        if self._timer.isActive():
            self._timer.stop()
            Garbage._n_watched -= 1
            if Garbage._n_watched == 0:
                gc.enable()

    def _freeze(self) -> None:
        """Modules and classes stay: nobody need look through them again. What is garbage by now would stay too."""
        gc.collect(1)
        gc.freeze()

    def _look(self) -> None:
        """As the collector would, by its own counts."""
        youngest, middle, oldest = (n > limit for n, limit in zip(gc.get_count(), gc.get_threshold(), strict=True))
        if oldest and len(gc.get_objects(generation=2)) > GROWN * self._n_old:
            gc.collect(2)
            self._n_old = len(gc.get_objects(generation=2))
        elif middle:
            gc.collect(1)
        elif youngest:
            gc.collect(0)
