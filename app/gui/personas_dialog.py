"""The personas: who answers, with a system prompt, a greeting and sampling of their own. GUI thread only."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit, QWidget

from app.core.chat_views import NO_CHAT_OPTIONS, ChatOptions, PersonaView
from app.gui.form import editor
from app.gui.model_choice import ModelChoice
from app.gui.option_fields import OptionFields
from app.gui.shelf_dialog import Kept, ShelfDialog
from app.gui.theme import Theme
from app.gui.tongue import tr


class PersonasDialog(ShelfDialog):
    """What a persona does not set is as in the settings."""

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent, tr("Personas"), tr("None yet. A persona is a system prompt with a name."))
        self.resize(800, 640)
        self.model = ModelChoice(tr("The one that is loaded"))
        self.prompt = editor(6)
        self.greeting = QLineEdit()
        self.options = OptionFields(theme, tr("as in the settings"))
        self.form.add(tr("System prompt"), self.prompt, tr("What the model is told before each chat."))
        self.form.add(tr("Greeting"), self.greeting, tr("What an empty chat with this persona says."))
        self.form.add(tr("Model"), self.model)
        self.form.add(tr("Sampling"), self.options)

    def show_fields(self, thing: Kept | None) -> None:
        persona = thing if isinstance(thing, PersonaView) else None
        self.prompt.setPlainText(persona.system_prompt if persona else "")
        self.greeting.setText(persona.greeting if persona else "")
        self.options.show_options(persona.options if persona else NO_CHAT_OPTIONS)
        self.model.show_value(persona.model if persona else "")

    def made(self, id: str, name: str) -> PersonaView:
        chosen = self.options.options()
        return PersonaView(
            id=id,
            name=name,
            system_prompt=self.prompt.toPlainText().strip(),
            greeting=self.greeting.text().strip(),
            model=self.model.value,
            options=ChatOptions(max_reply_tokens=chosen.max_reply_tokens, sampling=chosen.sampling),
        )
