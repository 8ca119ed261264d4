"""Items of the durable queue through the engine: keeps it full, records each result in one commit with its "done".

After an engine crash the items that were running go one at a time; one that crashes the engine alone, twice, has
failed, its neighbours have not. Runs on the core thread.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from app.core import summary
from app.core.events import Event, NoticeShown
from app.core.full_disk import AGAIN_SECONDS, write_when_there_is_room
from app.core.views import JobState
from app.engine.interface import Engine, ModelState
from app.engine.messages import FinishReason, RequestFailed, RequestFinished, TextProduced
from app.errors import ErrorKind, KnownError
from app.logs import topic
from app.store.jobs import ItemRow, JobEnd, Jobs

log = topic("jobs")

MOST_CRASHES_ALONE = 2
QUEUED_AHEAD = 2  # items given to the engine beyond its sequences, so that it never waits for the next one
_REQUEUED = (ErrorKind.NO_MODEL, ErrorKind.ENGINE_CRASHED)

Answer = RequestFinished | RequestFailed | None


@dataclass
class _Running:
    item: ItemRow
    task: asyncio.Task[None]
    is_stopped: bool = False


@dataclass
class _Pace:
    """How fast a job goes, measured since the program started."""

    started_seconds: float
    n_done: int = 0


@dataclass(kw_only=True)
class ItemRunner:
    """`changed` is called with a job's id whenever one of its items moved on."""

    store: Jobs
    engine: Engine
    publish: Callable[[Event], None]
    changed: Callable[[str], None]
    monotonic: Callable[[], float] = time.monotonic
    _running: dict[str, _Running] = field(default_factory=dict)  # by request id
    _paces: dict[str, _Pace] = field(default_factory=dict)
    _crashed_together: frozenset[str] = frozenset()
    _is_closing: bool = False

    def fill(self) -> None:
        """Give the engine what it can take. Call it whenever something changed."""
        capabilities = self.engine.capabilities
        if self._is_closing or self.engine.model_state is not ModelState.READY or capabilities is None:
            return
        if not capabilities.can_write:
            return  # the queue waits for a model that does
        try:
            if self.store.has_suspects() or any(running.item.is_suspect for running in self._running.values()):
                if not self._running:
                    self._claim(only_suspects=True)
                return
            while len(self._running) < capabilities.bulk_sequences + QUEUED_AHEAD:
                if not self._claim(only_suspects=False):
                    return
        except KnownError as error:
            self.publish(NoticeShown(sentence=error.sentence, is_error=True))
            asyncio.get_running_loop().call_later(AGAIN_SECONDS, self.fill)

    def engine_crashed(self, running: frozenset[str]) -> None:
        """`running`: all requests that were with the engine, chats too."""
        self._crashed_together = running

    def stop_job(self, job_id: str) -> None:
        """Its items go back to the queue; what they have said so far is not kept."""
        for request_id, running in self._running.items():
            if running.item.job_id == job_id:
                running.is_stopped = True  # also where the engine has not been asked yet
                self.engine.cancel(request_id)

    def seconds_left(self, job_id: str, n_left: int) -> float | None:
        """An estimate from the items that were done since the program started."""
        pace = self._paces.get(job_id)
        if pace is None or pace.n_done == 0 or n_left <= 0:
            return None
        return (self.monotonic() - pace.started_seconds) / pace.n_done * n_left

    async def close(self) -> None:
        """Leave everything as it stands in the store; the next start goes on."""
        self._is_closing = True
        tasks = [running.task for running in self._running.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _claim(self, *, only_suspects: bool) -> bool:
        item = self.store.claim(only_suspects=only_suspects)
        if item is None:
            return False
        self._paces.setdefault(item.job_id, _Pace(self.monotonic()))
        request_id = f"item-{item.id}"
        task = asyncio.create_task(self._run(request_id, item), name=request_id)
        self._running[request_id] = _Running(item, task)
        self.changed(item.job_id)
        return True

    async def _run(self, request_id: str, item: ItemRow) -> None:
        try:
            text, answer = await self._generate(request_id, item)
            await self._record(request_id, item, text, answer)
        except Exception:
            log.exception("item %d failed", item.id)
            why = "This part failed for a reason that is in the log."
            await self._record(request_id, item, "", RequestFailed(id=request_id, kind=ErrorKind.BUG, sentence=why))
        finally:
            del self._running[request_id]
        self.changed(item.job_id)
        self.fill()

    async def _generate(self, request_id: str, item: ItemRow) -> tuple[str, Answer]:
        job = self.store.get(item.job_id)
        if job is None or self._running[request_id].is_stopped:
            return "", None  # removed or halted meanwhile
        text, answer = "", None
        request = summary.request_for(item, summary.decode_params(job.params))
        async for event in self.engine.generate(request_id, request):
            if isinstance(event, TextProduced):
                text += "" if event.is_thinking else event.text
            elif isinstance(event, RequestFinished | RequestFailed):
                answer = event
        return text, answer

    async def _record(self, request_id: str, item: ItemRow, text: str, answer: Answer) -> None:
        """Write what came of an item."""
        await write_when_there_is_room(lambda: self._settle(request_id, item, text, answer), self.publish)

    def _settle(self, request_id: str, item: ItemRow, text: str, answer: Answer) -> None:
        if answer is None or (isinstance(answer, RequestFinished) and answer.reason is FinishReason.CANCELLED):
            self.store.requeue(item.id)  # its job was paused, cancelled or removed
        elif isinstance(answer, RequestFinished):
            output = summary.clean_output(text)
            self._finish(item, output, error="" if output else "The model answered with nothing.")
        elif answer.kind in _REQUEUED:
            self._requeue(request_id, item, answer.kind)
        else:
            self._finish(item, "", error=answer.sentence)

    def _requeue(self, request_id: str, item: ItemRow, kind: ErrorKind) -> None:
        if kind is not ErrorKind.ENGINE_CRASHED:
            self.store.requeue(item.id)
            return
        crashes = item.crashes + (1 if self._crashed_together == {request_id} else 0)
        if crashes >= MOST_CRASHES_ALONE:
            self._finish(item, "", error="This part makes the engine crash each time.")
        else:
            self.store.requeue_suspect(item.id, crashes)

    def _finish(self, item: ItemRow, output: str, *, error: str) -> None:
        """Record an item, and in the same commit what follows when it was the last of its level."""
        counts = self.store.count(item.job_id, item.level)
        follows: list[str] = []
        end = None
        if counts.queued == 0 and counts.running == 1:
            level = self._level_with(item, output, error)
            follows = summary.next_level(level)
            end = None if follows else self._end_of(item, level, error)
        if error:
            self.store.fail_item(item, error, next_level=follows, job_end=end)
        else:
            self.store.finish_item(item, output, next_level=follows, job_end=end)
        pace = self._paces.get(item.job_id)
        if pace is not None:
            pace.n_done += 1

    def _end_of(self, item: ItemRow, level: list[ItemRow], error: str) -> JobEnd:
        """`level` is the last one, and `item` its last item."""
        chunks = level if item.level == 0 else self.store.items(item.job_id, 0)
        if not any(chunk.state == "done" for chunk in chunks):
            return JobEnd(state=JobState.FAILED.value, error=f"No part could be summarised: {error}")
        job = self.store.get(item.job_id)
        params = summary.decode_params(job.params) if job is not None else summary.SummaryParams(document="")
        return JobEnd(state=JobState.DONE.value, coverage=summary.coverage(params, chunks))

    def _level_with(self, item: ItemRow, output: str, error: str) -> list[ItemRow]:
        state = "failed" if error else "done"
        return [
            replace(other, state=state, output=output) if other.id == item.id else other
            for other in self.store.items(item.job_id, item.level)
        ]
