"""Documents in a chat, in the window: chips in each state, passages under a reply, a drop into the chat."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLabel

from app.core.chat_views import (
    AttachmentState,
    AttachmentUse,
    AttachmentView,
    MessageState,
    MessageView,
    PassageView,
    Role,
)
from app.core.events import AttachmentsChanged, MessageAdded, ReplyEnded, ReplyWaits
from app.gui import words
from app.gui.composer.attachments import can_be_used, described, uses
from app.gui.transcript.reply import Reply
from app.gui.transcript.user_message import UserMessage
from tests.gui.conftest import Desk
from tests.gui.scripted_core import NOW

VIEW = AttachmentView(id="a", chat_id="c", name="lease.pdf", state=AttachmentState.READY, n_tokens=1_204)


def test_a_chip_says_what_happens_to_its_document() -> None:
    assert described(replace(VIEW, state=AttachmentState.READING)) == "reading…"
    failed = replace(VIEW, state=AttachmentState.FAILED, error="“lease.pdf” is empty. Check it.")
    assert described(failed) == "is empty. Check it."
    assert described(replace(VIEW, fits=False)).endswith("whole: does not fit")
    summary = replace(VIEW, use=AttachmentUse.SUMMARY, fits=False)
    assert described(replace(summary, summary_fraction=0.4)).endswith("summary in background, 40 %")
    assert described(replace(summary, summary_fraction=1.0)).endswith("summary is ready")
    assert described(replace(summary, error="The model wrote nothing.")).endswith(
        "no summary: The model wrote nothing."
    )
    assert described(replace(VIEW, notes=("Page 7 has no text.",))).endswith("not all of it could be read")


views = st.builds(
    AttachmentView,
    id=st.just("a"),
    chat_id=st.just("c"),
    name=st.text(min_size=1),
    state=st.sampled_from(AttachmentState),
    error=st.sampled_from(["", "It is empty."]),
    n_tokens=st.integers(0, 10**7),
    use=st.sampled_from(AttachmentUse),
    fits=st.booleans(),
    summary_fraction=st.none() | st.floats(0, 1),
    can_summarize=st.booleans(),
)


@given(views)
def test_every_chip_says_something_and_offers_passages(view: AttachmentView) -> None:
    assert described(view)
    assert [use for use, _ in uses(view)] == list(AttachmentUse)
    assert can_be_used(view, AttachmentUse.PASSAGES)
    assert can_be_used(view, AttachmentUse.WHOLE) == view.fits


def test_a_chip_is_changed_in_place(desk: Desk, tmp_path: Path) -> None:
    composer = desk.window.conversation.composer
    desk.window.conversation.desk.attach([tmp_path / "lease.pdf"])
    desk.until(lambda: composer.attachments.chips)
    (chip,) = composer.attachments.chips
    view = replace(chip.view, use=AttachmentUse.SUMMARY, summary_fraction=0.5)
    desk.core.emit(AttachmentsChanged(chat_id=view.chat_id, attachments=(view,)))
    desk.until(lambda: "50" in chip.main.text())
    assert composer.attachments.chips == [chip]
    assert chip.isVisible()


def test_what_is_let_go_on_the_chats_box_or_its_composer_is_for_the_chat(desk: Desk, tmp_path: Path) -> None:
    button, key, copy = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
    overlay, composer = desk.window.drops.overlay, desk.window.conversation.composer
    for name in ("lease.pdf", "tickets.csv"):
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(tmp_path / name))])
        QApplication.sendEvent(desk.window, QDragEnterEvent(QPoint(10, 10), copy, data, button, key))
        QApplication.processEvents()
        is_first = name == "lease.pdf"
        middle = overlay._chat.geometry().center()
        place = middle if is_first else composer.mapTo(desk.window, composer.rect().center())
        QApplication.sendEvent(desk.window, QDragMoveEvent(place, copy, data, button, key))
        assert overlay._chat.property("marked")
        QApplication.sendEvent(desk.window, QDropEvent(QPointF(place), copy, data, button, key))
    desk.until(lambda: len(desk.core.called("attach")) == 2)
    assert [call[1] for call in desk.core.called("attach")] == [[tmp_path / "lease.pdf"], [tmp_path / "tickets.csv"]]
    assert desk.core.called("add_job") == []


def shown(desk: Desk) -> tuple[UserMessage, Reply]:
    desk.core.add_chat("c", "Lease")
    desk.window.open_chat("c")
    desk.until(lambda: desk.window.conversation.chat_id == "c")
    prompt = MessageView(
        id="p",
        chat_id="c",
        role=Role.USER,
        text="When is the rent due?",
        state=MessageState.COMPLETE,
        created_seconds=NOW,
        attachments=(replace(VIEW, use=AttachmentUse.PASSAGES, message_id="p"),),
    )
    desk.core.emit(MessageAdded(message=prompt))
    reply = replace(prompt, id="r", role=Role.ASSISTANT, text="", state=MessageState.WRITING, attachments=())
    desk.core.emit(MessageAdded(message=reply))
    desk.until(lambda: desk.window.conversation.transcript.last_reply())
    made = desk.window.conversation.transcript.last_reply()
    assert made is not None
    return desk.window.findChildren(UserMessage)[-1], made


def test_a_reply_shows_the_passages_that_it_was_made_from(desk: Desk) -> None:
    user, reply = shown(desk)
    assert "lease.pdf, passages" in [made.text() for made in user.documents.findChildren(QLabel)]
    passages = (
        PassageView(attachment_id="a", name="lease.pdf", place="page 2", text="The rent is due on the first."),
        PassageView(attachment_id="a", name="lease.pdf", place="pages 3–4", text="The notice is three months."),
    )
    ended = replace(reply.message, text="On the first.", state=MessageState.COMPLETE, passages=passages)
    desk.core.emit(ReplyEnded(message=ended))
    desk.until(lambda: len(reply.passages.places) == 2)
    first, second = reply.passages.places
    assert [made.text() for made in (first, second)] == ["page 2", "pages 3–4"]
    assert reply.passages.block is None
    second.click()
    assert reply.passages.block is not None
    assert reply.passages.block.text.toPlainText() == "The notice is three months."
    desk.until(lambda: reply.passages.block is not None and reply.passages.block.isVisible())
    assert (first.isChecked(), second.isChecked()) == (False, True)
    second.click()
    assert reply.passages.block is None


def test_a_reply_that_waits_for_a_summary_says_so_and_can_do_without(desk: Desk) -> None:
    _, reply = shown(desk)
    desk.core.emit(
        ReplyWaits(chat_id="c", message_id="r", sentence="Waiting for the summary of “lease.pdf”…", attachment_id="a")
    )
    desk.until(lambda: reply._instead.isVisible())
    assert reply._waiting.text() == "Waiting for the summary of “lease.pdf”…"
    reply._instead.click()
    desk.until(lambda: desk.core.called("set_attachment_use"))
    assert desk.core.called("set_attachment_use")[0] == ("a", AttachmentUse.PASSAGES)
    assert not reply._instead.isVisible()


def test_the_top_of_the_window_says_which_documents_a_chat_has(desk: Desk) -> None:
    said = desk.window.top_bar._documents
    user, _ = shown(desk)
    desk.until(lambda: said.text() == "lease.pdf in this chat")
    assert said.isVisible()
    desk.window.top_bar.picker.setText("A model with a name that is long")
    desk.window.resize(480, 700)
    desk.until(lambda: said.text() == "lease.pdf")
    desk.window.resize(1_200, 700)
    second = replace(VIEW, id="b", name="notes.txt", n_pages=3, message_id="q")
    desk.core.emit(MessageAdded(message=replace(user.message, id="q", attachments=(second,))))
    desk.until(lambda: said.text() == "2 documents in this chat")
    desk.window.new_chat()
    assert not said.isVisible()


def test_a_document_with_pages_says_how_many() -> None:
    assert words.documents_of_chat([replace(VIEW, n_pages=48)]) == "lease.pdf  ·  48 pages in this chat"
    assert words.documents_of_chat([replace(VIEW, n_pages=1)]) == "lease.pdf  ·  1 page in this chat"
