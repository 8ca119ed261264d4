"""What the step loop tells of itself, with the fake backend and a clock that stands still until it is moved."""

from __future__ import annotations

import queue
import threading
from typing import Any

from app.engine.messages import (
    Command,
    CountTokens,
    EngineReported,
    Event,
    GenerateRequest,
    LoadModel,
    Preset,
    Priority,
    ReadAhead,
    RequestFailed,
    RequestFinished,
    SetPreset,
    Submit,
    TextProduced,
    TokensCounted,
    Turn,
)
from app.engine.process.fake_llama import FakeBackend, reply_to
from app.engine.process.inbox import Inbox
from app.engine.process.loop import EngineLoop
from app.engine.process.reading_ahead import PAUSE_SECONDS


class Engine:
    """A loop on a thread of its own."""

    def __init__(self, *commands: Command, kv_tokens: int | None = None, tick: float = 0.0) -> None:
        """`commands` are there when it begins; `tick`: the clock moves by so much whenever it is looked at."""
        self.now = 0.0
        self._tick = tick
        self.inbox = Inbox()
        for command in commands:
            self.inbox.put(command)
        self._events: queue.Queue[Event] = queue.Queue()
        loop = EngineLoop(
            lambda *_: FakeBackend(kv_tokens=kv_tokens),
            self.inbox,
            lambda events: [self._events.put(event) for event in events],
            clock=self._clock,
        )
        self._thread = threading.Thread(target=loop.run, daemon=True)
        self._thread.start()

    def _clock(self) -> float:
        self.now += self._tick
        return self.now

    def next(self, kind: Any) -> Any:
        """The next event of this kind."""
        while not isinstance(event := self._events.get(timeout=20), kind):
            pass
        return event

    def until(self, kind: Any) -> list[Event]:
        """All events up to the next of this kind."""
        events = [self._events.get(timeout=20)]
        while not isinstance(events[-1], kind):
            events.append(self._events.get(timeout=20))
        return events

    def close(self) -> None:
        self.inbox.close()
        self._thread.join(30)


def test_a_speed_of_a_while_ago_is_never_told() -> None:
    """Reading ahead what is read already is no work: nothing may be told as if there were some."""
    engine = Engine()
    try:
        engine.inbox.put(LoadModel(id="load", path=b"fake.gguf"))
        request = GenerateRequest(
            turns=(Turn("user", "Hello there."),),
            priority=Priority.INTERACTIVE,
            max_tokens=4,
            cache_key="c",
            is_temporary=True,  # nothing is to be saved: the loop has no other reason to wake
        )
        engine.inbox.put(Submit(id="a", request=request))
        engine.next(RequestFinished)
        bulk = GenerateRequest(turns=(Turn("user", "Bulk."),), priority=Priority.BULK, max_tokens=4)
        engine.inbox.put(Submit(id="b", request=bulk))
        engine.next(RequestFinished)
        while engine.next(EngineReported).bulk_tokens_per_second:
            pass
        engine.now = 1.0
        engine.inbox.put(ReadAhead(id="r", request=request))
        engine.inbox.put(CountTokens(id="n", texts=("x",)))
        told = engine.until(TokensCounted)
        assert [event for event in told if isinstance(event, EngineReported) and event.bulk_tokens_per_second] == []
    finally:
        engine.close()


