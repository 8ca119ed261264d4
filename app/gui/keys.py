"""The keys of the window: one table, from which the shortcuts are made and which F1 shows. GUI thread only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QGridLayout, QWidget

from app.gui import fonts
from app.gui.buttons import button, label
from app.gui.dialog_layout import column_inside, fit, lay_out
from app.gui.tongue import apart, tr

_COLUMNS, _AROUND_PX = 2, 100  # of the list; what is around the words of one


@dataclass(frozen=True)
class Key:
    """`keys` are alternatives, as Qt writes them; without `do` another widget handles them. `does` is marked.

    Without keys it is an action that only Ctrl+K finds; one that is not `is_offered` makes no sense there.
    """

    keys: tuple[str, ...]
    does: str
    do: Callable[[], object] | None = None
    icon: str = ""
    is_offered: bool = True


def install(window: QWidget, table: tuple[Key, ...]) -> None:
    """Make the shortcuts of a window."""
    for key in table:
        for text in key.keys:
            if key.do is not None:
                shortcut = QShortcut(QKeySequence(text), window)
                shortcut.activated.connect(key.do)


class KeysDialog(QDialog):
    """The list of keys; not modal."""

    def __init__(self, parent: QWidget, table: tuple[Key, ...]) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Keys"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        inside, column = column_inside()
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(8)
        shown = [(tr("  or  ").join(apart(native(one)) for one in key.keys), tr(key.does)) for key in table if key.keys]
        n_columns, is_wrapped = self._fitting(shown)
        n_rows = -(-len(shown) // n_columns)
        for place, (keys, does) in enumerate(shown):
            row, at = place % n_rows, 2 * (place // n_rows)
            cap = label(keys, role=fonts.SMALL)
            cap.setObjectName("keyCap")
            grid.addWidget(cap, row, at, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(label(does, wraps=is_wrapped), row, at + 1)
        grid.setColumnStretch(2 * n_columns - 1, 1)
        column.addLayout(grid)
        column.addStretch()
        close = button(tr("Close"), self.close)
        lay_out(self, tr("Keys"), inside, close)
        fit(self, inside)
        close.setFocus()

    def _fitting(self, shown: list[tuple[str, str]]) -> tuple[int, bool]:
        """How many columns the screen has room for, and whether even the words of one go on in a second line."""
        caps, plain = QFontMetrics(fonts.font(fonts.SMALL)), QFontMetrics(fonts.font(fonts.UI))
        widest_cap = max(caps.horizontalAdvance(keys) for keys, _ in shown)
        widest = max(plain.horizontalAdvance(does) for _, does in shown)
        n_columns = self.screen().availableGeometry().width() // (widest_cap + widest + _AROUND_PX)
        return max(1, min(_COLUMNS, n_columns)), n_columns == 0


def native(keys: str) -> str:
    """As the system and the language write them: "Strg+L"."""
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText).replace("Return", tr("Enter"))
