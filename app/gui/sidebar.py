"""The left side: New chat, search, the chats in groups, jobs and settings. GUI thread only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QInputDialog, QLineEdit, QMenu, QVBoxLayout

from app.core.chat_views import ChatView
from app.gui import fonts, words
from app.gui.buttons import IconButton, button, label
from app.gui.chat_list import CHAT_ROLE, ChatListModel, ChatListView, ChatRow
from app.gui.icons import icon
from app.gui.theme import Theme

WIDTH = 264
_SEARCH_PAUSE_MS = 150


class Sidebar(QFrame):
    """Says which chat is wanted; the window opens it and calls `select` back."""

    chosen = Signal(str)
    new_chat_asked = Signal()
    search_asked = Signal(str)  # empty: all chats
    rename_asked = Signal(str, str)
    delete_asked = Signal(str, str)  # id, title
    summary_dropped = Signal(str, str, int)  # the chat it is for, its job, its document
    jobs_asked = Signal()
    settings_asked = Signal()
    closed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("sidebar")
        self.setFixedWidth(WIDTH)
        self._theme = theme
        self._selected = ""
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search chats   Ctrl+K")
        self.search.setAccessibleName("Search chats")
        self.search.setClearButtonEnabled(False)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_SEARCH_PAUSE_MS)
        self._pause.timeout.connect(lambda: self.search_asked.emit(self.search.text().strip()))
        self.search.textChanged.connect(lambda _: self._pause.start())
        self._model = ChatListModel()
        self.list = self._make_list()
        self._empty = label("No chats yet. Your first message starts one.", role=fonts.SMALL, tone="muted", wraps=True)
        self._jobs = button("Jobs", self.jobs_asked.emit, name="Jobs", tip="Ctrl+J")
        settings = button("Settings", self.settings_asked.emit, tip="Ctrl+,")
        new_chat = button("New chat", self.new_chat_asked.emit, tip="Ctrl+N")
        for wide in (self._jobs, settings):
            wide.setSizePolicy(wide.sizePolicy().Policy.Expanding, wide.sizePolicy().Policy.Fixed)
        head = QHBoxLayout()
        head.addWidget(label("Rubato", role=fonts.BRAND), 1)
        head.addWidget(new_chat)
        head.addWidget(IconButton(theme, "panel-left", "Hide the sidebar", self.closed.emit))
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 14, 12, 12)
        column.setSpacing(4)
        column.addLayout(head)
        column.addSpacing(8)
        column.addWidget(self.search)
        column.addWidget(self._empty)
        column.addWidget(self.list, 1)
        column.addWidget(self._jobs)
        column.addWidget(settings)

    def show_chats(self, chats: Sequence[ChatView]) -> None:
        """Show these chats, in groups by when they were last used."""
        is_search = bool(self.search.text().strip())
        self._empty.setText("No chat has these words." if is_search else "No chats yet. Your first message starts one.")
        self._empty.setVisible(not chats)
        self._model.show_chats(chats, datetime.now())
        self.select(self._selected)

    def select(self, chat_id: str) -> None:
        """Mark the chat that is shown; an empty id marks none."""
        self._selected = chat_id
        index = self._model.row_of(chat_id)
        selection = self.list.selectionModel()
        if index.isValid():
            selection.setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        else:
            selection.clear()

    def show_jobs(self, done: int, total: int) -> None:
        """How far all unfinished jobs are, on the button."""
        text = f"Jobs   {words.number(done)} of {words.number(total)}" if total else "Jobs"
        self._jobs.setText(text)
        self._jobs.setAccessibleName(text)

    def _make_list(self) -> ChatListView:
        self._row = ChatRow(self._theme)
        made = ChatListView(self._model, self._row)
        made.dropped.connect(self.summary_dropped)
        made.setMouseTracking(True)
        made.setAccessibleName("Chats")
        made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        made.setVerticalScrollMode(ChatListView.ScrollMode.ScrollPerPixel)
        made.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        made.customContextMenuRequested.connect(self._show_menu)
        made.clicked.connect(self._choose)
        made.activated.connect(self._choose)
        return made

    def _choose(self, index: QModelIndex) -> None:
        chat = index.data(CHAT_ROLE)
        if isinstance(chat, ChatView) and chat.id != self._selected:
            self.chosen.emit(chat.id)

    def _show_menu(self, place: QPoint) -> None:
        chat = self.list.indexAt(place).data(CHAT_ROLE)
        if isinstance(chat, ChatView):
            self.menu_for(chat).popup(self.list.viewport().mapToGlobal(place))

    def menu_for(self, chat: ChatView) -> QMenu:
        """What can be done with one chat."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        colour = self._theme.tokens.muted
        rename = menu.addAction(icon("pencil", colour), "Rename…")
        rename.triggered.connect(lambda: self._rename(chat))
        delete = menu.addAction(icon("trash-2", colour), "Delete")
        delete.triggered.connect(lambda: self.delete_asked.emit(chat.id, chat.title))
        return menu

    def _rename(self, chat: ChatView) -> None:
        dialog = QInputDialog(self)
        dialog.setWindowTitle("Rename chat")
        dialog.setLabelText("Title")
        dialog.setTextValue(chat.title)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.textValueSelected.connect(lambda title: self._renamed(chat.id, title.strip()))
        dialog.open()

    def _renamed(self, chat_id: str, title: str) -> None:
        if title:
            self.rename_asked.emit(chat_id, title)
