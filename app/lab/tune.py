"""The sweep: what a model does on this machine at each setting, a point at a time, in a process of its own.

Each point is stored as soon as it is there, so that a sweep goes on where it was left. A chat ends the measurement
that is under way at once, and that point is measured again when the chat is over.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec

from app import diagnostics
from app.core.core import Core
from app.core.machine import Machine
from app.engine import tuned
from app.engine.bare import BareModel
from app.engine.fit import ContextShape, kv_bytes, need_of
from app.engine.gguf_metadata import ModelMetadata, read_metadata
from app.engine.model_shape import ModelShape, shape_of
from app.engine.process.memory_plan import BULK_CONTEXT, most_bulk_sequences
from app.engine.roof import measure_roof
from app.engine.tuned import DECODE, DEPTH, PREFILL, TURN, Point, Setting, Tuned, Way
from app.errors import KnownError, from_os_error
from app.lab.energy import Drawn, Meter
from app.lab.turn import measuring

WIDTHS = (1, 2, 4, 8, 16, 32, 64)
PIECES = (64, 128, 256, 512)
STEPS = 12
READ_TOKENS = 512
TURN_TOKENS, HISTORY_TOKENS = 32, 1024
DEEPER, DEEPER_WIDTH = 1024, 4
TRIES = 3  # of what is read; the median counts
LOOK_SECONDS = 0.02  # how often it is asked whether somebody chats

Measure = Callable[[Sequence[Setting], Callable[[Point], None]], Awaitable[None]]
"""Times settings of one group (see `_group`); hands over each point when it is there."""


def widths_of(shape: ModelShape, free_bytes: int) -> list[int]:
    """As many at once as the engine has memory for, and the measuring process too."""
    bulk = most_bulk_sequences(kv_bytes(shape, ContextShape(context_tokens=BULK_CONTEXT)), free_bytes)
    contexts = {n: ContextShape(context_tokens=DEPTH + READ_TOKENS, sequences=n) for n in WIDTHS if n <= bulk}
    return [n for n, one in contexts.items() if n == 1 or need_of(shape, [one]).own < free_bytes / 2]


def plan(n_cores: int, most_width: int = WIDTHS[-1]) -> list[Setting]:
    """What is tried: the curve and the pieces first, then fewer threads, flash attention and smaller KV."""
    settings = plan_way(Way(n_cores, "F16", False), most_width)
    fewer = [n for n in (n_cores // 2, n_cores - 1) if 1 <= n < n_cores]
    settings.append(Setting(what=DECODE, threads=n_cores, width=min(DEEPER_WIDTH, most_width), deeper=DEEPER))
    settings.append(Setting(what=PREFILL, threads=n_cores, deeper=DEEPER))
    for threads, kv, flash in (
        *((n, "F16", False) for n in dict.fromkeys(fewer)),
        (n_cores, "F16", True),
        (n_cores, "Q8_0", True),
    ):
        some = [width for width in (1, 8) if width <= most_width]
        settings += [Setting(what=DECODE, width=width, threads=threads, kv=kv, flash_attention=flash) for width in some]
        settings.append(Setting(what=PREFILL, threads=threads, kv=kv, flash_attention=flash))
        if kv == "F16":  # as KV of chats always is
            settings.append(Setting(what=TURN, threads=threads, flash_attention=flash))
    return settings


def plan_way(way: Way, most_width: int) -> list[Setting]:
    """The whole curve, the pieces and a chat's question, computed in one way."""
    common = {"threads": way.threads, "kv": way.kv, "flash_attention": way.flash_attention}
    settings = [Setting(what=DECODE, width=width, **common) for width in WIDTHS if width <= most_width]  # type: ignore[arg-type]
    settings += [Setting(what=PREFILL, piece=piece, **common) for piece in PIECES]  # type: ignore[arg-type]
    return [*settings, Setting(what=TURN, **common)] if way.kv == "F16" else settings  # type: ignore[arg-type]


def _group(setting: Setting) -> tuple[Way, bool]:
    """What one context serves; long histories have one that is not wide."""
    return setting.way, setting.deeper > 0 or setting.what == TURN


