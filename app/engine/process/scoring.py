"""What has to be computed to score continuations of one prompt. Pure."""

from __future__ import annotations

from collections.abc import Sequence

Tokens = tuple[int, ...]


def telling_beginnings(continuations: Sequence[Tokens]) -> tuple[Tokens, ...]:
    """Each only as far as it takes to tell it from the others: mostly one token, which costs no step of its own.

    Their probabilities are those with which a writer that may only say one of them would take each branch. One that
    another begins with is scored to its end, and so is never less likely than that other.
    """
    return tuple(_telling(mine, [other for other in continuations if other != mine]) for mine in continuations)


def _telling(mine: Tokens, others: Sequence[Tokens]) -> Tokens:
    for length in range(1, len(mine)):
        if all(other[:length] != mine[:length] for other in others):
            return mine[:length]
    return mine
