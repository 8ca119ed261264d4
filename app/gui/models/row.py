"""One model as a row: its name, a line about it, whether it fits, and what can be done. GUI thread only."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QPushButton, QVBoxLayout, QWidget

from app.core.model_views import FitView
from app.gui import fonts
from app.gui.buttons import ElidedLabel, IconButton, IconLabel, button, label
from app.gui.icons import PIXELS, side
from app.gui.models.verdict import FitMark
from app.gui.theme import Theme
from app.gui.tongue import tr

Action = tuple[str, Callable[[], object]]
_MENU_PX = 28


class ModelRow(QFrame):
    """`detail`: figures, in one line; `about`: a sentence or two; `waits`: why nothing can be done now.

    A row never holds more than one button and a menu.
    """

    def __init__(
        self,
        theme: Theme,
        name: str,
        detail: str,
        *,
        about: str = "",
        problem: str = "",
        fit: FitView | None = None,
        is_in_use: bool = False,
        waits: str = "",
        action: Action | None = None,
        is_main: bool = False,
        more: Sequence[Action] = (),
        keeps_room: bool = False,
    ) -> None:
        """`keeps_room`: others of its list have a menu; what is above each other stays so."""
        super().__init__()
        self._theme = theme
        self.setObjectName("modelRow")
        self.name = name
        self.setAccessibleName(name)
        self.title = ElidedLabel(name, role=fonts.UI_STRONG)
        self.detail = ElidedLabel(detail, role=fonts.SMALL, tone="muted")
        self.fit_mark = FitMark(theme, fit)
        self.button: QPushButton | None = None
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(self.title)
        texts.addWidget(self.detail)
        for text, tone in ((about, "muted"), (problem, "danger")):
            if text:
                texts.addWidget(label(text, role=fonts.SMALL, tone=tone, wraps=True))
        self._side = QHBoxLayout()
        self._side.setSpacing(12)
        self._side.addWidget(self.fit_mark)
        if is_in_use:
            self._side.addWidget(_in_use(theme))
        elif waits:
            self._side.addWidget(label(waits, role=fonts.SMALL, tone="muted"))
        elif action is not None:
            text, do = action
            self.button = button(text, do, kind="main" if is_main else "raised", name=f"{text} {name}")
            self._side.addWidget(self.button)
        if more:
            menu_name = tr("More about {name}", name=name)
            self._more = IconButton(theme, "ellipsis", menu_name, lambda: self._open_menu(more), _MENU_PX)
            self._side.addWidget(self._more)
        elif keeps_room:
            self._side.addSpacing(_MENU_PX - PIXELS + side())
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addLayout(texts, 1)
        row.addLayout(self._side)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 10, 0, 10)
        self._column.setSpacing(8)
        self._column.addLayout(row)

    def put_below(self, widget: QWidget) -> None:
        """Something that opens below the row."""
        self._column.addWidget(widget)

    def _open_menu(self, more: Sequence[Action]) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for text, do in more:
            action: QAction = menu.addAction(text)
            action.triggered.connect(lambda _checked=False, do=do: do())
        menu.popup(self._more.mapToGlobal(self._more.rect().bottomLeft()))


def _in_use(theme: Theme) -> QWidget:
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4)
    row.addWidget(IconLabel(theme, "check", "accent"))
    said: QLabel = label(tr("In use"), role=fonts.SMALL_STRONG)
    row.addWidget(said)
    return made
