"""What may be merged of the events that wait for the window, and what may not wait."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.core.events import Event, NoticeShown, PromptProgressed, ReplyGrew, StatusChanged
from app.core.views import StatusView
from app.gui.merging import Urgency, merged


def grew(text: str, reply: str = "r") -> ReplyGrew:
    return ReplyGrew(chat_id="c", message_id=reply, text=text)


def test_growth_of_one_reply_is_one_event() -> None:
    assert merged([grew("a"), grew("b"), grew("c")]) == [grew("abc")]


def test_two_replies_that_grow_at_once_are_two_events() -> None:
    assert merged([grew("a"), grew("1", "s"), grew("b"), grew("2", "s")]) == [grew("ab"), grew("12", "s")]


def test_nothing_is_moved_across_an_event_that_is_not_merged() -> None:
    notice = NoticeShown(sentence="x")
    assert merged([grew("a"), notice, grew("b")]) == [grew("a"), notice, grew("b")]


def test_of_progress_only_the_latest_is_kept() -> None:
    def read(n: int) -> PromptProgressed:
        return PromptProgressed(chat_id="c", message_id="r", n_read=n, n_total=9)

    status = StatusChanged(status=StatusView(jobs_done=2))
    assert merged([read(1), StatusChanged(status=StatusView()), read(5), status]) == [read(5), status]


events = st.lists(
    st.one_of(
        st.builds(grew, st.text(max_size=3), st.sampled_from("rs")),
        st.builds(lambda text: NoticeShown(sentence=text), st.text(max_size=3)),
    )
)


@given(events)
def test_no_text_is_lost_or_reordered(story: list[Event]) -> None:
    def text_of(reply: str, told: list[Event]) -> str:
        return "".join(event.text for event in told if isinstance(event, ReplyGrew) and event.message_id == reply)

    short = merged(story)
    assert all(text_of(reply, short) == text_of(reply, story) for reply in "rs")
    assert len(short) <= len(story)


def test_the_first_text_of_a_reply_may_not_wait() -> None:
    urgency = Urgency()
    assert urgency.is_urgent(grew("a"))
    assert not urgency.is_urgent(grew("b"))
    assert urgency.is_urgent(grew("a", "another"))
    assert not urgency.is_urgent(StatusChanged(status=StatusView()))
