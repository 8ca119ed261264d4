"""A chat's or a persona's own model, and what a persona says first."""

from __future__ import annotations

from pathlib import Path

from app.core.chat_views import ChatOptions, PersonaView
from app.core.events import PersonasChanged
from app.core.model_lists import ModelLists
from app.gui.model_choice import ModelChoice
from app.gui.personas_dialog import PersonasDialog
from tests.gui.conftest import Desk
from tests.gui.scripted_models import SLOW, local

LISTS = ModelLists(local=(local("Small"), local("Large", 4_700_000_000, fit=SLOW), local("Bad", problem="It is cut.")))


def pick(choice: ModelChoice, text: str) -> None:
    place = next(n for n in range(choice.list.count()) if choice.list.itemText(n).startswith(text))
    choice.list.setCurrentIndex(place)
    choice.list.activated.emit(place)


def test_a_chat_takes_a_model_of_its_own_and_gives_it_up_again(desk: Desk) -> None:
    desk.core.lists = LISTS
    desk.core.add_chat("c", "Chat", ("user", "x"))
    desk.window.open_chat("c")
    desk.until(lambda: desk.window.conversation.chat_id == "c")
    desk.window.library.toggle_parameters()
    choice = desk.window.conversation.parameters.model
    desk.until(lambda: choice.list.count() == 3)  # those that can be used, and whatever is loaded
    assert choice.list.accessibleName() == "Model of this chat"
    assert any("Slow" in choice.list.itemText(n) for n in range(3))
    pick(choice, "Large")
    desk.until(lambda: desk.core.called("set_chat_options"))
    assert desk.core.called("set_chat_options")[-1] == ("c", ChatOptions(model="Large.gguf"))
    pick(choice, "The one that is loaded")
    desk.until(lambda: desk.core.called("set_chat_options")[-1] == ("c", ChatOptions()))


def test_a_persona_keeps_its_model_though_the_file_is_gone(desk: Desk) -> None:
    desk.core.lists = LISTS
    persona = PersonaView(id="p", name="Editor", system_prompt="Edit.", model=str(Path("gone.gguf")), greeting="Hi.")
    desk.core.emit(PersonasChanged(personas=(persona,)))
    desk.window.library.open_personas()
    dialog = desk.window.findChild(PersonasDialog)
    desk.until(lambda: dialog.model.list.count() == 4)
    assert dialog.model.list.currentText() == "gone (not found)"
    assert dialog.made("p", "Editor").model == "gone.gguf"
    pick(dialog.model, "Small")
    assert dialog.made("p", "Editor").model == "Small.gguf"


def test_an_empty_chat_with_a_persona_begins_with_its_greeting(desk: Desk) -> None:
    persona = PersonaView(id="p", name="Editor", greeting="Paste your text.")
    desk.core.emit(PersonasChanged(personas=(persona,)))
    panel, welcome = desk.window.conversation.parameters, desk.window.conversation.transcript.welcome
    desk.until(lambda: panel.persona.count() == 2)
    panel.persona_chosen.emit("p")
    assert welcome.said == "Paste your text."
    desk.window.new_chat()
    assert welcome.said == "Ask anything. It stays on this machine."
