"""The queue: how close bulk comes to the bare limit, alone and behind a common beginning, and a chat in front of it."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from statistics import mean

from app.engine.bare import BareModel
from app.engine.client import EngineClient
from app.engine.messages import EngineReported, Preset, Priority, Turn
from app.lab.bench import Lab, Watcher
from app.lab.chat_benches import Conversation, conversation
from app.lab.row import Limit, Row
from app.lab.target import EngineTarget, Sample, ServerTarget, Target, median, percentile
from app.lab.workload import prose_of

DOCUMENTS, DOCUMENT_TOKENS, DOCUMENT_OUTPUT = 64, 480, 64
TEXTS, INSTRUCTION_TOKENS, TEXT_TOKENS, TEXT_OUTPUT = 96, 650, 36, 8
PARTS = 8  # of the documents: the bare costs are taken between them, because a machine's own speed drifts
REPETITIONS = 3  # of each bare figure; as llama-bench does, their mean counts: a wall is made of good and bad moments
TURNS, BATCH_TURNS = 20, 4
DRIFT = 1.07  # of the machine's own speed while a reply is told: more, and the reply says nothing of bulk
ALONE_SECONDS = 2.0  # at a time, to learn what bulk does by itself
BALANCED_SLOWER = 1.5


async def documents(engine: EngineClient, n: int = DOCUMENTS, *, first: int = 1000) -> list[tuple[Turn, ...]]:
    """`first` is the seed of the first of them."""
    return [(Turn("user", await prose_of(DOCUMENT_TOKENS - 30, first + k, engine.count_tokens)),) for k in range(n)]


def unseen() -> int:
    """A seed that no other run had: a server may keep the prompts that it was sent before."""
    return 10_000 + 100 * int(time.time())


async def wall_seconds(
    target: Target, requests: Sequence[tuple[Turn, ...]], max_tokens: int
) -> tuple[float, list[Sample]]:
    """All at once, until the last has ended."""
    started = time.perf_counter()
    samples = await asyncio.gather(*(target.ask(turns, max_tokens, priority=Priority.BULK) for turns in requests))
    return time.perf_counter() - started, samples


async def bulk(lab: Lab) -> Row:
    """Documents as fast as they go."""
    row = Row("bulk", limits=[Limit("wall_ratio", 1.05)])
    async with lab.engine() as (engine, _):
        requests = await documents(engine, first=unseen())
        assert engine.capabilities is not None
        width, context = engine.capabilities.bulk_sequences, engine.capabilities.bulk_context
        async with lab.bare(n_sequences=width, context_tokens=context, is_flash=True) as bare:
            costs = [await _bare_costs(bare, width, DOCUMENT_TOKENS + DOCUMENT_OUTPUT // 2)]
            wall = limit = 0.0
            samples: list[Sample] = []
            for first in range(0, len(requests), len(requests) // PARTS):
                part = requests[first : first + len(requests) // PARTS]
                seconds, done = await wall_seconds(EngineTarget(engine), part, DOCUMENT_OUTPUT)
                costs.append(await _bare_costs(bare, width, DOCUMENT_TOKENS + DOCUMENT_OUTPUT // 2))
                limit += _limit_seconds(done, costs[-2:])
                wall += seconds
                samples += done
        n_prompt, n_output = sum(s.n_prompt - s.n_cached for s in samples), sum(s.n_output for s in samples)
        row.figures = {
            "wall_ratio": wall / limit,
            "wall_seconds": wall,
            "limit_seconds": limit,
            "tokens_per_second": (n_prompt + n_output) / wall,
            "bare_prefill_per_second": 1 / mean(read for read, _ in costs),
            "bare_decode_per_second": 1 / mean(written for _, written in costs),
            "width": width,
        }
        row.facts = {
            "workload": f"{len(samples)} documents, {n_prompt} tokens in, {n_output} out",
            "bare": bare.settings,
        }
        if lab.against:
            theirs, answers = await wall_seconds(ServerTarget(lab.against), requests, DOCUMENT_OUTPUT)
            row.figures["against_wall_seconds"] = theirs
            row.figures["against_ratio"] = wall / theirs
            row.figures["against_cached_tokens"] = sum(s.n_cached for s in answers)
    return row


async def _bare_costs(bare: BareModel, width: int, depth: int) -> tuple[float, float]:
    """Seconds of a prompt token, and of an output token at that width."""
    prefill = mean([await bare.prefill(DOCUMENT_TOKENS) for _ in range(REPETITIONS)])
    step = mean([await bare.decode_step(width, depth, 12) for _ in range(REPETITIONS)])
    return prefill / DOCUMENT_TOKENS, step / width


def _limit_seconds(samples: Sequence[Sample], costs: Sequence[tuple[float, float]], *, shared: int = 0) -> float:
    """What llama_decode alone would take for them. `shared`: tokens at each prompt's beginning that are read once."""
    read, written = (mean(of_one) for of_one in zip(*costs, strict=True))
    n_read = shared + sum(s.n_prompt - (shared or s.n_cached) for s in samples)
    seconds: float = n_read * read + sum(s.n_output for s in samples) * written
    return seconds


