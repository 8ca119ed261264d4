"""The settings in the window: what is seen of them shows at once, Core keeps them all. GUI thread only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QWidget

from app.gui import fonts
from app.gui.bridge import Bridge, Failed
from app.gui.theme import Theme
from app.settings import Settings


class SettingsDesk(QObject):
    """`seen`: by the name of a setting, what it changes besides size and theme."""

    export_asked = Signal()
    import_asked = Signal()

    def __init__(
        self,
        window: QWidget,
        bridge: Bridge,
        theme: Theme,
        settings: Settings,
        say: Failed,
        seen: dict[str, Callable[[Any], object]],
    ) -> None:
        super().__init__(window)
        self._window, self._bridge, self._theme, self._settings, self._say = window, bridge, theme, settings, say
        self._seen: dict[str, Callable[[Any], object]] = {"zoom": self.set_zoom, "theme": theme.choose, **seen}

    def open(self) -> None:
        from app.gui.settings_dialog import SettingsDialog

        dialog = SettingsDialog(self._window, self._theme, self._settings)
        dialog.saved.connect(self.change)
        dialog.export_asked.connect(self.export_asked)
        dialog.import_asked.connect(self.import_asked)
        dialog.show()

    def change(self, changes: dict[str, Any]) -> None:
        for name, value in changes.items():
            if name in self._seen:
                self._seen[name](value)
        self._bridge.call(lambda core: core.change_settings(**changes), failed=self._say)

    def set_zoom(self, zoom: float) -> None:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        if zoom != fonts.zoom():
            fonts.set_zoom(app, zoom)
            self._theme.changed.emit()  # what is painted and rendered follows

    def step_zoom(self, by: int) -> None:
        """The next larger or smaller type; 0: as it was drawn."""
        sizes = fonts.ZOOMS
        place = sizes.index(min(sizes, key=lambda size: abs(size - fonts.zoom())))
        self.change({"zoom": sizes[min(max(place + by, 0), len(sizes) - 1)] if by else 1.0})
