"""One chat: alone, after a restart, while it is typed, and what it costs in memory."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import psutil

from app.engine.client import EngineClient
from app.engine.messages import Turn
from app.lab.bench import Lab
from app.lab.row import Limit, Row
from app.lab.target import EngineTarget, Sample, ServerTarget, Target, median
from app.lab.workload import prose_of

HISTORY_TOKENS = 1500
TURN_TOKENS = 30
TRIES = 12
OUTPUT_TOKENS = 24
TYPED_PER_SECOND = 6.0
READ_AHEAD_SECONDS = 0.3  # after a key, with those that follow it, as the window does
PAUSE_SECONDS = 1.0  # of somebody who looks at what is written before it is sent


@dataclass
class Conversation:
    """A chat of about HISTORY_TOKENS that is asked turn after turn; each question branches off the same history."""

    target: Target
    history: tuple[Turn, ...]
    questions: list[str]
    key: str = "bench"

    async def warm(self) -> None:
        await self.ask(0, max_tokens=1)

    async def ask(self, n: int, max_tokens: int = OUTPUT_TOKENS) -> Sample:
        turns = (*self.history, Turn("user", self.questions[n % len(self.questions)]))
        return await self.target.ask(turns, max_tokens, key=self.key)


async def conversation(engine: EngineClient, target: Target | None = None) -> Conversation:
    """History and questions by this engine's token counts."""
    story = await prose_of(HISTORY_TOKENS - 40, 1, engine.count_tokens)
    history = (Turn("user", story), Turn("assistant", "I have read it. What would you like to know?"))
    questions = [await prose_of(TURN_TOKENS, 100 + n, engine.count_tokens) for n in range(TRIES)]
    return Conversation(target or EngineTarget(engine), history, questions)


async def chat(lab: Lab) -> Row:
    """A turn on a warm history, beside the Llama class and the bare loop; the three take turns."""
    row = Row("chat", limits=[Limit("ttft_ratio", 1.05), Limit("itl_ratio", 1.05)])
    async with lab.engine() as (engine, _), lab.bare() as bare:
        talk = await conversation(engine)
        await talk.warm()
        ours: list[Sample] = []
        peer, steps = [], []
        for n in range(TRIES):
            sample = await talk.ask(n + 1)  # 0 was the warm-up
            ours.append(sample)
            peer.append(await bare.peer_ttft(sample.n_cached, sample.n_prompt - sample.n_cached))
            steps.append(await bare.decode_step(1, sample.n_prompt, OUTPUT_TOKENS))
        ttft, itl = median([s.ttft_seconds for s in ours]), median([s.itl_seconds for s in ours])
        row.figures = {
            "ttft_ratio": ttft / median(peer),
            "itl_ratio": itl / median(steps),
            "worst_ttft_ratio": max(s.ttft_seconds for s in ours) / max(peer),
            "ttft_seconds": ttft,
            "llama_class_ttft_seconds": median(peer),
            "itl_seconds": itl,
            "bare_itl_seconds": median(steps),
        }
        row.facts = {"workload": f"{ours[0].n_prompt} tokens, {ours[0].n_cached} cached", "bare": bare.settings}
        if lab.against:
            other = await conversation(engine, ServerTarget(lab.against))
            await other.warm()
            theirs = [await other.ask(n) for n in range(TRIES)]
            row.figures["against_ttft_seconds"] = median([s.ttft_seconds for s in theirs])
            row.figures["against_itl_seconds"] = median([s.itl_seconds for s in theirs])
    return row


