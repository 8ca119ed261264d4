"""What may be merged of the events that wait for the window. Pure: no Qt, no thread, no clock.

Order is kept between everything that is not merged; the text of a reply is never reordered or lost.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from app.core.events import (
    Event,
    JobChanged,
    ModelStateChanged,
    PromptProgressed,
    ReplyGrew,
    StatusChanged,
)


def merged(events: Sequence[Event]) -> list[Event]:
    """The same story in fewer events.

    Consecutive growth of one reply becomes one event; of progress (prompt, job, status, model load) that
    nothing else interrupts only the latest is kept. Nothing is moved across any other event.
    """
    out: list[Event] = []
    place: dict[Hashable, int] = {}
    grown: dict[int, list[str]] = {}
    for event in events:
        key = _key(event)
        if key is None:
            place.clear()
            out.append(event)
        elif key not in place:
            place[key] = len(out)
            out.append(event)
        elif isinstance(event, ReplyGrew):
            first = out[place[key]]
            assert isinstance(first, ReplyGrew)
            grown.setdefault(place[key], [first.text]).append(event.text)
        else:
            out[place[key]] = event
    for index, parts in grown.items():
        first = out[index]
        assert isinstance(first, ReplyGrew)
        out[index] = ReplyGrew(chat_id=first.chat_id, message_id=first.message_id, text="".join(parts))
    return out


def _key(event: Event) -> Hashable | None:
    match event:
        case ReplyGrew():
            return ("grew", event.message_id)
        case PromptProgressed():
            return ("prompt", event.message_id)
        case JobChanged():
            return ("job", event.job.id)
        case StatusChanged():
            return "status"
        case ModelStateChanged():
            return ("model", event.state)
    return None


class Urgency:
    """Says which events may not wait: the first text of each reply, and every last word."""

    def __init__(self) -> None:
        self._begun: set[str] = set()

    def is_urgent(self, event: Event) -> bool:
        """True for what a person is waiting to see. Called once an event, in order."""
        match event:
            case ReplyGrew():
                is_first = event.message_id not in self._begun
                self._begun.add(event.message_id)
                return is_first
            case PromptProgressed() | JobChanged() | StatusChanged() | ModelStateChanged():
                return False
        return True
