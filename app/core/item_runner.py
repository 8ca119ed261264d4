"""Items of the durable queue through the engine: keeps it full, records each result in one commit with its "done".

After an engine crash the items that were running go one at a time; one that crashes the engine alone, twice, has
failed, its neighbours have not. Runs on the core thread.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core.events import Event, NoticeShown
from app.core.full_disk import AGAIN_SECONDS, write_when_there_is_room
from app.core.kinds import item_input
from app.core.kinds.kind import Answer, ItemFailed, JobKind
from app.core.kinds.known import kind_of
from app.core.levels import Levels
from app.engine.interface import Engine, ModelState
from app.engine.messages import (
    FinishReason,
    GenerateRequest,
    RequestFailed,
    RequestFinished,
    TextProduced,
)
from app.errors import ErrorKind, KnownError
from app.logs import topic
from app.store.items import NO_COST, Cost, ItemRow, Items
from app.store.jobs import JobRow, Jobs

log = topic("jobs")

MOST_CRASHES_ALONE = 2
WAITING_AT_ENGINE = 2  # items with the engine, in multiples of its sequences, so that it never waits for the next one
_AGAIN = (ErrorKind.NO_MODEL, ErrorKind.ENGINE_CRASHED)


@dataclass(frozen=True)
class _Outcome:
    """What became of an item. Neither output nor error: it goes back to the queue."""

    request_id: str
    item: ItemRow
    output: str = ""
    error: str = ""
    cost: Cost = NO_COST
    is_crash: bool = False


@dataclass
class _Running:
    item: ItemRow
    task: asyncio.Task[None]
    has_begun: bool = False
    is_stopped: bool = False


@dataclass(kw_only=True)
class ItemRunner:
    """`may_run` names the jobs that may run now; `ended` is told, after the commit, which items of a job ended."""

    jobs: Jobs
    items: Items
    levels: Levels
    engine: Engine
    publish: Callable[[Event], None]
    may_run: Callable[[], Sequence[str]]
    changed: Callable[[str], None]
    ended: Callable[[str, Sequence[int]], None]
    monotonic: Callable[[], float] = time.monotonic
    _running: dict[str, _Running] = field(default_factory=dict)  # by request id
    _outcomes: list[_Outcome] = field(default_factory=list)  # not recorded yet
    _recorder: asyncio.Task[None] | None = None
    _prepared: dict[tuple[str, str, str], asyncio.Future[list[Answer]]] = field(default_factory=dict)
    _crashed_together: frozenset[str] = frozenset()
    _is_closing: bool = False

    def fill(self) -> None:
        """Give the engine what it can take. Call it whenever something changed."""
        capabilities = self.engine.capabilities
        if self._is_closing or self.engine.model_state is not ModelState.READY or capabilities is None:
            return
        if not capabilities.can_write:
            return  # the queue waits for a model that does
        most = capabilities.bulk_sequences * (1 + WAITING_AT_ENGINE)
        if len(self._running) > most - capabilities.bulk_sequences:
            return  # in one go, when there is room for several
        may_run = self.may_run()
        try:
            if self.items.has_suspects(may_run) or any(running.item.is_suspect for running in self._running.values()):
                if not self._running:
                    self._start(self.items.claim(may_run, 1, only_suspects=True))
                return
            self._start(self.items.claim(may_run, most - len(self._running)))
        except KnownError as error:
            self.publish(NoticeShown(sentence=error.sentence, is_error=True))
            asyncio.get_running_loop().call_later(AGAIN_SECONDS, self.fill)

    def engine_crashed(self, running: frozenset[str]) -> None:
        """`running`: all requests that were with the engine, chats too."""
        self._crashed_together = frozenset(_item_of(request_id) for request_id in running)

    def stop_job(self, job_id: str) -> None:
        """Its items go back to the queue; what they have said so far is not kept."""
        for running in self._running.values():
            if running.item.job_id == job_id:
                running.is_stopped = True
                if running.has_begun:  # else it sees that it is stopped: cancelled, it would never say that it is over
                    running.task.cancel()  # which takes its requests from the engine

    @property
    def job_ids(self) -> set[str]:
        """Jobs of which something is with the engine."""
        return {running.item.job_id for running in self._running.values()}

    async def hand_back(self) -> None:
        """All items go back to the queue, for another runner; this one takes no more."""
        self._is_closing = True
        for job_id in self.job_ids:
            self.stop_job(job_id)
        if self._running:
            await asyncio.wait([running.task for running in self._running.values()])
        if self._recorder is not None:
            await asyncio.wait([self._recorder])

    async def close(self) -> None:
        """Leave everything as it stands in the store; the next start goes on."""
        self._is_closing = True
        tasks = [running.task for running in self._running.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        if self._recorder is not None:
            self._recorder.cancel()
            await asyncio.wait([self._recorder])

    def _start(self, claimed: Sequence[ItemRow]) -> None:
        for item in claimed:
            request_id = f"item-{item.id}"
            task = asyncio.create_task(self._run(request_id, item), name=request_id)
            self._running[request_id] = _Running(item, task)
        for job_id in {item.job_id for item in claimed}:
            self.changed(job_id)

    # one item

    async def _run(self, request_id: str, item: ItemRow) -> None:
        started = self.monotonic()
        self._running[request_id].has_begun = True
        try:
            outcome = await self._ask(request_id, item, started)
        except asyncio.CancelledError:
            outcome = _Outcome(request_id, item)  # its job was paused, cancelled or removed, or the program ends
        except ItemFailed as error:
            outcome = _Outcome(request_id, item, error=str(error))
        except KnownError as error:
            if error.kind in _AGAIN:
                outcome = _Outcome(request_id, item, is_crash=error.kind is ErrorKind.ENGINE_CRASHED)
            else:
                outcome = _Outcome(request_id, item, error=error.sentence)
        except Exception:
            log.exception("item %d failed", item.id)
            outcome = _Outcome(request_id, item, error="This part failed for a reason that is in the log.")
        self._outcomes.append(outcome)
        if self._recorder is None or self._recorder.done():
            self._recorder = asyncio.create_task(self._record_all(), name="record results")

    async def _ask(self, request_id: str, item: ItemRow, started: float) -> _Outcome:
        job = self.jobs.get(item.job_id)
        if job is None or self._running[request_id].is_stopped:
            return _Outcome(request_id, item)  # removed or halted meanwhile
        kind, params = await self._prepared_for(job, request_id)
        input = item_input.decode(item.input)
        answers = await self._answers(request_id, kind.requests(params, input))
        cost = self._cost(answers, started)
        try:
            return _Outcome(request_id, item, output=kind.output(params, input, answers), cost=cost)
        except ItemFailed as error:
            return _Outcome(request_id, item, error=str(error), cost=cost)

    async def _prepared_for(self, job: JobRow, request_id: str) -> tuple[JobKind, Any]:
        """The job's kind, and its parameters with what is asked once before its items."""
        kind, params = kind_of(job)
        first = kind.first_requests(params)
        if not first:
            return kind, params
        key = (job.id, job.params, job.model)
        if key not in self._prepared:
            self._prepared = {other: kept for other, kept in self._prepared.items() if other[0] != job.id}
            self._prepared[key] = asyncio.ensure_future(self._answers(f"{request_id}.first", first))
        try:
            return kind, kind.prepared(params, await asyncio.shield(self._prepared[key]))
        except (KnownError, asyncio.CancelledError):
            if key in self._prepared and self._prepared[key].done():
                del self._prepared[key]  # the next one asks again
            raise

    async def _answers(self, request_id: str, asked: Sequence[GenerateRequest]) -> list[Answer]:
        """Raises KnownError with the kind of the first that failed, CancelledError where one was cancelled."""
        said = await asyncio.gather(
            *(self._generate(f"{request_id}.{n}" if n else request_id, request) for n, request in enumerate(asked))
        )
        for answer in said:
            if isinstance(answer, RequestFailed):
                raise KnownError(answer.kind, answer.sentence)
            if answer is None:
                raise asyncio.CancelledError
        return [answer for answer in said if isinstance(answer, Answer)]

    async def _generate(self, request_id: str, request: GenerateRequest) -> Answer | RequestFailed | None:
        """None: it was cancelled."""
        text = ""
        async for event in self.engine.generate(request_id, request):
            if isinstance(event, TextProduced):
                text += "" if event.is_thinking else event.text
            elif isinstance(event, RequestFailed):
                return event
            elif isinstance(event, RequestFinished):
                if event.reason is FinishReason.CANCELLED:
                    return None
                is_complete = event.reason is not FinishReason.LENGTH
                return Answer(text=text, is_complete=is_complete, usage=event.usage, scores=event.scores)
        return None

    def _cost(self, answers: Sequence[Answer], started: float) -> Cost:
        usages = [answer.usage for answer in answers]
        return Cost(
            prompt_tokens=sum(usage.prompt_tokens for usage in usages),
            cached_tokens=sum(usage.cached_tokens for usage in usages),
            output_tokens=sum(usage.output_tokens for usage in usages),
            seconds=self.monotonic() - started,
        )

    # what is recorded: all that has ended since the last commit, in one

    async def _record_all(self) -> None:
        while self._outcomes:
            batch, self._outcomes = self._outcomes, []
            try:
                await write_when_there_is_room(lambda batch=batch: self._record(batch), self.publish)  # type: ignore[misc]
            except Exception:
                log.exception("results could not be recorded together")
                await self._record_singly(batch)
            for outcome in batch:
                self._running.pop(outcome.request_id, None)
            for job_id in {outcome.item.job_id for outcome in batch}:
                self.ended(job_id, [o.item.id for o in batch if o.item.job_id == job_id and self._has_ended(o.item)])
                self.changed(job_id)
            self.fill()

    def _has_ended(self, item: ItemRow) -> bool:
        row = self.items.get(item.id)
        return row is not None and row.state in ("done", "failed")

    async def _record_singly(self, batch: Sequence[_Outcome]) -> None:
        """One of them brings a kind's own code to a fault: it has failed, the others have not."""
        for outcome in batch:
            try:
                await write_when_there_is_room(lambda one=outcome: self._record([one]), self.publish)  # type: ignore[misc]
            except Exception:
                log.exception("what follows from item %d could not be found out", outcome.item.id)
                sentence = "This job can't go on for a reason that is in the log."
                self.jobs.set_state(outcome.item.job_id, "failed", sentence)
                self.items.requeue(outcome.item.id)

    def _record(self, batch: Sequence[_Outcome]) -> None:
        with self.items.together():
            for outcome in batch:
                self._settle(outcome)

    def _settle(self, outcome: _Outcome) -> None:
        item, error = outcome.item, outcome.error
        if outcome.is_crash:
            was_alone = self._crashed_together == {_item_of(outcome.request_id)}
            crashes = item.crashes + (1 if was_alone else 0)
            if crashes < MOST_CRASHES_ALONE:
                self.items.requeue_suspect(item.id, crashes)
                return
            error = "This part makes the engine crash each time."
        if not outcome.output and not error:
            self.items.requeue(item.id)
        elif self.items.end(item, output=outcome.output, error=error, cost=outcome.cost):
            self.levels.item_ended(item)


def _item_of(request_id: str) -> str:
    """An item may have several requests with the engine."""
    return request_id.partition(".")[0]
