"""The saved prompts, which "/" finds in the box to write in. GUI thread only."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.core.chat_views import SavedPrompt
from app.gui.form import editor
from app.gui.shelf_dialog import Kept, ShelfDialog
from app.gui.tongue import tr


class PromptsDialog(ShelfDialog):
    """`begin_with` a text that is to be kept."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, tr("Saved prompts"), tr("None yet. Write one, and find it with / in a message."))
        self.text = editor(10)
        self.form.add(
            tr("Text"), self.text, tr("What stands in braces, such as {topic}, is asked for when the prompt is used.")
        )

    def begin_with(self, text: str) -> None:
        self.begin()
        self.text.setPlainText(text)

    def show_fields(self, thing: Kept | None) -> None:
        self.text.setPlainText(thing.text if isinstance(thing, SavedPrompt) else "")

    def made(self, id: str, name: str) -> SavedPrompt:
        return SavedPrompt(id=id, name=name, text=self.text.toPlainText())
