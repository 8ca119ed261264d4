"""Which of a chat's oldest turns are left out when it no longer fits the context. Pure."""

from __future__ import annotations

from collections.abc import Sequence

KEPT_SHARE = 0.6  # after a cut this much of the room is used, so that the next turns need no cut of their own


def first_kept_turn(sizes: Sequence[int], room_tokens: int, *, kept_share: float = KEPT_SHARE) -> int:
    """`sizes`: tokens of each turn after the system prompt, user and assistant in turn, the last one just asked.

    The chat is gone through from its start, as it grew: so a later turn makes the same cuts as the one before it, the
    prompt begins with the same words, and what was read stays read.
    """
    first, total = 0, 0
    for last, size in enumerate(sizes):
        total += size
        if total <= room_tokens or last % 2 == 1:  # cut before a question, never before its answer
            continue
        while first < last and total > room_tokens * kept_share:
            total -= sizes[first] + sizes[first + 1]
            first += 2
    return first