async def prefix(lab: Lab) -> Row:
    """Short texts behind one instruction."""
    row = Row("prefix", limits=[Limit("wall_ratio", 1.05)])
    async with lab.engine() as (engine, _):
        instruction = Turn("system", await prose_of(INSTRUCTION_TOKENS, 7, engine.count_tokens))
        requests = [
            (instruction, Turn("user", await prose_of(TEXT_TOKENS, 2000 + k, engine.count_tokens)))
            for k in range(TEXTS)
        ]
        assert engine.capabilities is not None
        width, context = engine.capabilities.bulk_sequences, engine.capabilities.bulk_context
        async with lab.bare(n_sequences=width, context_tokens=context) as bare:
            before = await _bare_costs(bare, width, INSTRUCTION_TOKENS)
            wall, samples = await wall_seconds(EngineTarget(engine), requests, TEXT_OUTPUT)
            after = await _bare_costs(bare, width, INSTRUCTION_TOKENS)
        limit = _limit_seconds(samples, (before, after), shared=INSTRUCTION_TOKENS)
        row.figures = {
            "wall_ratio": wall / limit,
            "wall_seconds": wall,
            "limit_seconds": limit,
            "read_tokens": sum(s.n_prompt - s.n_cached for s in samples),
            "least_tokens": INSTRUCTION_TOKENS + sum(s.n_prompt - INSTRUCTION_TOKENS for s in samples),
            "bare_prefill_per_second": 2 / (before[0] + after[0]),
            "bare_decode_per_second": 2 / (before[1] + after[1]),
        }
        row.facts = {"bare": bare.settings}
        if lab.against:
            theirs, _ = await wall_seconds(ServerTarget(lab.against), requests, TEXT_OUTPUT)
            row.figures["against_wall_seconds"] = theirs
    return row


@asynccontextmanager
async def _flood(target: Target, requests: Sequence[tuple[Turn, ...]]) -> AsyncIterator[list[Sample]]:
    """Requests in flight all the time: each that ends is followed by another. Yields those that have ended."""
    ended: list[Sample] = []

    async def keep_asking(n: int) -> None:
        while True:
            ended.append(await target.ask(requests[n % len(requests)], DOCUMENT_OUTPUT, priority=Priority.BULK))

    tasks = [asyncio.create_task(keep_asking(n)) for n in range(len(requests))]
    try:
        yield ended
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _turns(talk: Conversation, *, pause_seconds: float = 0.0) -> list[Sample]:
    samples = []
    for n in range(TURNS):
        samples.append(await talk.ask(n))
        await asyncio.sleep(pause_seconds)
    return samples


async def _torn(watcher: Watcher) -> int:
    return watcher.report.torn_bulk_tokens if watcher.report is not None else 0


