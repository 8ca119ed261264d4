"""Writes a picture of each state of the window that is hard to come by, into build/screens: for looking at them.

`make screenshots ARGUMENTS=--states`, a minute: the real window over the fake engine, told by Core's own events what it
is to show. In English light and dark, at 200 %, then in Arabic. `--states ar` makes only those.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import screen_contents as contents
from PySide6.QtWidgets import QApplication, QWidget

from app import logs
from app.core.core import Core, EventSink
from app.core.events import (
    AttachmentsChanged,
    EngineRestarted,
    Event,
    JobChanged,
    JobRemoved,
    MessagesReplaced,
    ModelStateChanged,
    PersonasChanged,
    ReplyEnded,
)
from app.engine.interface import ModelState
from app.engine.local import local_engine
from app.gui import tongue
from app.gui.app import make_app
from app.gui.bridge import Bridge
from app.gui.disclosure import Disclosure
from app.gui.personas_dialog import PersonasDialog
from app.gui.screenshots import NARROW, SIZE, spin, wait_until
from app.gui.settings_dialog import SettingsDialog
from app.gui.theme import Theme
from app.gui.window import Window
from app.paths import profile_paths
from app.settings import Settings

FOLDER = Path(__file__).resolve().parent.parent / "build" / "screens"
_SETTLE_MS = 250


class States:
    """One window in one language, until `close`."""

    def __init__(self, app: QApplication, theme: Theme, profile: Path, language: str, model: Path | None) -> None:
        tongue.speak(app, language)
        self._suffix = f"-{language}" if language else ""
        paths = profile_paths(profile)
        paths.make_folders()
        logs.start(paths.logs, "window")
        settings = Settings(theme="light", language=language)

        def make_core(publish: EventSink) -> Core:
            return Core(paths, local_engine(paths.logs, backend="fake"), publish, settings=settings, model=model)

        self.app, self.theme = app, theme
        self._bridge = Bridge(make_core)
        self.window = Window(self._bridge, theme, settings)
        self.window.show()
        up: list[bool] = []
        self._bridge.start(done=self.window.start)
        self._bridge.call(lambda core: core.chats(), done=lambda _: up.append(True))
        wait_until(lambda: bool(up))

    def hear(self, *events: Event) -> None:
        """As if Core had told it."""
        for event in events:
            self._bridge.happened.emit(event)
        spin(10)

    def grab(self, name: str, widget: QWidget | None = None) -> None:
        spin(_SETTLE_MS)
        theme = "dark" if self.theme.is_dark else "light"
        file = FOLDER / f"{name}{self._suffix}-{theme}.png"
        (widget or self.window).grab().save(str(file))
        print(file.relative_to(FOLDER.parent.parent), flush=True)

    def show(self, name: str, messages: contents.Chat) -> None:
        """A chat of these messages."""
        chat_id = self.window.conversation.chat_id
        mine = tuple(replace(one, id=f"{one.id} {name}", chat_id=chat_id) for one in messages)
        self.hear(MessagesReplaced(chat_id=chat_id, messages=mine))
        self.grab(name)

    def first_chat(self) -> str:
        """One with a question and an answer of the fake engine, open."""
        ended: list[bool] = []
        listening = self._bridge.happened.connect(
            lambda event: ended.append(True) if isinstance(event, ReplyEnded) else None
        )
        self._bridge.call(lambda core: core.send(None, "What should I read first?"), done=self.window.open_chat)
        wait_until(lambda: bool(ended) and bool(self.window.conversation.chat_id))
        self._bridge.happened.disconnect(listening)
        return self.window.conversation.chat_id

    def close(self) -> None:
        closed: list[bool] = []
        self.window.close()
        self._bridge.close(lambda: closed.append(True))
        wait_until(lambda: bool(closed))


def main() -> int:
    """All of them, or those of one language."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    only = sys.argv[1:] or ["", "ar"]
    app = make_app(sys.argv[:1])
    theme = Theme(app, "light")
    for language in only:
        with tempfile.TemporaryDirectory() as folder:
            _take(app, theme, Path(folder), language)
    return 0


