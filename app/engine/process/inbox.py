"""Commands on their way from the reader thread to the step thread, and the decision to tear the step under way."""

from __future__ import annotations

import threading
from collections.abc import Callable

from app.engine.messages import Cancel, Command, Embed, Hold, LoadModel, Priority, Submit
from app.engine.process.backend import StepPlan


def interrupts(command: Command, plan: StepPlan) -> bool:
    """Is this command worth tearing the step that computes `plan`? In every preset a chat's first token is. Pure."""
    if isinstance(command, Cancel):
        return True  # a stop is never kept waiting by another's step
    if is_awaited(command) or (isinstance(command, Hold) and command.is_held):
        return plan.gives_way
    return isinstance(command, LoadModel)


def is_awaited(command: Command) -> bool:
    """Is it a request that a person waits for?"""
    if isinstance(command, Submit):
        return command.request.priority is Priority.INTERACTIVE
    return isinstance(command, Embed) and command.priority is Priority.INTERACTIVE


class Inbox:
    """`put` and `close` on the reader thread; `take`, `wait`, `watch` on the step thread."""

    def __init__(self) -> None:
        self._commands: list[Command] = []
        self._changed = threading.Condition()
        self._plan: StepPlan | None = None
        self._tear: Callable[[], None] = lambda: None
        self.is_closed = False

    def put(self, command: Command) -> None:
        with self._changed:
            self._commands.append(command)
            if self._plan is not None and interrupts(command, self._plan):
                self._tear()
            self._changed.notify()

    def close(self) -> None:
        """The other side is gone: nothing that is being computed matters any more."""
        with self._changed:
            self.is_closed = True
            self._tear()
            self._changed.notify()

    @property
    def has_news(self) -> bool:
        """Is there a command, or the end? Without the lock: one that comes now is seen the next time."""
        return bool(self._commands) or self.is_closed

    def take(self, *, wait_seconds: float | None) -> list[Command]:
        """All commands that are there. None: wait until there is one, or the inbox is closed. 0: don't wait."""
        with self._changed:
            self._plan = None
            if wait_seconds != 0:
                self._changed.wait_for(lambda: bool(self._commands) or self.is_closed, wait_seconds)
            commands, self._commands = self._commands, []
            return commands

    def wait(self, seconds: float) -> None:
        """Until a command is there, at most so long."""
        with self._changed:
            self._plan = None
            self._changed.wait_for(lambda: bool(self._commands) or self.is_closed, seconds)

    def watch(self, plan: StepPlan, tear: Callable[[], None], clear: Callable[[], None]) -> bool:
        """From now on commands may tear `plan`. False, and nothing is watched, where a command came in before."""
        with self._changed:
            if self._commands or self.is_closed:
                return False
            clear()
            self._plan, self._tear = plan, tear
            return True
