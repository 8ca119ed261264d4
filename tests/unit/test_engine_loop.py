"""What the step loop tells of itself, with the fake backend and a clock that stands still until it is moved."""

from __future__ import annotations

import queue
import threading
from typing import Any

from app.engine.messages import (
    EngineReported,
    Event,
    GenerateRequest,
    LoadModel,
    Priority,
    ReadAhead,
    RequestFinished,
    Submit,
    Turn,
)
from app.engine.process.fake_llama import FakeBackend
from app.engine.process.inbox import Inbox
from app.engine.process.loop import EngineLoop


class Engine:
    """A loop on a thread of its own."""

    def __init__(self) -> None:
        self.now = 0.0
        self.inbox = Inbox()
        self._events: queue.Queue[Event] = queue.Queue()
        loop = EngineLoop(
            lambda path, context, progress: FakeBackend(),
            self.inbox,
            lambda events: [self._events.put(event) for event in events],
            clock=lambda: self.now,
        )
        self._thread = threading.Thread(target=loop.run, daemon=True)
        self._thread.start()

    def next(self, kind: type) -> Any:
        """The next event of this kind."""
        while not isinstance(event := self._events.get(timeout=20), kind):
            pass
        return event

    def close(self) -> None:
        self.inbox.close()
        self._thread.join(30)


def test_an_engine_that_became_idle_without_a_step_says_so() -> None:
    """Reading ahead what is read already: no speed of a while ago may be the last word."""
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
        assert engine.next(EngineReported).bulk_tokens_per_second > 0
        assert engine.next(EngineReported).bulk_tokens_per_second == 0
    finally:
        engine.close()
