"""Personas, saved prompts, and what a chat sets for itself: Core keeps them, these dialogs and the panel show them.

GUI thread only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from app.core.chat_views import ChatOptions, PersonaView, SavedPrompt
from app.core.events import PersonasChanged, PromptsChanged
from app.errors import KnownError
from app.gui.bridge import Bridge
from app.gui.conversation import Conversation
from app.gui.notices import Notices
from app.gui.personas_dialog import PersonasDialog
from app.gui.prompts_dialog import PromptsDialog
from app.gui.theme import Theme
from app.gui.tongue import tr

if TYPE_CHECKING:
    from app.core.core import Core


_UNDO_SECONDS = 10


class Library(QObject):
    """`hear` its events; the conversation is told what a new chat begins with."""

    def __init__(
        self, window: QWidget, bridge: Bridge, theme: Theme, notices: Notices, conversation: Conversation
    ) -> None:
        super().__init__(window)
        self._window, self._bridge, self._theme, self._notices = window, bridge, theme, notices
        self._conversation = conversation
        self._personas: list[PersonaView] = []
        panel = conversation.parameters
        panel.options_changed.connect(self._set_options)
        panel.persona_chosen.connect(self._set_persona)
        panel.personas_asked.connect(self.open_personas)
        panel.closed.connect(self.toggle_parameters)

    def start(self) -> None:
        """Ask Core for both."""
        self._bridge.call(lambda core: core.personas(), done=self._show_personas, failed=self._say)
        self._bridge.call(lambda core: core.saved_prompts(), done=self._show_prompts, failed=self._say)

    def hear(self, event: PersonasChanged | PromptsChanged) -> None:
        match event:
            case PersonasChanged():
                self._show_personas(event.personas)
            case PromptsChanged():
                self._show_prompts(event.prompts)

    # the panel

    def toggle_parameters(self) -> None:
        panel = self._conversation.parameters
        if not panel.isHidden():
            panel.flush()
            panel.hide()
            self._conversation.composer.text.setFocus()
        else:
            self._bridge.call(lambda core: core.models(), done=panel.model.show_models, failed=self._say)
            panel.show()
            panel.persona.setFocus()

    def leave_parameters(self) -> bool:
        """Back to the chat: the panel stays where it stands beside it. False where the keyboard is not in it."""
        panel, focused = self._conversation.parameters, QApplication.focusWidget()
        if self._conversation.is_covered and panel.isVisible():
            self.toggle_parameters()
        elif focused is not None and panel.isAncestorOf(focused):
            self._conversation.composer.text.setFocus()
        else:
            return False
        return True

    def _set_options(self, options: ChatOptions) -> None:
        if chat_id := self._conversation.chat_id:
            self._do(lambda core: core.set_chat_options(chat_id, options))
        else:
            self._conversation.begin_with(options=options)

    def _set_persona(self, persona_id: str) -> None:
        if chat_id := self._conversation.chat_id:
            self._do(lambda core: core.set_chat_persona(chat_id, persona_id))
        else:
            self._conversation.begin_with(persona_id=persona_id)
            persona = next((one for one in self._personas if one.id == persona_id), None)
            self._conversation.transcript.welcome.greet(persona.greeting if persona is not None else "")

    # the dialogs

    def open_personas(self) -> None:
        dialog = PersonasDialog(self._window, self._theme)
        self._bridge.call(
            lambda core: core.models(),
            done=lambda models: dialog.model.show_models(models) if isValid(dialog) else None,
            failed=self._say,
        )
        dialog.show_things(self._personas)
        dialog.saved.connect(lambda persona: self._do(lambda core: core.save_persona(persona)))
        dialog.deleted.connect(self._delete_persona)
        dialog.show()

    def open_prompts(self, text: str = "") -> None:
        """With a text that is to be kept, where one is given."""
        dialog = PromptsDialog(self._window)
        dialog.show_things(self._conversation.desk.prompts)
        dialog.saved.connect(lambda prompt: self._do(lambda core: core.save_prompt(prompt)))
        dialog.deleted.connect(self._delete_prompt)
        if text:
            dialog.begin_with(text)
        dialog.show()

    def _delete_persona(self, persona_id: str) -> None:
        """Its chats have none then; taken back, it is theirs again."""
        persona = next(one for one in self._personas if one.id == persona_id)

        def delete(core: Core) -> list[str]:
            had = [chat.id for chat in (*core.chats(), *core.chats(archived=True)) if chat.persona_id == persona_id]
            core.delete_persona(persona_id)
            return had

        def restore(core: Core, had: Sequence[str]) -> None:
            core.save_persona(persona)
            for chat_id in had:
                core.set_chat_persona(chat_id, persona_id)

        self._bridge.call(
            delete,
            done=lambda had: self._offer_back(persona.name, lambda core: restore(core, had)),
            failed=self._say,
        )

    def _delete_prompt(self, prompt_id: str) -> None:
        prompt = next(one for one in self._conversation.desk.prompts if one.id == prompt_id)
        self._do(lambda core: core.delete_prompt(prompt_id))
        self._offer_back(prompt.name, lambda core: core.save_prompt(prompt))

    def _offer_back(self, name: str, work: Callable[[Core], object]) -> None:
        self._notices.show_notice(
            tr("“{title}” is deleted.", title=name),
            action=(tr("Undo"), lambda: self._do(work)),
            key="undo",
            seconds=_UNDO_SECONDS,
        )

    # inside

    def _show_personas(self, personas: Sequence[PersonaView]) -> None:
        self._personas = list(personas)
        self._conversation.parameters.show_personas(personas)
        for dialog in self._window.findChildren(PersonasDialog):
            dialog.show_things(personas)

    def _show_prompts(self, prompts: Sequence[SavedPrompt]) -> None:
        self._conversation.desk.prompts = sorted(prompts, key=lambda prompt: prompt.name.casefold())
        for dialog in self._window.findChildren(PromptsDialog):
            dialog.show_things(prompts)

    def _do(self, work: Callable[[Core], object]) -> None:
        self._bridge.call(work, failed=self._say)

    def _say(self, error: KnownError) -> None:
        self._notices.show_notice(error.sentence, tone="danger")
