"""The left side: New chat, search, the chats in folders and groups, jobs and settings. GUI thread only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from PySide6.QtCore import QItemSelectionModel, QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QVBoxLayout

from app.core.chat_views import ChatView, FolderView
from app.gui import fonts, words
from app.gui.buttons import IconButton, button, label
from app.gui.chat_list import KEY_ROLE, ChatListModel, ChatListView
from app.gui.chat_menu import ChatAsked, chat_menu, folder_menu
from app.gui.chat_row import ChatRow
from app.gui.chat_rows import ChatEntry, Filter, FolderRow, Row, arranged
from app.gui.icons import icon, set_icon
from app.gui.keys import native
from app.gui.search_button import SearchButton
from app.gui.theme import Theme
from app.gui.tongue import apart, tr

WIDTH = 264
_WIDEST = 400  # where type is large


class Sidebar(QFrame):
    """Says which chat is wanted; the window opens it and calls `select` back."""

    chosen = Signal(str)
    new_chat_asked = Signal()
    temporary_asked = Signal()
    search_asked = Signal()
    filter_asked = Signal(object)  # a Filter
    fold_asked = Signal(str, bool)  # a folder, and whether it is to be open
    summary_dropped = Signal(str, str, int)  # the chat it is for, its job, its document
    jobs_asked = Signal()
    settings_asked = Signal()
    lab_asked = Signal()
    closed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("sidebar")
        self.setFixedWidth(WIDTH)
        self._theme = theme
        self._selected = ""
        self._filter = Filter()
        self._folders: Sequence[FolderView] = ()
        self._tags: Sequence[str] = ()
        self.asked = ChatAsked(self)
        self._model = ChatListModel()
        self._row = ChatRow(theme)
        self.list = ChatListView(self._model, self._row)
        self.search = SearchButton(tr("Search chats"), native("Ctrl+K"), self.search_asked.emit)
        self.more = IconButton(theme, "ellipsis", tr("More about chats"), self._show_more)
        self._filter_bar = button("", lambda: self.filter_asked.emit(Filter()), kind="chip", role=fonts.SMALL)
        self._filter_bar.hide()
        self._empty = label(role=fonts.SMALL, tone="muted", wraps=True)
        self._empty.setMargin(8)
        self._jobs = button(tr("Jobs"), self.jobs_asked.emit, tip=native("Ctrl+J"))
        settings = button(tr("Settings"), self.settings_asked.emit, tip=native("Ctrl+,"))
        new_chat = button(tr("New chat"), self.new_chat_asked.emit, tip=native("Ctrl+N"))
        lab = button(tr("Lab"), self.lab_asked.emit, tip=tr("How fast the model is here, and what a job would take"))
        for wide in (self._jobs, lab, settings):
            wide.setSizePolicy(wide.sizePolicy().Policy.Expanding, wide.sizePolicy().Policy.Fixed)
        head = QHBoxLayout()
        head.addWidget(label("Rubato", role=fonts.BRAND), 1)
        head.addWidget(new_chat, 0, Qt.AlignmentFlag.AlignVCenter)  # else the row would be no higher than it
        head.addWidget(IconButton(theme, "panel-left", tr("Hide the sidebar"), self.closed.emit))
        find = QHBoxLayout()
        find.setSpacing(4)
        find.addWidget(self.search, 1, Qt.AlignmentFlag.AlignVCenter)
        find.addWidget(self.more)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(4)
        column.addLayout(head)
        column.addSpacing(8)
        column.addLayout(find)
        column.addSpacing(4)
        column.addWidget(self._filter_bar)
        column.addWidget(self._empty)
        column.addWidget(self.list, 1)
        column.addSpacing(8)
        column.addWidget(self._jobs)
        column.addWidget(lab)
        column.addWidget(settings)
        self._connect()
        self._tint()

    # what is shown

    def show_chats(
        self, chats: Sequence[ChatView], folders: Sequence[FolderView], closed: Collection[str], shown: Filter
    ) -> None:
        """Show what the filter takes of these. `closed`: folders whose chats are not shown."""
        self._folders, self._filter = folders, shown
        self._tags = sorted({tag for chat in chats for tag in chat.tags}, key=str.casefold)
        rows = arranged(chats, folders, closed, shown, datetime.now())
        self._show_filter()
        self._empty.setVisible(not rows)
        held = self.list.currentIndex().data(KEY_ROLE)
        self._model.show_rows(rows)
        self.select(self._selected)
        keeps = isinstance(held, str) and (self.list.hasFocus() or held.startswith("folder"))
        if keeps and (index := self._model.row_of(held)).isValid():
            self.list.setCurrentIndex(index)

    def select(self, chat_id: str) -> None:
        """Mark the chat that is shown; an empty id marks none."""
        self._selected = chat_id
        index = self._model.row_of(f"chat {chat_id}")
        selection = self.list.selectionModel()
        if index.isValid():
            selection.setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        else:
            selection.clear()

    def show_jobs(self, done: int, total: int) -> None:
        """How far all unfinished jobs are, on the button."""
        text = tr("Jobs")
        if total:
            text = tr("Jobs   {done} of {total}", done=words.number(done), total=words.number(total))
        self._jobs.setText(text)
        self._jobs.setAccessibleName(text)

    def _show_filter(self) -> None:
        shown = self._filter
        what = tr("Archive") if shown.is_archive else apart(f"#{shown.tag}")
        self._filter_bar.setText(what)
        self._filter_bar.setAccessibleName(tr("{what}: show all chats again", what=what))
        self._filter_bar.setToolTip(tr("Show all chats again"))
        self._filter_bar.setVisible(shown.is_on)
        if shown.is_archive:
            self._empty.setText(tr("The archive is empty. A chat's menu puts it there."))
        elif shown.tag:
            self._empty.setText(tr("No chat has this tag."))
        else:
            self._empty.setText(tr("No chats yet. Your first message starts one."))

    # menus

    def menu_for(self, row: Row) -> QMenu:
        """What can be done with a chat or a folder."""
        if isinstance(row, FolderRow):
            return folder_menu(self, self._theme, row.folder, self.asked)
        assert isinstance(row, ChatEntry)
        return chat_menu(self, self._theme, row.chat, self._folders, self.asked)

    def more_menu(self) -> QMenu:
        """What concerns the list as a whole: folders, temporary chats, which chats are shown."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        colour = self._theme.tokens.muted
        new = menu.addAction(icon("folder-plus", colour), f"{tr('New folder…')}\t{native('Ctrl+Shift+N')}")
        new.triggered.connect(lambda: self.asked.new_folder.emit())
        temporary = menu.addAction(
            icon("message-square-dashed", colour), f"{tr('New temporary chat')}\t{native('Ctrl+Shift+T')}"
        )
        temporary.triggered.connect(lambda: self.temporary_asked.emit())
        menu.addSeparator()
        choices = [(tr("All chats"), Filter()), (tr("Archive"), Filter(is_archive=True))]
        for text, shown in (*choices, *((apart(f"#{tag}"), Filter(tag=tag)) for tag in self._tags)):
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(shown == self._filter)
            action.triggered.connect(lambda _=False, shown=shown: self.filter_asked.emit(shown))
        return menu

    def _show_more(self) -> None:
        self.more_menu().popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def _show_menu(self, row: Row, place: QPoint) -> None:
        self.menu_for(row).popup(place)

    # what is asked for

    def _choose(self, row: Row) -> None:
        if isinstance(row, FolderRow):
            self.fold_asked.emit(row.folder.id, not row.is_open)
        elif isinstance(row, ChatEntry) and row.chat.id != self._selected:
            self.chosen.emit(row.chat.id)

    def _rename(self, row: Row) -> None:
        if isinstance(row, FolderRow):
            self.asked.rename_folder.emit(row.folder.id)
        elif isinstance(row, ChatEntry):
            self.asked.rename.emit(row.chat.id)

    def _connect(self) -> None:
        self.list.chosen.connect(self._choose)
        self.list.menu_asked.connect(self._show_menu)
        self.list.rename_asked.connect(self._rename)
        self.list.fold_asked.connect(lambda row, is_open: self.fold_asked.emit(row.folder.id, is_open))
        self.list.summary_dropped.connect(self.summary_dropped)
        self.list.chat_dropped.connect(self.asked.move)
        self._theme.changed.connect(self._tint)

    def _tint(self) -> None:
        set_icon(self._filter_bar, "x", self._theme.tokens.muted)
        self.setFixedWidth(min(fonts.scaled(WIDTH), _WIDEST))
        self.list.scheduleDelayedItemsLayout()  # its rows are as high as the type