async def preempt(lab: Lab) -> Row:
    """A turn while 64 bulk requests are in flight, in Responsive."""
    row = Row(
        "preempt",
        limits=[
            Limit("ttft_ratio", 1.15),
            Limit("worst_ttft_ratio", 1.5),
            Limit("itl_ratio", 1.05),
            Limit("torn_tokens_per_turn", 512),
        ],
    )
    async with lab.engine() as (engine, watcher):
        requests = await documents(engine)
        talk = await conversation(engine)
        await talk.warm()
        idle = await _turns(talk)
        async with _flood(EngineTarget(engine), requests):
            await asyncio.sleep(3.0)  # into the middle of it: this is a measurement, not a test
            torn_before = await _torn(watcher)
            during = await _turns(talk, pause_seconds=1.5)
            torn = await _torn(watcher) - torn_before
        await watcher.until_idle()
        idle += await _turns(talk)
        base = median([s.ttft_seconds for s in idle])
        row.figures = {
            "ttft_ratio": median([s.ttft_seconds for s in during]) / base,
            "worst_ttft_ratio": max(s.ttft_seconds for s in during) / base,
            "worst_idle_ttft_ratio": max(s.ttft_seconds for s in idle) / base,
            "itl_ratio": median([s.itl_seconds for s in during]) / median([s.itl_seconds for s in idle]),
            "torn_tokens_per_turn": torn / TURNS,
            "ttft_seconds": median([s.ttft_seconds for s in during]),
            "idle_ttft_seconds": base,
        }
        if lab.against:
            server = ServerTarget(lab.against)
            other = await conversation(engine, server)
            await other.warm()
            theirs_idle = [await other.ask(n) for n in range(3)]
            async with _flood(server, requests):
                await asyncio.sleep(3.0)
                theirs = await other.ask(3)
            row.figures["against_idle_ttft_seconds"] = median([s.ttft_seconds for s in theirs_idle])
            row.figures["against_ttft_seconds"] = theirs.ttft_seconds
    return row


@dataclass(frozen=True)
class _BulkWork:
    """What bulk did between two reports, each of which comes between two steps."""

    n_read: int
    n_written: int
    seconds: float

    @classmethod
    def between(cls, before: EngineReported, after: EngineReported, seconds: float) -> _BulkWork:
        n_written = after.bulk_output_tokens - before.bulk_output_tokens
        return cls(after.bulk_tokens - before.bulk_tokens - n_written, n_written, seconds)

    def tokens(self, written_cost: float) -> float:
        """One that is written counts for as many as are read in its time: what a short while has of both is chance."""
        return self.n_read + written_cost * self.n_written


def _written_cost(report: EngineReported) -> float:
    """How many tokens are read while one is written, at full width with no chat."""
    read = report.bulk_read_seconds / max(1, report.bulk_read_tokens)
    return report.bulk_written_seconds / max(1, report.bulk_written_tokens) / read if read else 1.0


@dataclass
class _Beside:
    """Replies with bulk beside them; before and after each bulk by itself and a reply while bulk was held: the
    machine's speed drifts.
    """

    samples: list[Sample] = field(default_factory=list)
    idle: list[Sample] = field(default_factory=list)
    work: list[_BulkWork] = field(default_factory=list)  # to the end of the step that began when the reply had ended
    alone: list[_BulkWork] = field(default_factory=list)

    def bulk_share(self, written_cost: float) -> float:
        """Of its speed alone, that bulk had during the replies."""
        speed = self.alone_speed(written_cost)
        seconds = sum(sample.total_seconds for sample in self.samples)
        after = sum(work.seconds for work in self.work) - seconds
        return (sum(work.tokens(written_cost) for work in self.work) / speed - after) / seconds

    def alone_speed(self, written_cost: float) -> float:
        """Tokens a second."""
        return sum(work.tokens(written_cost) for work in self.alone) / sum(work.seconds for work in self.alone)

    @property
    def gap_ratios(self) -> list[float]:
        """Of all replies, to the mean of the two around each."""
        return [ratio for _, ratios in self._replies for ratio in ratios]

    @property
    def steady(self) -> list[list[float]]:
        """The same, by reply, of those while which the machine kept its speed; of all, where it never did."""
        replies = self._replies
        return [ratios for drift, ratios in replies if drift <= DRIFT] or [ratios for _, ratios in replies]

    @property
    def _replies(self) -> list[tuple[float, list[float]]]:
        """Of each the drift of the machine, and its gaps."""
        found = []
        for sample, around in zip(self.samples, itertools.pairwise(self.idle), strict=True):
            itl = [alone.itl_seconds for alone in around]
            found.append((max(itl) / min(itl), [gap / mean(itl) for gap in sample.gaps_seconds]))
        return found