async def reopen(lab: Lab) -> Row:
    """The first turn after a restart, with the KV that was kept and without."""
    row = Row("reopen", limits=[Limit("ttft_ratio", 0.1)])
    kept, anew = [], []
    for _ in range(3):
        kv = lab.folder / "kv-reopen"
        async with lab.engine(kv_folder=kv) as (engine, _):
            await (await conversation(engine)).warm()
        async with lab.engine(kv_folder=kv) as (engine, _):
            kept.append(await (await conversation(engine)).ask(1, 4))
        async with lab.engine() as (engine, _):
            anew.append(await (await conversation(engine)).ask(1, 4))
    row.figures = {
        "ttft_ratio": median([s.ttft_seconds for s in kept]) / median([s.ttft_seconds for s in anew]),
        "ttft_seconds": median([s.ttft_seconds for s in kept]),
        "read_again_ttft_seconds": median([s.ttft_seconds for s in anew]),
        "cached_tokens": kept[-1].n_cached,
    }
    return row


async def typing(lab: Lab) -> Row:
    """The turn typed at six keys a second, Enter the last of them, beside the same turn sent without reading ahead.

    A second figure is for somebody who pauses before Enter.
    """
    row = Row("typing", limits=[Limit("ttft_ratio", 0.4)])
    async with lab.engine() as (engine, _):
        talk = await conversation(engine)
        await talk.warm()
        typist = Typist(engine, talk)
        at_once, typed, paused = [], [], []
        for n in range(1, 7):
            at_once.append(await talk.ask(n, 4))
            await talk.warm()
            await typist.type(talk.questions[n])
            typed.append(await talk.ask(n, 4))
            await talk.warm()
            typist.read_ahead(talk.questions[n])
            await asyncio.sleep(PAUSE_SECONDS)
            paused.append(await talk.ask(n, 4))
    without = median([s.ttft_seconds for s in at_once])
    row.figures = {
        "ttft_ratio": median([s.ttft_seconds for s in typed]) / without,
        "worst_ttft_ratio": max(s.ttft_seconds for s in typed) / without,
        "after_a_pause_ttft_ratio": median([s.ttft_seconds for s in paused]) / without,
        "ttft_seconds": median([s.ttft_seconds for s in typed]),
        "after_a_pause_ttft_seconds": median([s.ttft_seconds for s in paused]),
        "without_ttft_seconds": without,
    }
    return row


@dataclass
class Typist:
    """Somebody at the keyboard, and the window, which asks for what stands there to be read ahead."""

    engine: EngineClient
    talk: Conversation
    written: str = ""

    async def type(self, text: str) -> None:
        """Every key of it, up to the moment of Enter."""
        loop = asyncio.get_running_loop()
        asked: asyncio.TimerHandle | None = None
        begun = loop.time()
        for n in range(len(text)):
            self.written = text[: n + 1]
            if asked is None or asked.when() <= loop.time():
                asked = loop.call_later(READ_AHEAD_SECONDS, lambda: self.read_ahead(self.written))
            await asyncio.sleep(begun + (n + 1) / TYPED_PER_SECOND - loop.time())
        if asked is not None:
            asked.cancel()

    def read_ahead(self, written: str) -> None:
        turns = (*self.talk.history, Turn("user", written))
        self.engine.read_ahead(EngineTarget(self.engine).request(turns, 4, key=self.talk.key))


async def memory(lab: Lab) -> Row:
    """What the engine process holds after a chat, beyond the model and its KV."""
    row = Row("memory", limits=[Limit("beyond_model_and_kv_megabytes", 150)])
    async with lab.engine() as (engine, _):
        await (await conversation(engine)).ask(0)
        assert engine.capabilities is not None
        assert engine.pid is not None
        resident = psutil.Process(engine.pid).memory_info().rss
        can = engine.capabilities
        chats, bulk = can.interactive_context * can.interactive_sequences, can.bulk_context * can.bulk_sequences
        kv = can.kv_bytes * chats / (chats + bulk)  # bulk's is made with its first request
        row.figures = {
            "beyond_model_and_kv_megabytes": (resident - engine.capabilities.model_bytes - kv) / 1e6,
            "resident_megabytes": resident / 1e6,
            "model_megabytes": engine.capabilities.model_bytes / 1e6,
            "kv_megabytes": kv / 1e6,
        }
    return row
