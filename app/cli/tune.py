"""`rubato tune`: measures the model in use on this machine, so that the engine uses what is fast here."""

from __future__ import annotations

from app.core.core import Core
from app.core.instance import Console
from app.engine.gguf_metadata import read_metadata
from app.engine.tuned import FlashAttention, Point, Tuned
from app.lab import tune
from app.lab.roofline import roofline, work_of

_FLASH = {
    FlashAttention.OFF: "",
    FlashAttention.SUITED: " and flash attention where it is faster",
    FlashAttention.ALWAYS: " and flash attention",
}


async def tune_model(core: Core, console: Console, *, is_fresh: bool) -> int:
    """Raises KnownError."""
    console.err(
        "A few minutes, best while nothing else runs. A chat interrupts it, and it goes on by itself. Stopped with "
        "Ctrl-C, it goes on the next time.\n"
    )

    def tell(point: Point, n_left: int) -> None:
        console.err(f"{tune.words(point)}   ({n_left} to come)\n")

    found = await tune.tune_model(core, tell, is_fresh=is_fresh)
    said = lines(found)
    if found.is_quiet and core.model_path is not None:
        roof = roofline(work_of(read_metadata(core.model_path)), found)
        said += [roof.sentence] if roof is not None else []
    console.out("".join(f"{line}\n" for line in said))
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
    choice, chat = found.choice(), found.chat_way()
    rows.append(
        f"Responsive and Balanced answer a chat alone, at the top. Batch runs {choice.width} at once: the fewest "
        f"that are nearly as fast as any. Prompts are read best in pieces of {choice.piece} tokens."
    )
    jobs, chats = _FLASH[choice.flash_attention], _FLASH[FlashAttention.of(chat.flash_attention)]
    rows.append(
        f"Jobs run on {choice.threads} threads with {choice.kv} KV{jobs}, chats on {chat.threads} with F16 KV{chats}. "
        "All this is used when the model is loaded next."
    )
    return rows
