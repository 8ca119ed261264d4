"""What is asked for on messages is passed on to Core, and what came of it is said. GUI thread only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QMenu, QWidget

from app.core.chat_views import AttachmentUse, ChatOptions
from app.core.model_views import LocalModel
from app.errors import KnownError
from app.gui.bridge import Bridge
from app.gui.icons import icon
from app.gui.notices import Notices
from app.gui.theme import Theme
from app.gui.tongue import tr
from app.gui.transcript.actions import Actions
from app.gui.transcript.regenerate_dialog import RegenerateDialog

if TYPE_CHECKING:
    from app.core.core import Core

_UNDO_SECONDS = 10


class MessageDesk(QObject):
    """`page` is what menus and dialogs belong to."""

    def __init__(self, page: QWidget, bridge: Bridge, theme: Theme, notices: Notices, asked: Actions) -> None:
        super().__init__(page)
        self._page, self._bridge, self._theme, self._notices = page, bridge, theme, notices
        asked.edit.connect(lambda message_id, text: self._do(lambda core: core.edit(message_id, text)))
        asked.regenerate.connect(self.regenerate)
        asked.regenerate_menu.connect(self.ask_how)
        asked.continue_reply.connect(lambda message_id: self._do(lambda core: core.continue_reply(message_id)))
        asked.choose_version.connect(
            lambda message_id, version: self._do(lambda core: core.choose_version(message_id, version))
        )
        asked.use_passages.connect(
            lambda id: self._do(lambda core: core.set_attachment_use(id, AttachmentUse.PASSAGES))
        )
        asked.delete.connect(self.delete)
        asked.pin.connect(lambda message_id, is_pinned: self._do(lambda core: core.pin_message(message_id, is_pinned)))

    def regenerate(self, message_id: str, options: ChatOptions | None = None) -> None:
        """Another version of a reply; `options` are for this one alone."""
        self._do(lambda core: core.regenerate(message_id, options=options))

    def ask_how(self, message_id: str, place: QPoint) -> None:
        """A menu of the models, at a place on the screen, and the way to other settings."""
        self._bridge.call(
            lambda core: core.models(),
            done=lambda models: self._menu(message_id, models).popup(place),
            failed=self._say,
        )

    def delete(self, message_id: str) -> None:
        """At once, with what follows; a bar offers to take it back."""
        self._bridge.call(
            lambda core: core.delete_message(message_id),
            done=lambda _: self._notices.show_notice(
                tr("The message is deleted, with what followed it."),
                action=(tr("Undo"), lambda: self._do(lambda core: core.restore_message(message_id))),
                key="undo",
                seconds=_UNDO_SECONDS,
            ),
            failed=self._say,
        )

    def _menu(self, message_id: str, models: Sequence[LocalModel]) -> QMenu:
        menu = QMenu(self._page)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for model in models:
            if not model.problem:
                action = menu.addAction(tr("With {model}", model=model.name))
                options = ChatOptions(model=str(model.path))
                action.triggered.connect(partial(self._regenerate_with, message_id, options))
        if menu.actions():
            menu.addSeparator()
        others = menu.addAction(icon("sliders-horizontal", self._theme.tokens.muted), tr("With other settings…"))
        others.triggered.connect(lambda: self._ask_settings(message_id, models))
        return menu

    def _regenerate_with(self, message_id: str, options: ChatOptions, _checked: bool = False) -> None:
        self.regenerate(message_id, options)

    def _ask_settings(self, message_id: str, models: Sequence[LocalModel]) -> None:
        dialog = RegenerateDialog(self._page.window(), self._theme, models)
        dialog.chosen.connect(lambda options: self.regenerate(message_id, options))
        dialog.open()

    def _do(self, work: Callable[[Core], object]) -> None:
        self._bridge.call(work, failed=self._say)

    def _say(self, error: KnownError) -> None:
        self._notices.show_notice(error.sentence, tone="danger")
