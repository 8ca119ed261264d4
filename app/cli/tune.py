"""`rubato tune`: measures the model in use on this machine, so that the engine uses what is fast here."""

from __future__ import annotations

from app import diagnostics
from app.core.core import Core
from app.core.instance import Console
from app.core.machine import Machine
from app.engine.fit import ContextShape, need_of
from app.engine.gguf_metadata import read_metadata
from app.engine.model_shape import shape_of
from app.engine.tuned import Tuned
from app.errors import from_os_error
from app.lab.tune import CONTEXT, WIDTHS, by_bare, plan, tune


async def tune_model(core: Core, console: Console) -> int:
    """Raises KnownError."""
    await core.try_engine()
    model = core.model_path
    assert model is not None
    console.err(
        "A few minutes, best while nothing else runs. A chat interrupts it, and it goes on by itself. Stopped with "
        "Ctrl-C, it goes on the next time.\n"
    )
    shape = shape_of(read_metadata(model))
    free = diagnostics.free_memory_bytes()
    contexts = {n: ContextShape(context_tokens=CONTEXT, sequences=n) for n in WIDTHS}
    widths = [n for n, context in contexts.items() if n == 1 or need_of(shape, [context]).own < free / 2]
    machine = Machine()
    machine.state()
    try:
        found = await tune(
            model,
            core.paths.tuning,
            plan(diagnostics.physical_cores(), widths[-1]),
            measure=by_bare(model, core.paths.logs),
            is_chatting=lambda: core.are_chats_active,
            other_cores=lambda: machine.state().other_cores,
            said=lambda line: console.err(f"{line}\n"),
        )
    except OSError as error:
        raise from_os_error(error, "store what was measured") from error
    console.out("".join(f"{line}\n" for line in lines(found)))
    return 0


def lines(found: Tuned) -> list[str]:
    """The curve as text, and what follows from it."""
    if not found.is_quiet:
        return [
            "Other programs used the processor meanwhile, so the figures are not used. Run “rubato tune” again when "
            "they rest: it measures only what was disturbed."
        ]
    curve = found.curve()
    best = max((point.tokens_per_second for point in curve), default=1.0)
    rows = ["at once   each token after   tokens/s in all"]
    for point in curve:
        bar = "█" * max(1, round(30 * point.tokens_per_second / best))
        rows.append(
            f"{point.setting.width:>7} {point.step_seconds * 1000:>15.1f} ms {point.tokens_per_second:>15,.0f}   {bar}"
        )
    rows.append(
        f"Responsive and Balanced answer a chat alone, at the top. Batch runs {found.bulk_width()} at once: the fewest "
        f"that are nearly as fast as any. Prompts are read best in pieces of {found.read_piece()} tokens."
    )
    return rows