async def _beside(
    engine: EngineClient, watcher: Watcher, talk: Conversation, preset: Preset, n_turns: int, n_tokens: int
) -> _Beside:
    """Replies one after the other, as a person reads them."""
    found = _Beside()
    engine.set_preset(preset)
    for n in range(n_turns + 1):
        started = await watcher.next_report(), time.perf_counter()
        await asyncio.sleep(ALONE_SECONDS)
        ended = await watcher.next_report(), time.perf_counter()
        found.alone.append(_BulkWork.between(started[0], ended[0], ended[1] - started[1]))
        engine.hold(True)
        found.idle.append(await talk.ask(n_turns, n_tokens))
        if n == n_turns:
            break
        before, started_seconds = watcher.report, time.perf_counter()
        assert before is not None
        engine.hold(False)
        found.samples.append(await talk.ask(n, n_tokens))
        after = await watcher.next_report()
        found.work.append(_BulkWork.between(before, after, time.perf_counter() - started_seconds))
    engine.set_preset(Preset.RESPONSIVE)
    engine.hold(False)
    return found


async def balanced(lab: Lab) -> Row:
    """A chat beside bulk, in Balanced and in Batch: what each costs the other."""
    row = Row(
        "balanced",
        limits=[
            Limit("itl_ratio", 1.55),
            Limit("p95_gap_ratio", 1.55),
            Limit("worst_gap_ratio", 3.0),
            Limit("bulk_share", 0.25, is_most=False),
        ],
    )
    async with lab.engine() as (engine, watcher):
        requests = await documents(engine)
        talk = await conversation(engine, EngineTarget(engine, may_guess=False))  # the share is one of plain steps
        await talk.warm()
        async with _flood(EngineTarget(engine), requests):
            await asyncio.sleep(2.0)
            for preset, name, n_turns, n_tokens in (
                (Preset.BALANCED, "", TURNS, 200),
                (Preset.BATCH, "batch_", BATCH_TURNS, 40),
            ):
                found = await _beside(engine, watcher, talk, preset, n_turns, n_tokens)
                assert watcher.report is not None
                cost = _written_cost(watcher.report)
                gaps = [gap for reply in found.steady for gap in reply]
                row.figures |= {
                    f"{name}itl_ratio": mean(gaps),
                    f"{name}p95_gap_ratio": percentile(gaps, 0.95),
                    f"{name}p95_gap_ratio_of_all": percentile(found.gap_ratios, 0.95),
                    f"{name}steady_replies": len(found.steady),
                    f"{name}worst_gap_ratio": max(found.gap_ratios),
                    f"{name}bulk_share": found.bulk_share(cost),
                    f"{name}bulk_alone_tokens_per_second": found.alone_speed(1.0),
                    f"{name}ttft_seconds": median([s.ttft_seconds for s in found.samples]),
                    f"{name}idle_itl_seconds": median([s.itl_seconds for s in found.idle]),
                }
        idle_gaps = [gap / s.itl_seconds for s in found.idle for gap in s.gaps_seconds]
        row.figures |= {
            "idle_p95_gap_ratio": percentile(idle_gaps, 0.95),
            "bulk_written_cost": cost,
        }
        row.facts = {"ratio": f"Balanced may slow a chat {BALANCED_SLOWER} times"}
    return row
