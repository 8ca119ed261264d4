"""How documents are best used in what is left of the context: whole where they fit, else by passages. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.chat_views import AttachmentState, AttachmentUse, AttachmentView
from app.errors import ErrorKind, KnownError

AROUND_TOKENS = 24  # the marks around a document, and its name
SUMMARY_TOKENS = 600  # about, of one that is not made so far


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """`use`: what the person chose; None: nothing so far. `summary_tokens` 0: not known."""

    n_tokens: int
    use: AttachmentUse | None = None
    summary_tokens: int = 0


@dataclass(frozen=True, kw_only=True)
class Planned:
    """`fits`: whole, beside everything else."""

    use: AttachmentUse
    fits: bool
    takes: int  # tokens


def planned(free: int, passages_room: int, wanted: Sequence[Wanted]) -> list[Planned]:
    """In the order in which they were added: whole as long as there is room. What was chosen stays as it is.

    `passages_room`: what passages of all documents together take at most.
    """
    uses = [one.use for one in wanted]
    room = free - sum(takes(one, one.use, passages_room) for one in wanted if one.use is not None)
    for place, one in enumerate(wanted):
        if uses[place] is None:
            whole = takes(one, AttachmentUse.WHOLE, passages_room)
            uses[place] = AttachmentUse.WHOLE if whole <= room else AttachmentUse.PASSAGES
            room -= takes(one, uses[place], passages_room)
    taking = [takes(one, use, passages_room) for one, use in zip(wanted, uses, strict=True)]
    return [
        Planned(
            use=use or AttachmentUse.WHOLE,
            fits=takes(one, AttachmentUse.WHOLE, passages_room) <= free - (sum(taking) - taken),
            takes=taken,
        )
        for one, use, taken in zip(wanted, uses, taking, strict=True)
    ]


def takes(one: Wanted, use: AttachmentUse | None, passages_room: int) -> int:
    """Tokens of the context; None: whole."""
    match use:
        case AttachmentUse.SUMMARY:
            return AROUND_TOKENS + (one.summary_tokens or min(SUMMARY_TOKENS, one.n_tokens))
        case AttachmentUse.PASSAGES:
            return AROUND_TOKENS + min(passages_room, one.n_tokens)
    return AROUND_TOKENS + one.n_tokens


def why_not_sent(views: Sequence[AttachmentView], room: int) -> KnownError | None:
    """Why these can't go with a message: one was not read, or they never fit. `room`: of the context; 0: unknown."""
    for view in views:
        if view.state is AttachmentState.FAILED:
            return KnownError(
                ErrorKind.BAD_REQUEST,
                f"“{view.name}” could not be read. Take it away, or add it again, before you send.",
            )
    whole = [view for view in views if view.use is AttachmentUse.WHOLE]
    n_tokens = sum(view.n_tokens for view in whole)
    if not room or n_tokens <= room:
        return None
    largest = max(whole, key=lambda view: view.n_tokens)
    return KnownError(
        ErrorKind.PROMPT_TOO_LONG,
        f"What goes in whole has {n_tokens:,} tokens, and the model takes {room:,}. Choose passages or a summary of "
        f"“{largest.name}”.",
    )
