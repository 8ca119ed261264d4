"""Chats in folders and groups, their menus, and finding them by Ctrl+K."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMenu

from app.core.chat_views import ChatView, FolderView, SearchHit
from app.gui.chat_desk import tags_of
from app.gui.chat_row import ROW_ROLE
from app.gui.chat_rows import ChatEntry, Filter, FolderRow, Head, arranged
from app.gui.exports import write_pdf
from app.gui.keys import Key
from app.gui.palette import matching
from app.gui.text_dialog import TextDialog
from app.paths import resource
from tests.gui.conftest import Desk
from tests.gui.scripted_core import NOW

CONTROL = Qt.KeyboardModifier.ControlModifier
FOLDERS = [FolderView(id="f", name="Lease", position=0)]


def shown(desk: Desk) -> list[str]:
    model = desk.window.sidebar._model
    return [str(model.index(row).data()) for row in range(model.rowCount())]


def choose(menu: QMenu, *names: str) -> None:
    for name in names[:-1]:
        action = next(action for action in menu.actions() if action.text() == name)
        menu = action.menu()  # type: ignore[assignment]
    next(action for action in menu.actions() if action.text() == names[-1]).trigger()


def answer(desk: Desk, text: str) -> None:
    dialog = desk.window.findChildren(TextDialog)[-1]
    dialog.line.setText(text)
    dialog.accept()


def with_chats(desk: Desk, *ids: str) -> None:
    for number, chat_id in enumerate(ids):
        desk.core.add_chat(chat_id, chat_id.title(), ("user", "x"), updated=NOW - number)
    desk.window.start()
    desk.until(lambda: len(desk.window.sidebar._model.chats()) == len(ids))


def menu(desk: Desk, chat_id: str) -> QMenu:
    side = desk.window.sidebar
    return side.menu_for(side._model.row_of(f"chat {chat_id}").data(ROW_ROLE))


chats = st.lists(
    st.builds(
        ChatView,
        id=st.uuids().map(str),
        title=st.just("x"),
        updated_seconds=st.floats(0, NOW),
        folder_id=st.sampled_from(["", "f", "gone"]),
        tags=st.sampled_from([(), ("a",), ("a", "b")]),
        is_pinned=st.booleans(),
        is_archived=st.booleans(),
        is_temporary=st.booleans(),
    ),
    max_size=12,
)


@given(chats, st.booleans(), st.sampled_from([Filter(), Filter(tag="a"), Filter(is_archive=True)]))
def test_each_chat_that_the_filter_takes_stands_once(some: list[ChatView], is_closed: bool, chosen: Filter) -> None:
    rows = arranged(some, FOLDERS, {"f"} if is_closed else set(), chosen, datetime.fromtimestamp(NOW))
    found = [row.chat.id for row in rows if isinstance(row, ChatEntry)]
    hidden = {c.id for c in some if c.folder_id == "f" and not c.is_pinned and not c.is_temporary}
    wanted = {c.id for c in some if chosen.takes(c)} - (hidden if is_closed and not chosen.is_on else set())
    assert len(found) == len(set(found))
    assert set(found) == wanted
    for head, after in zip(rows, [*rows[1:], None], strict=False):
        assert not isinstance(head, Head) or after is not None  # no head without what it is of


def test_a_chat_is_pinned_tagged_and_archived_by_its_menu(desk: Desk) -> None:
    with_chats(desk, "lease", "bread")
    choose(menu(desk, "bread"), "Pin")
    desk.until(lambda: shown(desk)[:2] == ["Pinned", "Bread"])
    choose(menu(desk, "lease"), "Tags…")
    answer(desk, "home, #law,home")
    desk.until(lambda: desk.core.called("set_tags") == [("lease", ("home", "law"))])
    desk.until(lambda: "#law" in [action.text() for action in desk.window.sidebar.more_menu().actions()])
    choose(desk.window.sidebar.more_menu(), "#law")
    assert [chat.id for chat in desk.window.sidebar._model.chats()] == ["lease"]
    desk.window.sidebar._filter_bar.click()
    choose(menu(desk, "lease"), "Archive")
    desk.until(lambda: [chat.id for chat in desk.window.sidebar._model.chats()] == ["bread"])
    choose(desk.window.sidebar.more_menu(), "Archive")
    choose(menu(desk, "lease"), "Take out of the archive")
    desk.until(lambda: desk.core.called("archive_chat")[-1:] == [("lease", False)])


def test_a_chat_goes_into_a_folder_that_can_be_closed(desk: Desk) -> None:
    with_chats(desk, "lease", "bread")
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_N, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    answer(desk, "Flat")
    desk.until(lambda: "Flat" in shown(desk))
    side = desk.window.sidebar
    mime = side._model.mimeData([side._model.row_of("chat lease")])
    folder = next(side._model.index(n) for n in range(9) if isinstance(side._model.index(n).data(ROW_ROLE), FolderRow))
    place = QPointF(side.list.visualRect(folder).center())
    none, left, move = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton, Qt.DropAction.MoveAction
    target = side.list.viewport()
    QApplication.sendEvent(target, QDragEnterEvent(place.toPoint(), move, mime, left, none))
    QApplication.sendEvent(target, QDropEvent(place, move, mime, left, none))
    desk.until(lambda: desk.core.called("move_chat") == [("lease", desk.core.folder_views[0].id)])
    desk.until(lambda: shown(desk)[:3] == ["Folders", "Flat", "Lease"])
    side.list.setFocus()
    side.list.setCurrentIndex(side._model.index(1))
    desk.qtbot.keyClick(side.list, Qt.Key.Key_Left)
    desk.until(lambda: "Lease" not in shown(desk))
    desk.until(lambda: desk.core.called("change_settings")[-1:] == [({"closed_folders": ["folder1"]},)])
    desk.qtbot.keyClick(side.list, Qt.Key.Key_Return)
    assert "Lease" in shown(desk)


def test_ctrl_k_finds_words_in_messages_and_opens_the_chat_there(desk: Desk) -> None:
    turns = [("user" if n % 2 == 0 else "assistant", f"message {n}\n\nmore") for n in range(120)]
    desk.core.add_chat("long", "Long", *turns)
    desk.window.start()
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_K, CONTROL)
    palette = desk.window.palette_box
    assert palette.line.hasFocus()
    desk.qtbot.keyClicks(palette.line, "long")
    desk.until(lambda: [entry.text for entry in palette.entries] == ["Long"])
    hit = SearchHit(chat=desk.core.chat_views["long"], message_id="long-8", snippet="message 8", marks=((0, 7),))
    palette.show_hits("long", [hit])
    desk.qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    desk.until(lambda: desk.window.conversation.chat_id == "long")
    transcript = desk.window.conversation.transcript
    desk.until(lambda: "long-8" in transcript._widgets)
    desk.until(lambda: 0 <= transcript._widgets["long-8"].mapTo(transcript, QPoint(0, 0)).y() < 80)
    assert not palette.isVisible()


def test_ctrl_k_lists_a_chat_once_with_the_places_in_it(desk: Desk) -> None:
    with_chats(desk, "lease", "bread")
    lease, bread = (desk.core.chat_views[chat_id] for chat_id in ("lease", "bread"))
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_K, CONTROL)
    palette = desk.window.palette_box
    desk.qtbot.keyClicks(palette.line, "rent")
    places = [SearchHit(chat=lease, message_id=f"m{n}", snippet=f"the rent {n}", marks=((4, 8),)) for n in range(9)]
    title, other = (SearchHit(chat=chat, message_id="", snippet=chat.title) for chat in (lease, bread))
    desk.until(lambda: desk.core.called("search") == [("rent",)])
    palette.show_hits("rent", [title, places[0], other, *places[1:]])
    chats = [entry for entry in palette.entries if not entry.is_further]
    assert [(entry.text, entry.below) for entry in chats] == [("Lease", "the rent 0"), ("Bread", "")]
    assert [entry.below for entry in palette.entries if entry.is_further] == ["the rent 1", "the rent 2"]
    opened: list[tuple[str, str]] = []
    palette.opened.connect(lambda chat_id, message_id: opened.append((chat_id, message_id)))
    desk.qtbot.keyClick(palette.line, Qt.Key.Key_Down)
    desk.qtbot.keyClick(palette.line, Qt.Key.Key_Return)
    assert opened == [("lease", "m1")]


def test_ctrl_k_does_not_offer_itself(desk: Desk) -> None:
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_K, CONTROL)
    offered = [entry.text for entry in desk.window.palette_box.entries]
    assert "New chat" in offered
    assert not {"Find a chat, or something to do", "Stop the reply, or back to the chat"} & set(offered)


def test_ctrl_k_finds_actions_by_the_beginnings_of_their_words(desk: Desk) -> None:
    names = ("Export this chat as PDF", "New chat", "New folder")
    actions = [Key((), name, print) for name in names]
    assert [key.does for key in matching(actions, "ex pd")] == ["Export this chat as PDF"]
    assert [key.does for key in matching(actions, "chat")] == ["Export this chat as PDF", "New chat"]
    assert [key.does for key in matching(actions, "new")] == ["New chat", "New folder"]
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_K, CONTROL)
    desk.qtbot.keyClicks(desk.window.palette_box.line, "temporary")
    desk.qtbot.keyClick(desk.window.palette_box.line, Qt.Key.Key_Return)
    assert desk.window.conversation.is_temporary
    assert desk.window.conversation._temporary.isVisible()


def test_a_chat_is_exported_and_its_pdf_is_printed_beside(desk: Desk, tmp_path: Path) -> None:
    with_chats(desk, "lease")
    desk.window.exports.export("lease", tmp_path / "a.pdf", "pdf")
    desk.until(lambda: desk.window.notices.sentences == [f"Saved to {tmp_path / 'a.pdf'}."])
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    assert [file.name for file in tmp_path.iterdir()] == ["a.pdf"]
    desk.window.exports.export("lease", tmp_path / "a.md", "markdown")
    desk.until(lambda: desk.core.called("export_chat")[-1:] == [("lease", tmp_path / "a.md", "markdown")])


def test_a_printed_page_loads_nothing(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(f"<p>Hello</p><img src='file://{tmp_path}/x.png'><img src='http://127.0.0.1:1/x.png'>")
    write_pdf(page, tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").stat().st_size > 500


def test_tags_are_words_between_commas() -> None:
    assert tags_of(" #law,, home  office ,law") == ("law", "home office")


def test_each_action_has_an_icon_of_its_own_kind(desk: Desk) -> None:
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_K, CONTROL)
    icons = {entry.text: entry.icon for entry in desk.window.palette_box.entries}
    missing = [icon for icon in icons.values() if not resource("assets", "icons", f"{icon}.svg").is_file()]
    assert not missing
    assert icons["New folder"] != icons["Settings"]


def test_the_end_of_a_row_opens_its_menu_and_not_the_chat(desk: Desk) -> None:
    with_chats(desk, "a", "b")
    side = desk.window.sidebar
    index = side._model.row_of("chat b")
    rect = side.list.visualRect(index)
    opened: list[str] = []
    side.chosen.connect(opened.append)
    desk.qtbot.mouseClick(side.list.viewport(), Qt.MouseButton.LeftButton, pos=side._row.menu_place(rect).center())
    menus = [made for made in side.findChildren(QMenu) if made.isVisible()]
    assert any(action.text() == "Rename…" for action in menus[-1].actions())
    menus[-1].close()
    assert opened == []
    desk.qtbot.mouseClick(side.list.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert opened == ["b"]


def test_the_window_is_named_after_its_chat(desk: Desk) -> None:
    with_chats(desk, "lease")
    desk.window.open_chat("lease")
    desk.until(lambda: desk.window.windowTitle() == "Lease – Rubato")
    desk.core._change("lease", title="Rent")
    desk.until(lambda: desk.window.windowTitle() == "Rent – Rubato")
    desk.window.new_chat()
    assert desk.window.windowTitle() == "Rubato"
