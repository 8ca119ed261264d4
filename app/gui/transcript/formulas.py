"""Formulas that were drawn, and the process that draws them. One for all messages; GUI thread only, which never waits.

What a model writes may take any time: a formula that takes too long is refused and its process ended.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QByteArray, QObject, QProcess, QTimer, Signal
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from app import wire
from app.child_command import child_command
from app.formulas.messages import INK, Answer, DrawFormula, FormulaDrawn, FormulaRefused, FormulasReady
from app.logs import topic

LIMIT_MS = 3_000  # a formula takes some milliseconds
START_MS = 20_000  # of the process, on a machine that has much to do
IDLE_MS = 60_000
MOST_LETTERS = 4_000
_KEPT = 1_000
_MOST_STARTS = 3  # that fail, one behind the other

Key = tuple[str, bool]  # LaTeX, whether it stands on a line of its own


@dataclass(frozen=True)
class Drawing:
    """`width`, `ascent`, `descent` in the size of the letters."""

    svg: str
    width: float
    ascent: float
    descent: float

    def renderer(self, colour: str) -> QSvgRenderer:
        """In the colour of the text around it."""
        return QSvgRenderer(QByteArray(self.svg.replace(INK, colour).encode()))


class Formulas(QObject):
    """`get` answers at once with what there is; `came` says of which keys there is more."""

    came = Signal(object)  # a set of keys

    def __init__(
        self, parent: QObject | None = None, command: Sequence[str] | None = None, limit_ms: int = LIMIT_MS
    ) -> None:
        super().__init__(parent)
        self._limit_ms = limit_ms
        self._command = list(command or child_command("formulas"))
        self._known: OrderedDict[Key, Drawing | None] = OrderedDict()  # None: it can't be drawn
        self._waiting: deque[Key] = deque()
        self._asked: Key | None = None  # what the process is at
        self._decoder = wire.Decoder[Answer](Answer)
        self._process: QProcess | None = None
        self._is_ready = False
        self._n_bad_starts = 0
        self._limit = QTimer(self, singleShot=True)
        self._limit.timeout.connect(self._too_late)
        self._idle = QTimer(self, singleShot=True, interval=IDLE_MS)
        self._idle.timeout.connect(lambda: self.close())

    def get(self, key: Key) -> Drawing | None:
        """What is known of it; what is not is asked for."""
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key]
        if len(key[0]) > MOST_LETTERS or self._n_bad_starts >= _MOST_STARTS:
            return None
        if key != self._asked and key not in self._waiting:
            self._waiting.append(key)
            self._go_on()
        return None

    def is_settled(self, key: Key) -> bool:
        """Whether there will be no other answer than the one there is."""
        return key in self._known or (key != self._asked and key not in self._waiting)

    def close(self) -> QProcess | None:
        """End the process, without waiting for its end; the next formula starts another."""
        self._limit.stop()
        self._idle.stop()
        process, self._process, self._is_ready = self._process, None, False
        if process is not None:
            process.readyReadStandardOutput.disconnect(self._read)
            process.finished.disconnect(self._ended)
            process.errorOccurred.disconnect(self._failed)
            if process.state() is QProcess.ProcessState.NotRunning:
                process.deleteLater()
            else:
                process.finished.connect(process.deleteLater)
                process.kill()
        return process

    def end(self) -> None:
        """The program ends: Qt complains of processes that outlive their objects."""
        self._waiting.clear()
        if (process := self.close()) is not None:
            process.waitForFinished(1_000)

    # the process

    def _go_on(self) -> None:
        self._idle.stop()
        if self._process is None:
            self._start()
        elif self._is_ready and self._asked is None:
            if not self._waiting:
                self._idle.start()
                return
            self._asked = self._waiting.popleft()
            latex, is_display = self._asked
            self._process.write(wire.encode(DrawFormula(latex=latex, is_display=is_display)))
            self._limit.start(self._limit_ms)

    def _start(self) -> None:
        made = QProcess(self)
        made.setProgram(self._command[0])
        made.setArguments(self._command[1:])
        made.setStandardErrorFile(QProcess.nullDevice())
        made.readyReadStandardOutput.connect(self._read)
        made.finished.connect(self._ended)
        made.errorOccurred.connect(self._failed)
        self._process, self._is_ready = made, False
        self._limit.start(START_MS)
        made.start()

    def _read(self) -> None:
        came: set[Key] = set()
        while self._process is not None and self._process.canReadLine():
            try:
                answer = self._decoder.decode(bytes(self._process.readLine().data()))
            except wire.WireError:
                self._ended()
                break
            match answer:
                case FormulasReady():
                    self._is_ready, self._n_bad_starts = True, 0
                    self._limit.stop()
                case FormulaDrawn():
                    came |= self._take(Drawing(answer.svg, answer.width, answer.ascent, answer.descent))
                case FormulaRefused():
                    came |= self._take(None)
            self._go_on()
        if came:
            self.came.emit(came)

    def _take(self, drawing: Drawing | None) -> set[Key]:
        self._limit.stop()
        key, self._asked = self._asked, None
        if key is None:
            return set()
        self._known[key] = drawing
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return {key}

    def _too_late(self) -> None:
        self._ended()

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._ended()

    def _ended(self, *_: object) -> None:
        """It is gone or has to go: what it was at is refused, the rest goes to another."""
        if not self._is_ready:
            self._n_bad_starts += 1
            topic("window").warning("the process that draws formulas did not start (%d)", self._n_bad_starts)
        self.close()
        came = self._take(None)
        if self._n_bad_starts >= _MOST_STARTS:
            self._waiting.clear()
        if self._waiting:
            self._go_on()
        if came:
            self.came.emit(came)


def formulas() -> Formulas:
    """The one of the program."""
    app = QApplication.instance()
    assert app is not None
    found = app.findChild(Formulas)
    if not isinstance(found, Formulas):
        found = Formulas(app)
        app.aboutToQuit.connect(found.end)
    return found
