"""The one window: what is where, and which page is shown. Who hears what is in hearing.py. GUI thread only.

It knows no more of the program than Core's methods (through the bridge) and Core's events.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QMainWindow, QStackedWidget

from app.core.events import Event
from app.engine.messages import Preset
from app.errors import KnownError
from app.gui import dialogs, hearing
from app.gui.bridge import Bridge
from app.gui.chat_desk import ChatDesk
from app.gui.composer.suggestions import Suggestions
from app.gui.conversation import Conversation
from app.gui.drops import Drops
from app.gui.exports import Exports, Format
from app.gui.frame import FOLD_BELOW, Frame
from app.gui.job_desk import JobDesk
from app.gui.job_pages import JobPages
from app.gui.jobs_pane import JobsPane
from app.gui.key_table import key_table
from app.gui.keys import KeysDialog, install
from app.gui.last_folder import LastFolder
from app.gui.library import Library
from app.gui.model_desk import ModelDesk
from app.gui.models.beginning import Beginning
from app.gui.models.desk import ModelPages
from app.gui.new_job.desk import NewJobs
from app.gui.notices import Notices
from app.gui.palette import Palette
from app.gui.pinned_menu import PinnedMenu
from app.gui.settings_desk import SettingsDesk
from app.gui.sidebar import Sidebar
from app.gui.spelling.desk import SpellingDesk
from app.gui.status_bar import StatusBar
from app.gui.summons import Summons
from app.gui.tab_order import step
from app.gui.theme import Theme
from app.gui.tongue import tr
from app.gui.top_bar import TopBar
from app.settings import Settings

if TYPE_CHECKING:
    from app.gui.job_page.page import JobPage
    from app.gui.lab.desk import LabDesk
    from app.gui.lab.page import LabPage
    from app.gui.models.page import ModelsPage
    from app.gui.summary_view import SummaryPage


class Window(QMainWindow):
    """Made before Core is up; `start` asks Core for what to show."""

    def __init__(self, bridge: Bridge, theme: Theme, settings: Settings) -> None:
        super().__init__()
        self.setWindowTitle("Rubato")
        self.setMinimumSize(480, 400)
        self.resize(1320, 860)
        self._bridge, self._theme, self._settings = bridge, theme, settings
        self._folder = LastFolder()
        self._is_closing = False
        self.settings = SettingsDesk(
            self,
            bridge,
            theme,
            settings,
            self.say,
            {
                "enter_sends": lambda sends: self.conversation.composer.set_enter_sends(sends),
                "quick_ask_key": lambda key: self.summons.key.choose(key),
                "checks_spelling": lambda is_on: self.spelling.marks.set_on(is_on),
            },
        )
        self.settings.set_zoom(settings.zoom)
        self.sidebar = Sidebar(theme)
        self.top_bar = TopBar(theme)
        self.notices = Notices(theme)
        self.conversation = Conversation(bridge, theme, self.notices)
        self.jobs_pane = JobsPane(theme)
        self.chat_desk = ChatDesk(bridge, self.sidebar, self.notices, settings.closed_folders, self)
        self.exports = Exports(self, bridge, self._folder, self.notices)
        self.pinned = PinnedMenu(self, bridge, theme, self.notices)
        self.job_desk = JobDesk(bridge, self.jobs_pane, self.notices)
        self.new_jobs = NewJobs(self, bridge, theme, self._folder)
        self.job_pages = JobPages(
            self, bridge, theme, self._folder, self.job_desk, self.jobs_pane.actions_asked, self.notices
        )
        self.model_desk = ModelDesk(bridge, self.top_bar, self.notices, self.choose_file)
        self.models = ModelPages(
            self, bridge, theme, self._folder, self.notices, self.model_desk.load, self.model_desk.unload, settings
        )
        self.beginning = Beginning(
            bridge, theme, self.conversation.transcript.welcome, self.models, self.model_desk, self.notices
        )
        self.status_bar = StatusBar()
        self.stack = QStackedWidget()
        self.stack.addWidget(self.conversation)
        self.job_pages.made.connect(self.stack.addWidget)
        self.frame = Frame(self.sidebar, self.top_bar, self.notices, self.stack, self.jobs_pane, self.status_bar)
        self.setCentralWidget(self.frame)
        self.summons = Summons(self, bridge, theme)
        self.palette_box = Palette(self, theme)
        writing = self.conversation.desk
        self.library = Library(self, bridge, theme, self.notices, self.conversation)
        self.suggestions = Suggestions(
            self,
            theme,
            self.conversation.composer.text,
            {"/": writing.prompt_offers, "@": writing.document_offers},
        )
        self.drops = Drops(self, self.conversation.composer, self.conversation.isVisible)
        self.spelling = SpellingDesk(self, theme, self.conversation.composer.text, is_on=settings.checks_spelling)
        hearing.connect(self, bridge, theme)
        self.keys = key_table(self)
        install(self, self.keys)
        if settings.window_geometry:
            self.restoreGeometry(QByteArray(base64.b64decode(settings.window_geometry)))
        if settings.preset in self.status_bar.toggle.buttons:
            self.status_bar.toggle.show_value(settings.preset)
        self.frame.choose_sidebar(None if settings.sidebar_shown else False)
        self.conversation.composer.set_enter_sends(settings.enter_sends)
        self.conversation.composer.text.setFocus()

    @cached_property
    def lab(self) -> LabDesk:
        """Made when it is first wanted: what measures takes long to import."""
        from app.gui.lab.desk import LabDesk

        made = LabDesk(self, self._bridge, self._theme, self._folder, self.notices)
        made.shown.connect(self.show_page)
        made.left.connect(self.show_conversation)
        return made

    def start(self, files: Sequence[Path] = (), ask: str | None = None) -> None:
        """Ask Core for chats and jobs; called once, when it is up.

        `files`: what the program was started with; `ask`: the quick ask is wanted, with a question or none.
        """
        self.chat_desk.start()
        self.conversation.start()
        self.library.start()
        self.job_desk.start()
        self.open_files(files)
        self.beginning.start()
        self.summons.start(self._settings.quick_ask_key)
        if ask is not None:
            self.summons.ask(ask)

    def hear(self, event: Event) -> None:
        """One event from the core."""
        hearing.hear(self, event)

    def bring_up(self) -> None:
        """To the front, whatever hid it; not while the program ends."""
        if self._is_closing:
            return
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    # pages

    def open_chat(self, chat_id: str, message_id: str = "") -> None:
        """From its end, or at one message."""
        self.show_conversation()
        self.conversation.open_chat(chat_id, message_id)

    def new_chat(self, *, is_temporary: bool = False) -> None:
        self.show_conversation()
        self.conversation.new_chat(is_temporary=is_temporary)

    def show_name(self) -> None:
        """After the chat that is shown, for who looks for the window."""
        chat = self.chat_desk.chat(self.conversation.chat_id)
        is_named = chat is not None and bool(chat.title) and not chat.is_temporary
        self.setWindowTitle(tr("{title} – Rubato", title=chat.title) if chat is not None and is_named else "Rubato")

    def chat_deleted(self, chat_id: str) -> None:
        if chat_id == self.conversation.chat_id:
            self.conversation.new_chat()

    def show_page(self, page: JobPage | SummaryPage | LabPage | ModelsPage) -> None:
        """In place of the chat."""
        self._uncover()
        self.stack.addWidget(page)  # where it is already it stays
        self.stack.setCurrentWidget(page)
        page.focus()

    def ask_in_new_chat(self, markdown: str) -> None:
        self.new_chat()
        self.conversation.composer.quote(markdown)

    def ask_in_chat(self, markdown: str, chat_id: str) -> None:
        self.show_conversation()
        self.conversation.quote_in(chat_id, markdown)

    def _uncover(self) -> None:
        """What floats over the pages, or stands in their place, gives way."""
        self.frame.fold_floating()
        if self.frame.jobs_cover:
            self.frame.show_jobs(False)
        if self.conversation.is_covered:
            self.library.toggle_parameters()

    def take_keyboard(self) -> None:
        """What had the keyboard has gone."""
        if self.conversation.isVisible():
            self.conversation.composer.text.setFocus()
        elif (page := self.stack.currentWidget()) is not None and page.isVisible() and hasattr(page, "focus"):
            page.focus()

    def show_conversation(self) -> None:
        self._uncover()
        self.stack.setCurrentWidget(self.conversation)
        self.conversation.composer.text.setFocus()

    def summarize(self, files: list[Path]) -> None:
        """Documents were dropped or chosen. The jobs open where they leave the chat in view."""
        if files:
            if self.frame.fits_jobs:
                self.show_jobs_pane(True)
            self.job_desk.summarize(files)

    def new_job(self, files: Sequence[Path] = ()) -> None:
        """Ask what is to be done with these, or with what will be chosen."""
        self.new_jobs.open(files)

    def open_files(self, files: Sequence[Path]) -> None:
        """From the command line or a file manager."""
        if files and not self._is_closing:
            self.new_job(files)

    def job_begun(self, job_id: str) -> None:
        self.job_desk.await_job(job_id)
        if self.frame.fits_jobs:
            self.show_jobs_pane(True)

    def show_jobs_pane(self, shown: bool) -> None:
        self.frame.show_jobs(shown)
        if self.frame.jobs_cover:
            self.jobs_pane.focus()

    def toggle_jobs(self) -> None:
        """Asked for by a person: the keyboard goes along."""
        self.show_jobs_pane(not self.jobs_pane.isVisible())
        if self.jobs_pane.isVisible():
            self.jobs_pane.focus()

    def toggle_parameters(self) -> None:
        """The panel of the chat; where another page is shown, the chat comes with it."""
        was_seen = self.conversation.isVisible()
        if not was_seen:
            self.show_conversation()
        if was_seen or self.conversation.parameters.isHidden():
            self.library.toggle_parameters()

    def show_status(self) -> None:
        """The desk has new figures."""
        desk = self.job_desk
        self.status_bar.show_status(desk.status)
        self.sidebar.show_jobs(desk.status.jobs_done, desk.status.jobs_total)
        job = desk.running_job() if self.jobs_pane.isHidden() else None  # its card is in the pane
        self.conversation.show_status(desk.status, job, desk.parked_seconds)

    # models, files

    def open_prompts(self, text: str = "") -> None:
        self.library.open_prompts(text)

    def export_everything(self) -> None:
        dialogs.choose_results(self, self._folder, "rubato", "zip", self.exports.everything)

    def import_chats(self) -> None:
        dialogs.choose_import(self, self._folder, self.exports.import_file)

    def choose_preset(self, preset: Preset) -> None:
        self._bridge.call(lambda core: core.set_preset(preset), failed=self.say)

    def choose_file(self) -> None:
        """A model file of the person's own."""
        dialogs.choose_model(self, self._folder, self.model_desk.load)

    def say(self, error: KnownError) -> None:
        if self._is_closing:
            return  # nobody would see it, and the bars may be gone
        self.notices.show_notice(error.sentence, tone="danger")

    # keys

    def focusNextPrevChild(self, next: bool) -> bool:
        """Tab goes as the page is read; it does not leave what floats."""
        root = self.sidebar if self.frame.floats else self.frame
        return step(root, next) or super().focusNextPrevChild(next)

    def escape(self) -> None:
        """Back from what is over the chat, else stop the reply."""
        if self.palette_box.close_palette() or self.frame.fold_floating():
            return
        if self.frame.jobs_cover:
            self.show_jobs_pane(False)
        elif self.jobs_pane.has_keyboard:
            self.take_keyboard()  # back to the page; the jobs stay in view
        elif self.library.leave_parameters():
            return
        elif self.models.is_shown:
            self.show_conversation()
        elif self.stack.currentWidget() is not self.conversation:
            self.job_pages.escape()
        elif not self.conversation.close_find():
            self.conversation.stop()

    def open_palette(self) -> None:
        """Chats and actions, found by typing."""
        self.palette_box.open(self.keys, self.chat_desk.recent())

    def search(self, text: str) -> None:
        self._bridge.call(
            lambda core: core.search(text),
            done=lambda hits: self.palette_box.show_hits(text, hits),
            failed=self._search_failed,
        )

    def _search_failed(self, error: KnownError) -> None:
        self.palette_box.search_failed()
        self.say(error)

    def export_chat(self, format: Format, chat_id: str) -> None:
        if chat := self.chat_desk.chat(chat_id):
            self.exports.ask(chat_id, chat.title, format)

    def open_keys(self) -> None:
        KeysDialog(self, self.keys).show()

    # geometry and end

    def show_sidebar(self, shown: bool) -> None:
        """Beside the rest, or over it where it does not fit there."""
        frame = self.frame
        if shown and not frame.fits_sidebar:
            frame.float_sidebar()
            self.sidebar.search.setFocus()
        elif not frame.fold_floating():
            if self.width() >= FOLD_BELOW:
                self.settings.change({"sidebar_shown": shown})
            frame.choose_sidebar(shown)

    def arranged(self) -> None:
        self.top_bar.sidebar_button.setVisible(self.sidebar.isHidden())
        self.show_status()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        was_wide, is_wide = event.oldSize().width() >= FOLD_BELOW, self.width() >= FOLD_BELOW
        if was_wide != is_wide:
            self.frame.choose_sidebar(None if self._settings.sidebar_shown else False)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Hide at once; the program ends when Core has closed."""
        event.accept()
        if not self._is_closing:
            self._is_closing = True
            self.summons.stop()
            self.spelling.stop()
            self.conversation.desk.save_draft()
            self.models.finish()
            self.settings.change({"window_geometry": base64.b64encode(self.saveGeometry().data()).decode()})

    # parts

    def choose_documents(self) -> None:
        dialogs.choose_documents(self, self._folder, self.summarize)

    def choose_attachments(self) -> None:
        dialogs.choose_documents(self, self._folder, self.conversation.desk.attach)
