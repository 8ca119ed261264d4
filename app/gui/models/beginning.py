"""When the empty page shows models instead of its sentence: at the very first start, and while there is none.

GUI thread only.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from app.core.chat_views import ChatView
from app.core.events import ChatChanged, DownloadChanged, ModelStateChanged
from app.core.model_lists import ModelLists
from app.engine.interface import ModelState
from app.gui.bridge import Bridge
from app.gui.first_run import SERVES, FirstRun
from app.gui.model_desk import ModelDesk
from app.gui.models.desk import ModelPages
from app.gui.notices import Notices
from app.gui.theme import Theme
from app.gui.tongue import tr
from app.gui.transcript.welcome import Welcome

_READ_SECONDS = 12.0


class Beginning(QObject):
    """`start` once, when Core is up; it stays out of sight where there are chats and a model."""

    def __init__(
        self,
        bridge: Bridge,
        theme: Theme,
        welcome: Welcome,
        models: ModelPages,
        desk: ModelDesk,
        notices: Notices,
    ) -> None:
        super().__init__(models)
        self._bridge, self._welcome, self._models, self._desk = bridge, welcome, models, desk
        self._notices = notices
        self._has_chats = True  # until it is known
        self._was_shown = False
        self._has_model = True
        self._state = ModelState.ABSENT
        self.first_run = FirstRun(theme)
        welcome.put(self.first_run)
        desk.is_said = self.first_run.isVisible
        asked = self.first_run
        asked.get_asked.connect(models.get)
        asked.use_asked.connect(desk.load)
        asked.all_asked.connect(models.open)
        asked.file_asked.connect(desk.choose_file)
        asked.pause_asked.connect(models.pause)
        asked.resume_asked.connect(models.resume)
        asked.cancel_asked.connect(models.cancel)
        models.lists_changed.connect(self._show_lists)
        models.downloaded.connect(self._downloaded)

    def start(self) -> None:
        """Ask Core whether this is the first time."""
        self._bridge.call(lambda core: core.chats(), done=self._know_chats)
        self._models.refresh()

    def hear(self, event: ModelStateChanged | ChatChanged | DownloadChanged) -> None:
        match event:
            case ModelStateChanged():
                self._has_model = event.state in SERVES
                if event.state is ModelState.LOADING and self._state is not ModelState.LOADING:
                    self._models.refresh()  # which one it is
                self._state = event.state
                self.first_run.show_state(event.state)
                self._place()
            case ChatChanged():
                self._has_chats = True
                self._place()
            case DownloadChanged():
                self.first_run.show_download(event.download)

    def chat_shown(self, chat_id: str) -> None:
        """There is a chat, then; empty: a new one is shown."""
        if chat_id:
            self._has_chats = self._was_shown = True
            self._place()

    def _know_chats(self, chats: list[ChatView]) -> None:
        self._has_chats = self._was_shown or bool(chats)
        self._place()

    def _show_lists(self, lists: ModelLists) -> None:
        self.first_run.show_lists(lists)
        self._place()

    def _place(self) -> None:
        self._welcome.show_instead(not self._has_model or not self._has_chats)

    def _downloaded(self, path: Path) -> None:
        """Where there is none that answers it is used at once; else it is offered."""
        if not self._has_model:
            self._desk.load(path)
            return
        model = next((one for one in self._models.lists.local if one.path == path), None)
        self._notices.show_notice(
            tr("{name} is here.", name=model.name if model is not None else path.stem),
            tone="ok",
            action=(tr("Use it"), lambda: self._desk.load(path)),
            seconds=_READ_SECONDS,
        )
