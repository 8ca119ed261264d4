"""What calls the program from outside its window: the tray, the key of the quick ask, `rubato ask`. GUI thread only."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QKeySequence

from app.core.views import JobState
from app.gui.bridge import Bridge
from app.gui.global_key import GlobalKey
from app.gui.theme import Theme
from app.gui.tongue import tr
from app.gui.tray import Tray

if TYPE_CHECKING:
    from app.core.core import Core
    from app.gui.quick_ask import QuickAsk
    from app.gui.window import Window

_GO_ON = (JobState.QUEUED, JobState.READING, JobState.RUNNING)


class Summons(QObject):
    """Made with the window, started when Core is up."""

    def __init__(self, window: Window, bridge: Bridge, theme: Theme) -> None:
        super().__init__(window)
        self._window, self._bridge, self._theme = window, bridge, theme
        self.tray = Tray(window, theme, self._jobs_go_on)
        self.key = GlobalKey(self)
        self.key.pressed.connect(self.ask)
        self.key.refused.connect(self._tell_refused)
        self.tray.clicked.connect(window.bring_up)
        self.tray.quick_ask_asked.connect(self.ask)
        self.tray.new_chat_asked.connect(self._new_chat)
        self.tray.pause_asked.connect(self._pause)
        self.tray.quit_asked.connect(window.close)

    @cached_property
    def quick_ask(self) -> QuickAsk:
        """Made when it is first wanted: the window's start does not wait for it."""
        from app.gui.quick_ask import QuickAsk

        made = QuickAsk(self._bridge, self._theme)
        made.opened.connect(self._open)
        return made

    def ask(self, text: str = "") -> None:
        """Show the quick ask; `text` is asked in it at once."""
        self.quick_ask.summon(text)

    def start(self, shortcut: str) -> None:
        self.tray.start()
        self.key.choose(shortcut)

    def stop(self) -> None:
        """The program ends."""
        if "quick_ask" in self.__dict__:
            self.quick_ask.hide()
        self.key.close()
        self.tray.stop()

    def _open(self, chat_id: str) -> None:
        self._window.bring_up()
        self._window.open_chat(chat_id)

    def _new_chat(self) -> None:
        self._window.bring_up()
        self._window.new_chat()

    def _jobs_go_on(self) -> bool | None:
        states = {job.state for job in self._window.job_desk.all()}
        return True if states & set(_GO_ON) else False if JobState.PAUSED in states else None

    def _pause(self, is_pause: bool) -> None:
        def pause(core: Core) -> None:
            for job in core.jobs():
                if is_pause and job.state in _GO_ON:
                    core.pause_job(job.id)
                elif not is_pause and job.state is JobState.PAUSED:
                    core.resume_job(job.id)

        self._bridge.call(pause)

    def _tell_refused(self, shortcut: str) -> None:
        key = QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText)
        self._window.notices.show_notice(
            tr("{key} belongs to another program. Choose another key for the quick ask in the settings.", key=key),
            tone="warn",
        )
