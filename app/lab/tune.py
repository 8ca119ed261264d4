"""The sweep: what a model does on this machine at each setting, a point at a time, in a process of its own.

Each point is stored as soon as it is there, so that a sweep goes on where it was left. A chat ends the measurement
that is under way at once, and that point is measured again when the chat is over.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec

from app.engine import tuned
from app.engine.bare import BareModel
from app.engine.tuned import DECODE, PREFILL, Point, Setting, Tuned

WIDTHS = (1, 2, 4, 8, 16, 32, 64)
PIECES = (64, 128, 256, 512)
DEPTH, STEPS = 256, 12
READ_TOKENS = 512
CONTEXT = DEPTH + READ_TOKENS
LOOK_SECONDS = 0.02  # how often it is asked whether somebody chats

Measure = Callable[[Sequence[Setting], Callable[[Point], None]], Awaitable[None]]
"""Times settings that differ in nothing but `what`, `width` and `piece`; hands over each point when it is there."""


def plan(n_cores: int, most_width: int = WIDTHS[-1]) -> list[Setting]:
    """What is tried: the curve and the pieces first, then fewer threads, flash attention and smaller KV."""
    widths = [width for width in WIDTHS if width <= most_width]
    settings = [Setting(what=DECODE, threads=n_cores, width=width) for width in widths]
    settings += [Setting(what=PREFILL, threads=n_cores, piece=piece) for piece in PIECES]
    some = [width for width in (1, 8) if width <= most_width]
    fewer = [n for n in (n_cores // 2, n_cores - 1) if 1 <= n < n_cores]
    for threads, kv, flash in (
        *((n, "F16", False) for n in dict.fromkeys(fewer)),
        (n_cores, "F16", True),
        (n_cores, "Q8_0", True),
    ):
        common = {"threads": threads, "kv": kv, "flash_attention": flash}
        settings += [Setting(what=DECODE, width=width, **common) for width in some]  # type: ignore[arg-type]
        settings.append(Setting(what=PREFILL, **common))  # type: ignore[arg-type]
    return settings


async def tune(
    model: Path,
    folder: Path,
    settings: Sequence[Setting],
    *,
    measure: Measure,
    is_chatting: Callable[[], bool],
    other_cores: Callable[[], float] = lambda: 0.0,
    said: Callable[[str], None],
) -> Tuned:
    """All points of `settings`; those that were measured undisturbed before are not measured again.

    `other_cores`: how many other programs use now. Raises OSError where a point can't be stored.
    """
    found = tuned.load(folder, model)
    measured: set[Setting] = set()

    def keep(point: Point) -> None:
        nonlocal found
        point = msgspec.structs.replace(point, other_cores=other_cores())
        measured.add(point.setting)
        found = found.with_point(point)
        tuned.save(folder, model, found)
        said(words(point))

    while left := [setting for setting in settings if setting not in measured and not found.has(setting)]:
        if is_chatting():
            await asyncio.sleep(LOOK_SECONDS)
            continue
        _, group = next(itertools.groupby(left, key=lambda s: (s.threads, s.kv, s.flash_attention)))
        await _unless(is_chatting, measure(list(group), keep))
    return found


async def _unless(is_chatting: Callable[[], bool], measuring: Awaitable[None]) -> None:
    task = asyncio.ensure_future(measuring)
    try:
        while not task.done() and not is_chatting():
            await asyncio.wait([task], timeout=LOOK_SECONDS)
    finally:
        if not task.done():
            task.cancel()
        await asyncio.wait([task])
    if not task.cancelled():
        task.result()


def by_bare(model: Path, logs: Path) -> Measure:
    """Measures with llama.cpp by itself, without scheduler or sampling."""

    async def measure(settings: Sequence[Setting], keep: Callable[[Point], None]) -> None:
        first = settings[0]
        async with BareModel(
            model,
            logs,
            n_threads=first.threads,
            n_sequences=max(setting.width for setting in settings),
            context_tokens=CONTEXT,
            kv=first.kv,
            flash_attention=first.flash_attention,
        ) as bare:
            for setting in settings:
                if setting.what == DECODE:
                    seconds = await bare.decode_step(setting.width, DEPTH, STEPS)
                    n_tokens = setting.width
                else:
                    seconds, n_tokens = await bare.prefill(READ_TOKENS, piece=setting.piece), READ_TOKENS
                keep(Point(setting=setting, step_seconds=seconds, tokens_per_second=n_tokens / seconds))

    return measure


def words(point: Point) -> str:
    """A line about a point."""
    setting = point.setting
    what = f"{setting.width} at once" if setting.what == DECODE else f"reading in pieces of {setting.piece}"
    flash = ", flash attention" if setting.flash_attention else ""
    return (
        f"{what}, {setting.threads} threads, {setting.kv}{flash}: {point.tokens_per_second:,.0f} tokens/s, "
        f"{point.step_seconds * 1000:.1f} ms"
    )
