"""Writes a picture of each screen and state of the window into build/screens: for looking at them, one by one.

`make screenshots ARGUMENTS=--states`, some minutes: the real window over the fake engine, told by Core's own events
what it is to show. In English, German and Arabic, each light, dark, narrow and at 200 %. `--states ar` makes only
those.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import screen_contents as contents
import screen_jobs as jobs
import screen_machine as machine
from PySide6.QtCore import QPoint, QSize
from PySide6.QtWidgets import QApplication, QDialog, QMenu, QMessageBox, QWidget

from app import logs
from app.core.core import Core, EventSink
from app.core.events import (
    AttachmentsChanged,
    ChatChanged,
    EngineRestarted,
    Event,
    FoldersChanged,
    JobChanged,
    JobRemoved,
    MessagesReplaced,
    ModelStateChanged,
    PersonasChanged,
    PromptsChanged,
    QueuedTurnsChanged,
    ReplyEnded,
    StatusChanged,
)
from app.engine.interface import ModelState
from app.engine.local import local_engine
from app.gui import dialogs, tongue
from app.gui.app import make_app
from app.gui.bridge import Bridge
from app.gui.chat_row import ROW_ROLE
from app.gui.chat_rows import Filter
from app.gui.disclosure import Disclosure
from app.gui.keys import KeysDialog
from app.gui.models.account_dialog import AccountDialog
from app.gui.new_job.dialog import NewJobDialog
from app.gui.page import Page
from app.gui.personas_dialog import PersonasDialog
from app.gui.prompts_dialog import PromptsDialog
from app.gui.screenshots import NARROW, SIZE, spin, wait_until
from app.gui.settings_dialog import SettingsDialog
from app.gui.summary_view import SummaryParagraph
from app.gui.text_dialog import TextDialog
from app.gui.theme import Theme
from app.gui.transcript.message_menu import message_menu
from app.gui.transcript.regenerate_dialog import RegenerateDialog
from app.gui.window import Window
from app.paths import profile_paths
from app.settings import Settings

SLIM = QSize(520, 640)  # about as small as a window can be
SCREEN = Path(__file__).with_name("laptop.json")  # 1440 × 900: what a dialog may take
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
        self.window.activateWindow()  # a menu or a dialog that was open had the keyboard
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

    def grab_menu(self, name: str, menu: QMenu) -> None:
        menu.popup(self.window.mapToGlobal(QPoint(40, 40)))
        self.grab(name, menu)
        menu.close()
        spin(1)

    def grab_dialog(self, name: str, kind: type[QDialog]) -> QDialog:
        """The one that was opened last."""
        spin(20)
        dialog = self.window.findChildren(kind)[-1]
        self.grab(name, dialog)
        return dialog

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
    only = sys.argv[1:] or ["", "de", "ar"]
    os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={SCREEN}"
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
    first.window.resize(SLIM)
    first.grab("first-run-slim")
    first.window.resize(SIZE)
    first.hear(ModelStateChanged(state=ModelState.FAILED, name=""))
    first.grab("first-run-none")
    first.close()
    states = States(app, theme, folder / "full", language, None)
    chat_id = states.first_chat()
    states.hear(PersonasChanged(personas=(contents.PERSONA,)), PromptsChanged(prompts=contents.PROMPTS))
    _each_theme(theme, lambda: _chat_states(states, chat_id))
    _each_theme(theme, lambda: _composer_states(states, chat_id))
    _each_theme(theme, lambda: _other_states(states))
    _each_theme(theme, lambda: _jobs(states, folder))
    _each_theme(theme, lambda: _machine(states))
    _each_theme(theme, lambda: _dialogs(states, folder))
    states.hear(FoldersChanged(folders=contents.FOLDERS), *(ChatChanged(chat=chat) for chat in contents.LISTED))
    _each_theme(theme, lambda: _sidebar(states, chat_id))
    _slim(states)
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
    menu = message_menu(window, states.theme, window.conversation.transcript.widget_of(f"said {name}"))  # type: ignore[arg-type]
    states.grab_menu("menu-of-reply", menu)
    states.hear(AttachmentsChanged(chat_id=chat_id, attachments=contents.WAITING))
    states.grab("documents-waiting")
    states.grab_menu("menu-of-document", window.conversation.composer.attachments.chips[0].menu())
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


def _composer_states(states: States, chat_id: str) -> None:
    window = states.window
    composer = window.conversation.composer
    states.show("streaming", contents.CHATS["streaming"])
    states.hear(QueuedTurnsChanged(chat_id=chat_id, turns=contents.QUEUED))
    composer.text.setPlainText("A message of several lines,\nwhich is being written\nwhile a reply streams.")
    states.grab("queued")
    composer.queued.edit_last()
    states.grab("queued-edit")
    states.hear(QueuedTurnsChanged(chat_id=chat_id, turns=()))
    states.show("thought-open", contents.CHATS["thinking"])
    reply = window.conversation.transcript.last_reply()
    assert reply is not None
    reply.thought.fold.set_open(True)
    states.grab("thought-open")
    states.show("list", contents.CHATS["list"])
    window.activateWindow()
    composer.text.setPlainText("")
    composer.text.setFocus()
    spin(20)
    composer.text.insertPlainText("/")
    states.grab("prompts-offered")
    composer.text.setPlainText("")
    asked = window.conversation.transcript.last_user_message()
    assert asked is not None
    asked.begin_edit()
    states.grab("edit-message")
    asked._end_edit()
    reply = window.conversation.transcript.last_reply()
    assert reply is not None
    reply.begin_edit()
    states.grab("edit-reply")
    reply._end_edit()
    states.grab_menu("menu-of-plus", composer.menu())
    window.drops.overlay.show_files([Path("annual report.pdf"), Path("b.pdf")], has_choice=True, has_chat=True)
    window.drops.overlay.point_at(window.drops.overlay._chat.geometry().center())
    states.grab("drop")
    window.drops.overlay.hide()


def _other_states(states: States) -> None:
    window = states.window
    window.open_palette()
    states.grab("palette")
    window.palette_box.line.setText("read")
    spin(400)
    states.grab("palette-search")
    window.palette_box.line.setText("xyzzy")
    spin(400)
    states.grab("palette-nothing")
    window.palette_box.close_palette()
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
    window.new_chat()
    states.grab("empty")
    window.new_chat(is_temporary=True)
    states.grab("temporary")
    window.new_chat()
    window.summons.ask("How do I read a long report?")
    quick = window.summons.quick_ask
    spin(800)
    states.grab("quick-ask", quick)
    quick.hide()


def _jobs(states: States, folder: Path) -> None:
    window = states.window
    window.show_jobs_pane(True)
    states.grab("jobs-none")
    states.hear(*(JobChanged(job=job) for job in jobs.JOBS), StatusChanged(status=machine.STATUS))
    states.grab("jobs")
    states.grab_menu("menu-of-job", window.jobs_pane.menu_for("j1"))
    window.show_jobs_pane(False)
    states.show("job-beside-chat", contents.CHATS["list"])
    window.job_pages.items.model._ask = lambda *_: None  # Core has no such job
    window.job_pages.open_items("j1")
    states.grab("job-items-none")
    window.job_pages.items.model.take(jobs.ITEMS)
    states.grab("job-items")
    window.job_pages.items.show_item(jobs.DONE)
    states.grab("job-item")
    window.job_pages.items.show_item(jobs.FAILED)
    window.job_pages.items.show_documents(jobs.DOCUMENTS)
    states.grab("job-item-failed")
    window.show_conversation()
    page = window.job_pages.summary
    page.show_summary(jobs.SUMMARY)
    page.show_documents(jobs.DOCUMENTS)
    window.job_pages.shown.emit(page)
    page.findChildren(SummaryParagraph)[1].toggle_sources()
    states.grab("summary")
    window.show_conversation()
    states.hear(*(JobRemoved(job_id=job.id) for job in jobs.JOBS))
    for kind in ("summarize", "classify", "extract", "prompt"):
        window.new_job()
        dialog = window.findChildren(NewJobDialog)[-1]
        dialog.kinds.buttons[kind].click()
        states.grab(f"new-job-{kind}", dialog)
        dialog.reject()
        spin(1)
    document = folder / "report.txt"
    document.write_text("The board agreed to move the measurements to March. " * 400)
    window.new_job([document])
    spin(1_500)
    dialog = window.findChildren(NewJobDialog)[-1]
    for part in dialog.findChildren(Disclosure):
        part.set_open(True)
    states.grab("new-job-document", dialog)
    dialog.reject()
    spin(1)


def _open_models(window: Window) -> None:
    """With what is really there, so that it does not come over what is shown next."""
    before = window.models.lists
    window.models.open()
    wait_until(lambda: window.models.lists is not before)


def _machine(states: States) -> None:
    window = states.window
    _open_models(window)
    spin(300)
    page = window.models.page
    states.grab("models")
    page._page.verticalScrollBar().setValue(0)
    page.show_lists(machine.LISTS)
    states.grab("models-many")
    page.say_searching()
    states.grab("models-searching")
    page.show_found(machine.FOUND)
    page._toggle_files(machine.FOUND[0].repository)
    spin(2_000)  # the hub is not there, which is said
    page.show_files(machine.FOUND[0].repository, machine.FILES)
    states.grab("models-hub")
    for part in page.findChildren(Disclosure):
        part.set_open(True)
    page._page.verticalScrollBar().setValue(10_000)
    states.grab("models-fields")
    for part in page.findChildren(Disclosure):
        part.set_open(False)
    page.show_found(())
    states.grab("models-none-found")
    window.top_bar.show_models(machine.LOCAL)
    menu = window.top_bar.findChildren(QMenu)[-1]
    states.grab("menu-of-models", menu)
    menu.close()
    window.lab.open()
    wait_until(lambda: window.lab.page is not None)
    for scroll in window.lab.page.findChildren(Page) if window.lab.page is not None else ():
        scroll.verticalScrollBar().setValue(0)
    spin(300)
    states.grab("lab")
    assert window.lab.page is not None
    window.lab.page.show_view(machine.LAB)
    states.grab("lab-measured")
    window.lab.page.format.begin_trials()
    for trial in machine.TRIALS:
        window.lab.page.format.advance(trial, 1)
    window.lab.page.format.ended()
    for scroll in window.lab.page.findChildren(Page):
        scroll.verticalScrollBar().setValue(10_000)
    states.grab("lab-end")
    window.show_conversation()


def _dialogs(states: States, folder: Path) -> None:
    window = states.window
    window.settings.open()
    settings = states.grab_dialog("settings", SettingsDialog)
    for part in settings.findChildren(Disclosure):
        part.set_open(True)
    states.grab("settings-advanced", settings)
    settings.reject()
    window.open_keys()
    states.grab_dialog("keys", KeysDialog).close()
    window.library.open_prompts()
    states.grab_dialog("prompts", PromptsDialog).close()
    window.library.open_personas()
    personas = states.grab_dialog("personas", PersonasDialog)
    for part in personas.findChildren(Disclosure):
        part.set_open(True)
    states.grab("personas-advanced", personas)
    personas.reject()
    RegenerateDialog(window, states.theme, machine.LOCAL).open()
    states.grab_dialog("regenerate", RegenerateDialog).reject()
    window.models.open_account()
    states.grab_dialog("account", AccountDialog).reject()
    dialogs.confirm_link(window, "https://example.org/a/page/of/some/length?with=a&question=mark")
    states.grab_dialog("link", QMessageBox).reject()
    window.chat_desk.rename(window.conversation.chat_id or next(iter(window.chat_desk._chats)))
    states.grab_dialog("rename", TextDialog).reject()
    spin(1)


def _sidebar(states: States, chat_id: str) -> None:
    window = states.window
    window.open_chat(chat_id)
    wait_until(lambda: window.conversation.chat_id == chat_id)
    states.show("sidebar", contents.CHATS["documents"])
    chats = window.sidebar
    states.grab_menu("menu-of-chat", chats.menu_for(chats._model.index(3).data(ROW_ROLE)))
    states.grab_menu("menu-of-chats", chats.more_menu())
    chats.filter_asked.emit(Filter(tag="kitchen"))
    states.grab("sidebar-tag")
    chats.filter_asked.emit(Filter(is_archive=True))
    states.grab("sidebar-archive")
    chats.filter_asked.emit(Filter())
    window.chat_desk.delete("c4")
    states.grab("deleted")
    window.notices.dismiss("undo")
    states.hear(ChatChanged(chat=contents.LISTED[4]))


def _slim(states: States) -> None:
    """As small as the window can be."""
    window = states.window
    window.resize(SLIM)
    for name in ("list", "wide-table", "documents"):
        states.show(f"{name}-slim", contents.CHATS[name])
    window.show_sidebar(True)
    states.grab("sidebar-slim")
    window.show_sidebar(False)
    window.show_jobs_pane(True)
    states.hear(*(JobChanged(job=job) for job in jobs.JOBS), StatusChanged(status=machine.STATUS))
    states.grab("jobs-slim")
    window.show_jobs_pane(False)
    _open_models(window)
    window.models.page.show_lists(machine.LISTS)
    states.grab("models-slim")
    window.toggle_parameters()
    states.grab("parameters-slim")
    window.toggle_parameters()
    states.hear(*(JobRemoved(job_id=job.id) for job in jobs.JOBS))
    window.resize(SIZE)


def _large(states: States) -> None:
    """200 %."""
    window = states.window
    window.settings.set_zoom(2.0)
    for name in ("list", "long-code", "table", "documents"):
        states.show(f"{name}-200", contents.CHATS[name])
    window.new_chat()
    states.grab("empty-200")
    window.library.toggle_parameters()
    states.grab("parameters-200")
    window.library.toggle_parameters()
    window.show_jobs_pane(True)
    states.hear(*(JobChanged(job=job) for job in jobs.JOBS))
    states.grab("jobs-200")
    window.show_jobs_pane(False)
    window.job_pages.open_items("j1")
    window.job_pages.items.model.take(jobs.ITEMS)
    states.grab("job-items-200")
    window.show_conversation()
    window.open_palette()
    states.grab("palette-200")
    window.palette_box.close_palette()
    _open_models(window)
    window.models.page.show_lists(machine.LISTS)
    states.grab("models-200")
    window.lab.open()
    wait_until(lambda: window.stack.currentWidget() is window.lab.page)
    states.grab("lab-200")
    window.show_conversation()
    window.settings.open()
    states.grab_dialog("settings-200", SettingsDialog).reject()
    window.open_keys()
    states.grab_dialog("keys-200", KeysDialog).close()
    window.new_job()
    states.grab_dialog("new-job-200", NewJobDialog).reject()
    spin(1)
    window.settings.set_zoom(1.0)


if __name__ == "__main__":
    sys.exit(main())