async def tune(
    model: Path,
    folder: Path,
    settings: Sequence[Setting],
    *,
    then: Callable[[Tuned], Sequence[Setting]] = lambda found: (),
    measure: Measure,
    is_chatting: Callable[[], bool],
    other_cores: Callable[[], float] = lambda: 0.0,
    drawn: Callable[[], Drawn] = Drawn,
    said: Callable[[Point, int], None],
) -> Tuned:
    """All points of `settings`, and `then` those that follow from them; what is known undisturbed is not measured.

    `other_cores`: how many other programs use now; `drawn`: what the machine took so far. `said` hears each
    new point, and how many are to come. Raises OSError where a point can't be stored.
    """
    found = tuned.load(folder, model)
    measured: set[Setting] = set()

    def keep(point: Point) -> None:
        nonlocal found
        point = msgspec.structs.replace(point, other_cores=other_cores())
        measured.add(point.setting)
        found = found.with_point(point)
        if (taken := drawn()).watts:
            found = msgspec.structs.replace(found, watts=taken.watts, are_watts_of_battery=taken.is_of_battery)
        tuned.save(folder, model, found)
        said(point, len(left()))

    def left() -> list[Setting]:
        return [one for one in wanted if one not in measured and not found.has(one)]

    wanted = list(settings)
    first = wanted[0].way if wanted else None
    while True:
        if not left():
            wanted += [one for one in then(found) if one not in wanted]
        if not (to_come := left()):
            return found
        if is_chatting():
            await asyncio.sleep(LOOK_SECONDS)
            continue
        (way, _), settings_of = next(itertools.groupby(to_come, key=_group))
        group = list(settings_of)
        try:
            await unless(is_chatting, measure(group, keep))
        except KnownError:
            if way == first:
                raise
            measured.update(group)  # not every model can be computed in every way


async def unless(is_chatting: Callable[[], bool], measuring: Awaitable[None]) -> None:
    """Until it is done, or somebody chats: then it is cancelled, and that is no error."""
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
        deepest = max(setting.deeper for setting in settings) + DEPTH + READ_TOKENS
        async with BareModel(
            model,
            logs,
            n_threads=first.threads,
            n_sequences=max(setting.width for setting in settings),
            context_tokens=max(deepest, HISTORY_TOKENS + DEPTH if _group(first)[1] else 0),
            kv=first.kv,
            flash_attention=first.flash_attention,
        ) as bare:
            for setting in settings:
                n_tokens = 1
                if setting.what == DECODE:
                    seconds = await bare.decode_step(setting.width, DEPTH + setting.deeper, STEPS)
                    n_tokens = setting.width
                elif setting.what == TURN:
                    seconds = statistics.median([await bare.prefill(TURN_TOKENS, HISTORY_TOKENS) for _ in range(TRIES)])
                else:
                    tries = [await bare.prefill(READ_TOKENS, setting.deeper, setting.piece) for _ in range(TRIES)]
                    seconds, n_tokens = statistics.median(tries), READ_TOKENS
                keep(Point(setting=setting, step_seconds=seconds, tokens_per_second=n_tokens / seconds))

    return measure


def planned(metadata: ModelMetadata) -> list[Setting]:
    """For this model on this machine, with the memory that is free now."""
    widths = widths_of(shape_of(metadata), diagnostics.free_memory_bytes())
    return plan(diagnostics.physical_cores(), widths[-1])


async def tune_model(core: Core, said: Callable[[Point, int], None], *, is_fresh: bool = False) -> Tuned:
    """The model that `core` has in use, while its chats go first. Raises KnownError.

    `is_fresh`: what was measured before is measured again.
    """
    await core.try_engine()
    model = core.model_path
    assert model is not None
    settings = planned(read_metadata(model))
    widest = max(setting.width for setting in settings)
    machine = Machine()
    machine.state()
    with measuring(core):
        try:
            if is_fresh:
                tuned.save(core.paths.tuning, model, Tuned(model=tuned.load(core.paths.tuning, model).model))
            found = await tune(
                model,
                core.paths.tuning,
                settings,
                then=lambda found: plan_way(found.bulk_way(), widest),
                measure=by_bare(model, core.paths.logs),
                is_chatting=lambda: core.are_chats_active,
                other_cores=lambda: machine.state().other_cores,
                drawn=Meter().drawn,
                said=said,
            )
            if not found.bandwidth:
                roof = await measure_roof(core.paths.logs, diagnostics.physical_cores())
                found = msgspec.structs.replace(found, bandwidth=roof.bandwidth, operations=roof.operations)
                tuned.save(core.paths.tuning, model, found)
            return found
        except OSError as error:
            raise from_os_error(error, "store what was measured") from error


def words(point: Point) -> str:
    """A line about a point."""
    setting = point.setting
    match setting.what:
        case "decode":
            what = f"{setting.width} at once"
        case "turn":
            what = "a question behind a long chat"
        case _:
            what = f"reading in pieces of {setting.piece}"
    deeper = f" behind {setting.deeper:,} tokens more" if setting.deeper else ""
    flash = ", flash attention" if setting.flash_attention else ""
    rate = "" if setting.what == TURN else f"{point.tokens_per_second:,.0f} tokens/s, "
    return f"{what}{deeper}, {setting.threads} threads, {setting.kv}{flash}: {rate}{point.step_seconds * 1000:.1f} ms"
