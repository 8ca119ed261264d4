"""The queue: how close bulk comes to the bare limit, alone and behind a common beginning, and a chat in front of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from statistics import mean

from app.engine.bare import BareModel
from app.engine.client import EngineClient
from app.engine.messages import Preset, Priority, Turn
from app.lab.bench import Lab, Watcher
from app.lab.chat_benches import Conversation, conversation
from app.lab.row import Limit, Row
from app.lab.target import EngineTarget, Sample, ServerTarget, Target, median, percentile
from app.lab.workload import prose_of

DOCUMENTS, DOCUMENT_TOKENS, DOCUMENT_OUTPUT = 64, 480, 64
TEXTS, INSTRUCTION_TOKENS, TEXT_TOKENS, TEXT_OUTPUT = 96, 650, 36, 8
PARTS = 4  # of the documents: the bare speeds are taken between them, because a machine's own speed drifts
TURNS = 20
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
        async with lab.bare(n_sequences=width, context_tokens=context) as bare:
            speeds = [await _bare_speeds(bare, width, DOCUMENT_TOKENS + DOCUMENT_OUTPUT // 2)]
            wall = limit = 0.0
            samples: list[Sample] = []
            for first in range(0, len(requests), len(requests) // PARTS):
                part = requests[first : first + len(requests) // PARTS]
                seconds, done = await wall_seconds(EngineTarget(engine), part, DOCUMENT_OUTPUT)
                speeds.append(await _bare_speeds(bare, width, DOCUMENT_TOKENS + DOCUMENT_OUTPUT // 2))
                prefill, decode = (mean(pair) for pair in zip(*speeds[-2:], strict=True))
                limit += sum(s.n_prompt - s.n_cached for s in done) / prefill + sum(s.n_output for s in done) / decode
                wall += seconds
                samples += done
        prefill, decode = (mean(of_one) for of_one in zip(*speeds, strict=True))
        n_prompt, n_output = sum(s.n_prompt - s.n_cached for s in samples), sum(s.n_output for s in samples)
        row.figures = {
            "wall_ratio": wall / limit,
            "wall_seconds": wall,
            "limit_seconds": limit,
            "tokens_per_second": (n_prompt + n_output) / wall,
            "bare_prefill_per_second": prefill,
            "bare_decode_per_second": decode,
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


async def _bare_speeds(bare: BareModel, width: int, depth: int) -> tuple[float, float]:
    """(prefill, decode) in tokens per second; the best of two."""
    prefill = min([await bare.prefill(DOCUMENT_TOKENS) for _ in range(3)])
    step = min([await bare.decode_step(width, depth, 12) for _ in range(2)])
    return DOCUMENT_TOKENS / prefill, width / step


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
            before = await _bare_speeds(bare, width, INSTRUCTION_TOKENS)
            wall, samples = await wall_seconds(EngineTarget(engine), requests, TEXT_OUTPUT)
            after = await _bare_speeds(bare, width, INSTRUCTION_TOKENS)
        prefill, decode = ((a + b) / 2 for a, b in zip(before, after, strict=True))
        own = [s.n_prompt - INSTRUCTION_TOKENS for s in samples]
        limit = (INSTRUCTION_TOKENS + sum(own)) / prefill + sum(s.n_output for s in samples) / decode
        row.figures = {
            "wall_ratio": wall / limit,
            "wall_seconds": wall,
            "limit_seconds": limit,
            "read_tokens": sum(s.n_prompt - s.n_cached for s in samples),
            "least_tokens": INSTRUCTION_TOKENS + sum(own),
            "bare_prefill_per_second": prefill,
            "bare_decode_per_second": decode,
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


async def _bulk_rate(watcher: Watcher, meanwhile: Awaitable[None]) -> float:
    """Tokens that bulk reads and writes in a second."""
    before, started = watcher.report, time.perf_counter()
    await meanwhile
    after, seconds = watcher.report, time.perf_counter() - started
    if before is None or after is None:
        return 0.0
    return (after.bulk_tokens - before.bulk_tokens) / seconds


async def _turns_into(samples: list[Sample], talk: Conversation) -> None:
    """Long replies, one after the other, as a person reads them."""
    for n in range(6):
        samples.append(await talk.ask(n, 200))


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
        idle = [await talk.ask(n, 200) for n in range(3)]
        itl = median([s.itl_seconds for s in idle])
        async with _flood(EngineTarget(engine), requests):
            await asyncio.sleep(2.0)
            alone = await _bulk_rate(watcher, asyncio.sleep(30.0))
            for preset, name in ((Preset.BALANCED, ""), (Preset.BATCH, "batch_")):
                engine.set_preset(preset)
                samples: list[Sample] = []
                beside = await _bulk_rate(watcher, _turns_into(samples, talk))
                gaps = [gap for s in samples for gap in s.gaps_seconds]
                row.figures |= {
                    f"{name}itl_ratio": sum(gaps) / len(gaps) / itl,
                    f"{name}p95_gap_ratio": percentile(gaps, 0.95) / itl,
                    f"{name}worst_gap_ratio": max(gaps) / itl,
                    f"{name}bulk_share": beside / alone,
                    f"{name}ttft_seconds": median([s.ttft_seconds for s in samples]),
                }
            engine.set_preset(Preset.RESPONSIVE)
        row.figures |= {"idle_itl_seconds": itl, "bulk_alone_tokens_per_second": alone}
        row.facts = {"ratio": f"Balanced may slow a chat {BALANCED_SLOWER} times"}
    return row
