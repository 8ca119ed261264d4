"""Personas and saved prompts: what is deleted can be taken back."""

from __future__ import annotations

from PySide6.QtWidgets import QPushButton

from app.core.chat_views import PersonaView, SavedPrompt
from app.core.events import PersonasChanged, PromptsChanged
from app.gui.personas_dialog import PersonasDialog
from app.gui.prompts_dialog import PromptsDialog
from tests.gui.conftest import Desk

EDITOR = PersonaView(id="p", name="Editor", system_prompt="Edit.")
SHORTER = SavedPrompt(id="s", name="Shorter", text="Half the words: {text}")


def undo(desk: Desk) -> None:
    offered = [made for made in desk.window.notices.findChildren(QPushButton) if made.text() == "Undo"]
    offered[-1].click()


def test_a_persona_comes_back_to_its_chats(desk: Desk) -> None:
    desk.core.add_chat("mine", "Mine", ("user", "x"))
    desk.core.add_chat("other", "Other", ("user", "x"))
    desk.core.set_chat_persona("mine", "p")
    desk.core.emit(PersonasChanged(personas=(EDITOR,)))
    desk.window.library.open_personas()
    dialog = desk.window.findChild(PersonasDialog)
    desk.until(lambda: dialog.list.count() == 1)
    dialog._delete.click()
    desk.until(lambda: "“Editor” is deleted." in desk.window.notices.sentences)
    assert desk.core.called("delete_persona") == [("p",)]
    undo(desk)
    desk.until(lambda: desk.core.called("save_persona") == [(EDITOR,)])
    desk.until(lambda: desk.core.called("set_chat_persona")[1:] == [("mine", "p")])


def test_a_saved_prompt_comes_back(desk: Desk) -> None:
    desk.core.emit(PromptsChanged(prompts=(SHORTER,)))
    desk.window.library.open_prompts()
    dialog = desk.window.findChild(PromptsDialog)
    desk.until(lambda: dialog.list.count() == 1)
    dialog._delete.click()
    desk.until(lambda: desk.core.called("delete_prompt") == [("s",)])
    undo(desk)
    desk.until(lambda: desk.core.called("save_prompt") == [(SHORTER,)])