def test_what_is_typed_is_read_to_its_end_once_the_typing_pauses() -> None:
    """Its end is cut off again where the typing goes on; what was left in another chat is not read any more."""
    engine = Engine()
    history = (Turn("user", "Hello there."), Turn("assistant", "Hello."))

    def typed(text: str, chat: str = "c") -> GenerateRequest:
        turns = (*history, Turn("user", text))
        return GenerateRequest(turns=turns, priority=Priority.INTERACTIVE, max_tokens=40, cache_key=chat)

    def unread(id: str, text: str) -> int:
        """Tokens that are still to be read when it is sent."""
        engine.inbox.put(Submit(id=id, request=typed(text)))
        events = engine.until(RequestFinished)
        assert "".join(event.text for event in events if isinstance(event, TextProduced)) == reply_to(text)
        usage = events[-1].usage
        return usage.prompt_tokens - usage.cached_tokens

    def read_ahead(id: str, text: str, pause_seconds: float, chat: str = "c") -> None:
        engine.inbox.put(ReadAhead(id=id, request=typed(text, chat)))
        engine.inbox.put(CountTokens(id=f"{id} is there", texts=("x",)))
        engine.next(TokensCounted)
        engine.now += pause_seconds
        past = GenerateRequest(turns=(Turn("user", "x"),), priority=Priority.BULK, max_tokens=1)
        engine.inbox.put(Submit(id=f"past {id}", request=past))  # bulk waits until everything is read
        engine.next(RequestFinished)

    try:
        engine.inbox.put(LoadModel(id="load", path=b"fake.gguf"))
        whole = unread("alone", "What is the time? [[say noon]]")
        read_ahead("r1", "Who is the king? [[say Ann]]", 0.0)
        at_once = unread("at once", "Who is the king? [[say Ann]]")
        read_ahead("r2", "Where is the sea? [[say east]]", PAUSE_SECONDS)
        after_a_pause = unread("after a pause", "Where is the sea? [[say east]]")
        assert whole > at_once > after_a_pause == 1
        read_ahead("r3", "How are", PAUSE_SECONDS)
        assert whole > unread("went on", "How are the kings? [[say well]]") > 1
        read_ahead("r4", "Why is the king? [[say so]]", 0.0)
        read_ahead("opened", "", PAUSE_SECONDS, chat="another")
        assert whole > unread("came back", "Why is the king? [[say so]]") > 1
    finally:
        engine.close()


def test_where_bulk_does_not_fit_the_newest_goes_back_and_says_all_the_same_what_it_has_to_say() -> None:
    engine = Engine(kv_tokens=600)
    try:
        engine.inbox.put(LoadModel(id="load", path=b"fake.gguf"))
        prompts = {f"b{n}": f"{n}. Bulk. [[words 40]]" for n in range(4)}
        for id, prompt in prompts.items():
            request = GenerateRequest(turns=(Turn("user", prompt),), priority=Priority.BULK, max_tokens=1000)
            engine.inbox.put(Submit(id=id, request=request))
        said = dict.fromkeys(prompts, "")
        n_ended = 0
        while n_ended < len(prompts):
            for event in engine.until(TextProduced | RequestFailed | RequestFinished):
                assert not isinstance(event, RequestFailed), event
                if isinstance(event, TextProduced):
                    said[event.id] += event.text
                n_ended += isinstance(event, RequestFinished)
        assert said == {id: reply_to(prompt) for id, prompt in prompts.items()}
    finally:
        engine.close()


def test_a_bulk_request_that_does_not_fit_alone_fails_with_a_sentence() -> None:
    engine = Engine(kv_tokens=60)
    try:
        engine.inbox.put(LoadModel(id="load", path=b"fake.gguf"))
        request = GenerateRequest(turns=(Turn("user", "Bulk. " * 30),), priority=Priority.BULK, max_tokens=10)
        engine.inbox.put(Submit(id="b", request=request))
        assert "no room" in engine.next(RequestFailed).sentence
    finally:
        engine.close()


def test_in_balanced_the_pace_is_of_what_a_person_sees_from_token_to_token() -> None:
    """Computing takes no time here, by this clock; what the engine does between two steps does."""
    commands: list[Command] = [
        LoadModel(id="load", path=b"fake.gguf"),
        SetPreset(preset=Preset.BALANCED, slowdown=2.0),
    ]
    for id, priority in (("bulk", Priority.BULK), ("chat", Priority.INTERACTIVE)):
        turns = (Turn("user", f"{id} [[words 400]]"),)
        request = GenerateRequest(turns=turns, priority=priority, max_tokens=400, may_guess=False)
        commands.append(Submit(id=id, request=request))
    engine = Engine(*commands, tick=1.0)
    try:
        paces = []
        while not isinstance(event := engine.next(TextProduced | RequestFinished), RequestFinished):
            paces += [event.pace_seconds] if event.id == "chat" and event.pace_seconds else []
        assert paces
        assert min(paces) > 1.0
    finally:
        engine.close()
