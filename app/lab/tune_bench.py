"""Is what tune finds the best there is? The engine with it, beside the engine with what a full search found.

Bulk steps are all prefill or all decode, so the best of all settings is put together of the best of each: a full search
is every way to compute at every width and every piece. The best of it are then run as they are.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from app import diagnostics
from app.engine.gguf_metadata import read_metadata
from app.engine.model_shape import shape_of
from app.engine.tuned import DECODE, PREFILL, READ_PER_WRITTEN, Choice, FlashAttention, Point, Setting, Tuned, Way
from app.lab.bench import Lab
from app.lab.bulk_benches import documents, unseen, wall_seconds
from app.lab.chat_benches import conversation
from app.lab.row import Limit, Row
from app.lab.target import EngineTarget, median
from app.lab.tune import by_bare, plan, plan_way, tune, widths_of

DOCUMENTS, OUTPUT_TOKENS = 64, 32
BEST = 3  # of the full search, that are run
ROUNDS = 2
TURNS = 8


async def swept(lab: Lab, more: Sequence[Setting] = ()) -> Tuned:
    """What `rubato tune` finds, and `more` besides."""
    widest = widths_of(shape_of(read_metadata(lab.model)), diagnostics.free_memory_bytes())[-1]
    return await tune(
        lab.model,
        lab.folder / "tuning",
        [*plan(lab.n_threads, widest), *more],
        then=lambda found: plan_way(found.bulk_way(), widest),
        measure=by_bare(lab.model, lab.folder),
        is_chatting=lambda: False,
        said=lambda point, n: lab.say(f"  {n} to come"),
    )


def ways(n_cores: int) -> list[Way]:
    """Every one that a person could choose."""
    kinds = (("F16", False), ("F16", True), ("Q8_0", True))
    threads = dict.fromkeys((n_cores, *(n for n in (n_cores - 1, n_cores // 2) if n > 0)))
    return [Way(n, kv, flash) for n, (kv, flash) in itertools.product(threads, kinds)]


def best_choices(points: Sequence[Point], n: int) -> list[Choice]:
    """The best `n` of every way, width and piece, by the seconds of a token and of what is read for it."""
    costs: list[tuple[float, Choice]] = []
    for step, read in itertools.product(points, points):
        one, other = step.setting, read.setting
        if one.what != DECODE or other.what != PREFILL or one.way != other.way or one.deeper or other.deeper:
            continue
        seconds = step.step_seconds / one.width + READ_PER_WRITTEN / read.tokens_per_second
        choice = Choice(
            width=one.width,
            piece=other.piece,
            threads=one.threads,
            kv=one.kv,
            flash_attention=FlashAttention.of(one.flash_attention),
            chat_threads=one.threads,
            chat_flash_attention=one.flash_attention,
        )
        costs.append((seconds, choice))
    return [choice for _, choice in sorted(costs, key=lambda cost: cost[0])[:n]]


async def tuned(lab: Lab) -> Row:
    """Bulk and a chat's first token: with what tune chose, and with each that may be better."""
    row = Row("tune", limits=[Limit("bulk_ratio", 0.97, is_most=False), Limit("ttft_ratio", 1.03)])
    widest = widths_of(shape_of(read_metadata(lab.model)), diagnostics.free_memory_bytes())[-1]
    found = await swept(lab)
    chosen = found.choice()
    lab.say("the full search …")
    everything = await swept(lab, [one for way in ways(lab.n_threads) for one in plan_way(way, widest)])
    bulk = [chosen, *(one for one in best_choices(everything.points, BEST) if _bulk(one) != _bulk(chosen))]
    others = [way for way in ways(lab.n_threads) if way.kv == "F16" and _chat(way) != _chosen(chosen)]
    chats = [chosen, *(Choice(chat_threads=way.threads, chat_flash_attention=way.flash_attention) for way in others)]
    rates: dict[Choice, list[float]] = {one: [] for one in bulk}
    firsts: dict[Choice, list[float]] = {one: [] for one in chats}
    for turn in range(ROUNDS):
        order = -1 if turn % 2 else 1  # a machine that grows slower meanwhile does so for all of them
        for choice in [*bulk, *chats[1:]][::order]:
            async with lab.engine(choice=choice) as (engine, _):
                if choice in firsts:
                    talk = await conversation(engine)
                    await talk.warm()
                    firsts[choice] += [(await talk.ask(n + 1)).ttft_seconds for n in range(TURNS)]
                if choice in rates:
                    requests = await documents(engine, DOCUMENTS, first=unseen())
                    seconds, samples = await wall_seconds(EngineTarget(engine), requests, OUTPUT_TOKENS)
                    rates[choice].append(sum(s.n_prompt + s.n_output for s in samples) / seconds)
    mean = {choice: sum(values) / len(values) for choice, values in rates.items()}
    first = {choice: median(values) for choice, values in firsts.items()}
    fastest, soonest = max(mean, key=lambda one: mean[one]), min(first, key=lambda one: first[one])
    row.figures = {
        "bulk_ratio": mean[chosen] / mean[fastest],
        "ttft_ratio": first[chosen] / first[soonest],
        "bulk_tokens_per_second": mean[chosen],
        "best_bulk_tokens_per_second": mean[fastest],
        "ttft_seconds": first[chosen],
        "best_ttft_seconds": first[soonest],
        "width": chosen.width,
        "piece": chosen.piece,
        "points_of_full_search": len(everything.points),
    }
    row.facts = {
        "tuned": _words(chosen),
        "fastest": _words(fastest),
        "soonest": f"{soonest.chat_threads} threads, flash attention {soonest.chat_flash_attention}",
        "workload": f"{DOCUMENTS} documents, {OUTPUT_TOKENS} tokens out each; {TURNS} turns; {ROUNDS} rounds",
    }
    return row


def _bulk(choice: Choice) -> tuple[int, int, int, str, bool]:
    return choice.width, choice.piece, choice.threads, choice.kv, choice.flash_attention is not FlashAttention.OFF


def _chat(way: Way) -> tuple[int, bool]:
    return way.threads, way.flash_attention


def _chosen(choice: Choice) -> tuple[int, bool]:
    return choice.chat_threads, choice.chat_flash_attention


def _words(choice: Choice) -> str:
    flash = "without" if choice.flash_attention is FlashAttention.OFF else "with"
    return (
        f"{choice.width} at once, pieces of {choice.piece}, {choice.threads} threads, {choice.kv} KV, "
        f"{flash} flash attention"
    )
