"""What can be done with a chat or a folder of the sidebar, as a menu. GUI thread only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QMenu, QWidget

from app.core.chat_views import ChatView, FolderView
from app.gui.exports import Format
from app.gui.icons import icon
from app.gui.theme import Theme
from app.gui.tongue import tr

EXPORTS: dict[Format, str] = {"markdown": "Markdown", "html": "HTML", "pdf": "PDF", "json": "JSON"}


class ChatAsked(QObject):
    """What a person wants to be done with chats and folders; the ids are theirs."""

    rename = Signal(str)
    pin = Signal(str, bool)
    move = Signal(str, str)  # chat, folder; empty: into none
    move_to_new = Signal(str)  # into a folder that is to be named
    edit_tags = Signal(str)
    duplicate = Signal(str)
    archive = Signal(str, bool)
    show_pinned = Signal(str)
    export = Signal(str, str)  # chat, one of EXPORTS
    delete = Signal(str)
    new_folder = Signal()
    rename_folder = Signal(str)
    delete_folder = Signal(str)


def chat_menu(parent: QWidget, theme: Theme, chat: ChatView, folders: Sequence[FolderView], asked: ChatAsked) -> QMenu:
    """A temporary chat has nothing to be arranged: it is gone when the program ends."""
    menu = _menu(parent)
    colour = theme.tokens.muted

    def add(to: QMenu, text: str, do: Callable[[], object], icon_name: str = "") -> None:
        action = to.addAction(icon(icon_name, colour), text) if icon_name else to.addAction(text)
        action.triggered.connect(lambda: do())

    add(menu, tr("Rename…"), lambda: asked.rename.emit(chat.id), "pencil")
    if not chat.is_temporary:
        if chat.is_pinned:
            add(menu, tr("Unpin"), lambda: asked.pin.emit(chat.id, False), "pin-off")
        else:
            add(menu, tr("Pin"), lambda: asked.pin.emit(chat.id, True), "pin")
        into = menu.addMenu(icon("folder", colour), tr("Move to folder"))
        for folder in folders:
            action = into.addAction(folder.name)
            action.setCheckable(True)
            action.setChecked(folder.id == chat.folder_id)
            action.triggered.connect(partial(asked.move.emit, chat.id, folder.id))
        if chat.folder_id:
            add(into, tr("No folder"), lambda: asked.move.emit(chat.id, ""))
        if folders:
            into.addSeparator()
        add(into, tr("New folder…"), lambda: asked.move_to_new.emit(chat.id))
        add(menu, tr("Tags…"), lambda: asked.edit_tags.emit(chat.id), "tag")
        add(menu, tr("Duplicate"), lambda: asked.duplicate.emit(chat.id), "copy")
        if chat.is_archived:
            add(menu, tr("Take out of the archive"), lambda: asked.archive.emit(chat.id, False), "archive-restore")
        else:
            add(menu, tr("Archive"), lambda: asked.archive.emit(chat.id, True), "archive")
    add(menu, tr("Pinned messages"), lambda: asked.show_pinned.emit(chat.id))
    out = menu.addMenu(icon("download", colour), tr("Export"))
    for format, name in EXPORTS.items():
        add(out, f"{name}…", partial(asked.export.emit, chat.id, format))
    menu.addSeparator()
    add(menu, tr("Delete"), lambda: asked.delete.emit(chat.id), "trash-2")
    return menu


def folder_menu(parent: QWidget, theme: Theme, folder: FolderView, asked: ChatAsked) -> QMenu:
    """Its chats outlive it."""
    menu = _menu(parent)
    colour = theme.tokens.muted
    menu.addAction(icon("pencil", colour), tr("Rename…")).triggered.connect(lambda: asked.rename_folder.emit(folder.id))
    menu.addAction(icon("trash-2", colour), tr("Delete the folder, keep its chats")).triggered.connect(
        lambda: asked.delete_folder.emit(folder.id)
    )
    return menu


def _menu(parent: QWidget) -> QMenu:
    made = QMenu(parent)
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return made