def _take(app: QApplication, theme: Theme, folder: Path, language: str) -> None:
    first = States(app, theme, folder / "first", language, None)
    wait_until(lambda: bool(first.window.models.lists.catalogue))
    _each_theme(theme, lambda: first.grab("first-run"))
    first.hear(ModelStateChanged(state=ModelState.LOADING, name="SmolLM2 135M Instruct", fraction=0.4))
    first.grab("first-run-loading")
    first.hear(ModelStateChanged(state=ModelState.FAILED, name=""))
    first.grab("first-run-none")
    first.close()
    states = States(app, theme, folder / "full", language, None)
    chat_id = states.first_chat()
    _each_theme(theme, lambda: _chat_states(states, chat_id))
    _each_theme(theme, lambda: _other_states(states))
    _large(states)
    states.close()


def _each_theme(theme: Theme, take: Callable[[], None]) -> None:
    for choice in ("light", "dark"):
        theme.choose(choice)
        take()
    theme.choose("light")


def _chat_states(states: States, chat_id: str) -> None:
    window = states.window
    window.resize(SIZE)
    for name, turns in contents.CHATS.items():
        states.show(name, turns)
    states.hear(AttachmentsChanged(chat_id=chat_id, attachments=contents.WAITING))
    states.grab("documents-waiting")
    states.hear(AttachmentsChanged(chat_id=chat_id, attachments=()))
    window.conversation.finder.open()
    window.conversation.finder.bar.line.setText("March")
    spin(300)
    states.grab("find")
    window.conversation.close_find()
    window.library.toggle_parameters()
    states.grab("parameters")
    window.resize(NARROW)
    window.library.toggle_parameters()
    states.grab("narrow")
    window.resize(SIZE)


def _other_states(states: States) -> None:
    window = states.window
    window.open_palette()
    states.grab("palette")
    window.palette_box.line.setText("read")
    spin(400)
    states.grab("palette-search")
    window.palette_box.close_palette()
    window.show_jobs_pane(True)
    states.hear(*(JobChanged(job=job) for job in contents.JOBS))
    states.grab("jobs")
    window.show_jobs_pane(False)
    states.hear(EngineRestarted(sentence="The engine was restarted after a fault. Your chat goes on where it was."))
    states.grab("engine-restarted")
    window.notices.dismiss("engine")
    states.hear(
        ModelStateChanged(
            state=ModelState.FAILED, name="gone", sentence="The model file gone.gguf is not there any more."
        )
    )
    states.grab("model-missing")
    states.hear(ModelStateChanged(state=ModelState.READY, name="SmolLM2 135M Instruct", size_bytes=98_000_000))
    window.models.open()
    wait_until(lambda: bool(window.models.lists.catalogue))
    spin(_SETTLE_MS)
    states.grab("models")
    window.lab.open()
    states.grab("lab")
    window.show_conversation()
    _dialogs(states)
    window.summons.ask("How do I read a long report?")
    quick = window.summons.quick_ask
    spin(800)
    states.grab("quick-ask", quick)
    quick.hide()


def _dialogs(states: States) -> None:
    window = states.window
    window.settings.open()
    settings = window.findChildren(SettingsDialog)[-1]
    states.grab("settings", settings)
    settings.reject()
    states.hear(PersonasChanged(personas=(contents.PERSONA,)))
    window.library.open_personas()
    personas = window.findChildren(PersonasDialog)[-1]
    states.grab("personas", personas)
    for part in personas.findChildren(Disclosure):
        part.set_open(True)
    states.grab("personas-advanced", personas)
    personas.reject()
    spin(1)


def _large(states: States) -> None:
    """200 %."""
    window = states.window
    states.hear(*(JobRemoved(job_id=job.id) for job in contents.JOBS))
    window.settings.set_zoom(2.0)
    for name in ("list", "long-code", "table"):
        states.show(f"{name}-200", contents.CHATS[name])
    window.new_chat()
    states.grab("empty-200")
    window.library.toggle_parameters()
    states.grab("parameters-200")
    window.library.toggle_parameters()
    window.show_jobs_pane(True)
    states.hear(*(JobChanged(job=job) for job in contents.JOBS))
    states.grab("jobs-200")
    window.show_jobs_pane(False)
    window.open_palette()
    states.grab("palette-200")
    window.palette_box.close_palette()
    window.models.open()
    states.grab("models-200")
    window.lab.open()
    states.grab("lab-200")
    window.show_conversation()
    window.settings.open()
    settings = window.findChildren(SettingsDialog)[-1]
    states.grab("settings-200", settings)
    settings.reject()
    window.settings.set_zoom(1.0)


if __name__ == "__main__":
    sys.exit(main())
