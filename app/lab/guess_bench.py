"""Guessing the next tokens: a reply that repeats its document, and one where nothing repeats."""

from __future__ import annotations

import itertools

import msgspec

from app.engine.client import EngineClient
from app.engine.messages import GenerateRequest, Priority, RequestFinished, Sampling, Turn, Usage
from app.lab.bench import Lab
from app.lab.row import Limit, Row
from app.lab.target import median
from app.lab.workload import prose_of

DOCUMENT_TOKENS = 300
OUTPUT_TOKENS = 200
TRIES = 3
_ids = itertools.count(1)


async def speculative(lab: Lab) -> Row:
    """With guesses and without, in turns; the limit is what checking so many guesses costs by itself."""
    row = Row(
        "speculative",
        limits=[Limit("limit_ratio", 0.85, is_most=False), Limit("plain_ratio", 0.97, is_most=False)],
    )
    async with lab.engine() as (engine, _), lab.bare() as bare:
        document = await prose_of(DOCUMENT_TOKENS, 31, engine.count_tokens)
        copying = _request(f"Repeat this text word by word:\n\n{document}", begun=document[:200])
        with_guesses, without, usage = await _rates(engine, copying)
        n_plain = OUTPUT_TOKENS - usage.guess_steps - usage.right_guesses  # steps of a single token
        depth = usage.prompt_tokens + OUTPUT_TOKENS // 2
        width = 1 + round(usage.guessed_tokens / max(1, usage.guess_steps))
        step, check = await bare.decode_step(1, depth, 24), await bare.verify_step(width, depth)
        limit = OUTPUT_TOKENS / (usage.guess_steps * check + n_plain * step)
        new = _request(await prose_of(40, 77, engine.count_tokens), temperature=1.0)
        new_with, new_without, new_usage = await _rates(engine, new)
    row.figures = {
        "limit_ratio": with_guesses / limit,
        "plain_ratio": new_with / new_without,
        "speedup": with_guesses / without,
        "tokens_per_second": with_guesses,
        "plain_tokens_per_second": without,
        "limit_tokens_per_second": limit,
        "guess_steps": usage.guess_steps,
        "guesses_a_step": width - 1,
        "new_text_guess_steps": new_usage.guess_steps,
    }
    return row


def _request(text: str, *, begun: str = "", temperature: float = 0.0) -> GenerateRequest:
    return GenerateRequest(
        turns=(Turn("user", text),),
        priority=Priority.INTERACTIVE,
        max_tokens=OUTPUT_TOKENS,
        sampling=Sampling(temperature=temperature, seed=5),
        begun_reply=begun,
        cache_key="guesses",
        ignore_eos=True,
    )


async def _rates(engine: EngineClient, request: GenerateRequest) -> tuple[float, float, Usage]:
    """Tokens per second (with guesses, without), and the usage with."""
    rates: dict[bool, list[float]] = {True: [], False: []}
    usage = None
    for _ in range(TRIES):
        for may_guess in (False, True):
            rate, used = await _rate(engine, msgspec.structs.replace(request, may_guess=may_guess))
            rates[may_guess].append(rate)
            usage = used if may_guess else usage
    assert usage is not None
    return median(rates[True]), median(rates[False]), usage


async def _rate(engine: EngineClient, request: GenerateRequest) -> tuple[float, Usage]:
    finished = None
    async for event in engine.generate(f"guess-{next(_ids)}", request):
        finished = event
    if not isinstance(finished, RequestFinished):
        raise RuntimeError(f"the request failed: {finished}")
    return finished.timings.output_rate(finished.usage.output_tokens), finished.usage
