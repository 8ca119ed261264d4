"""What a model thought is told apart from its answer, folded away, and says how long it took."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt

from app.core.chat_views import MessageState
from app.gui.transcript.thought_parts import ThoughtParts, parts_of
from tests.gui.conftest import Desk
from tests.gui.scripted_core import message
from tests.gui.test_conversation import begin, last

PIECES = ("<think>", "</think>", "<", "th", "ink>", "</", "\n", " ", "a thought", "an answer <b>", "</think")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("<think>\nFirst.\n</think>\n\nThen **that**.", ("First.", "Then **that**.")),
        ("<think>\nStill at it", ("Still at it", "")),
        ("<think>\n</think>\n\nNo thought.", ("", "No thought.")),
        ("  indented <think>", ("", "  indented <think>")),
        ("<thin", ("", "<thin")),
        ("<think>a < b </thi", ("a < b </thi", "")),
        ("", ("", "")),
    ],
)
def test_a_message_in_two_parts(text: str, parts: tuple[str, str]) -> None:
    assert parts_of(text) == parts


@given(said=st.lists(st.sampled_from(PIECES), max_size=10), is_thought=st.booleans(), cuts=st.sets(st.integers(0, 80)))
def test_in_pieces_it_is_the_same(said: list[str], is_thought: bool, cuts: set[int]) -> None:
    text = ("<think>" if is_thought else "") + "".join(said)
    places = [0, *sorted(cut for cut in cuts if cut < len(text)), len(text)]
    for pieces in ([text[start:stop] for start, stop in pairwise(places)], list(text)):
        growing = ThoughtParts()
        fed = [growing.feed(piece) for piece in pieces] + [growing.finish()]
        assert ("".join(thought for thought, _ in fed), "".join(answer for _, answer in fed)) == parts_of(text)


def test_a_thought_is_folded_away_and_says_its_time(desk: Desk) -> None:
    chat, reply = begin(desk)
    desk.core.grow(chat, reply, "<think>\nThe user *greets*")
    thought = last(desk).thought
    desk.until(lambda: thought.isVisible())
    assert thought.fold._title.startswith("Thinking")
    assert not last(desk).text.isVisible()
    assert thought.text is None
    desk.qtbot.keyClick(thought.fold._button, Qt.Key.Key_Space)
    assert thought.text is not None
    assert thought.text.toPlainText() == "The user greets"
    desk.core.grow(chat, reply, " me.\n</thi")
    desk.until(lambda: thought.text.toPlainText() == "The user greets me.")
    desk.core.grow(chat, reply, "nk>\n\nGood **day**.")
    desk.until(lambda: last(desk).text.toPlainText() == "Good day.")
    desk.core.messages[chat][-1] = message(
        reply, desk.core.messages[chat][-1].text, state=MessageState.WRITING, chat_id=chat, thinking_seconds=12.0
    )
    desk.core.end(chat, reply)
    desk.until(lambda: thought.fold._title == "Thought for 12 s")
    assert thought.text.toPlainText() == "The user greets me."
    assert last(desk).markdown == "Good **day**."


def test_the_thought_of_a_reply_from_the_store(desk: Desk) -> None:
    desk.core.add_chat("c", "Chat", ("user", "q"), ("assistant", "<think>\nHm.\n</think>\n\nYes."))
    desk.window.open_chat("c")
    desk.until(lambda: desk.window.conversation.chat_id == "c")
    assert last(desk).text.toPlainText() == "Yes."
    assert last(desk).thought.fold._title == "Thoughts"
    last(desk).thought.fold.set_open(True)
    text = last(desk).thought.text
    assert text is not None
    assert text.toPlainText() == "Hm."


def test_a_reply_that_stops_in_its_thought_goes_on_there(desk: Desk) -> None:
    chat, reply = begin(desk)
    desk.core.grow(chat, reply, "<think>\nOne")
    desk.core.end(chat, reply, MessageState.STOPPED)
    desk.until(lambda: last(desk)._why.text() == "Stopped.")
    desk.core.grow(chat, reply, " two\n</think>\n\nThree")
    desk.until(lambda: last(desk).text.toPlainText() == "Three")
    assert last(desk).thought.markdown == "One two"
