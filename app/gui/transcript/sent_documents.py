"""The documents that went with a message, above its box, each with how it was used. GUI thread only."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core.chat_views import AttachmentUse, AttachmentView
from app.gui import fonts
from app.gui.buttons import IconLabel, label
from app.gui.composer.attachments import shortened
from app.gui.core_words import retold
from app.gui.margins import margins
from app.gui.theme import Theme
from app.gui.tongue import apart, mark, tr, trn

_SHOWN = 4  # the others are counted, and named in a tip
_USES = {
    AttachmentUse.WHOLE: mark("whole"),
    AttachmentUse.PASSAGES: mark("passages"),
    AttachmentUse.SUMMARY: mark("summary"),
}


class SentDocuments(QWidget):
    """Hidden where there are none."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._shown: tuple[AttachmentView, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(*margins(0, 0, 2, 4))
        self._column.setSpacing(2)
        self.hide()

    def show_documents(self, documents: Sequence[AttachmentView]) -> None:
        if tuple(documents) == self._shown:
            return
        self._shown = tuple(documents)
        while (item := self._column.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for view in documents[:_SHOWN]:
            said = tr("{name}, {use}", name=apart(shortened(view.name, 48)), use=tr(_USES[view.use]))
            self._add(said, "\n".join((view.name, *map(retold, view.notes))))
        if more := documents[_SHOWN:]:
            self._add(
                trn("and {count} more", "and {count} more", len(more)), "\n".join(view.name for view in more), icon=""
            )
        self.setVisible(bool(documents))

    def _add(self, text: str, tip: str, icon: str = "file-text") -> None:
        made = QWidget()
        made.setToolTip(tip)
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addStretch()
        if icon:
            row.addWidget(IconLabel(self._theme, icon))
        row.addWidget(label(text, role=fonts.SMALL, tone="muted"), 0, Qt.AlignmentFlag.AlignVCenter)
        self._column.addWidget(made)
