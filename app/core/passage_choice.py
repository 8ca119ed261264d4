"""Which passages of documents a question is answered from: cut, ranked, fused, chosen. Pure."""

from __future__ import annotations

import operator
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from app.ingest.chunking import OVERHEAD_TOKENS, cut_into_chunks, split_large_blocks
from app.ingest.document import Block

PASSAGE_CHARACTERS = 900
MOST_TOKENS = 1_500  # of passages in a turn
CONTEXT_SHARE = 0.2  # of the context that they take at most
SEARCHED = 60  # passages of each ranking that take part
_DAMPING = 60  # of reciprocal rank fusion: how little the very first places stand out


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A passage as it was cut. `place`: where it stands, as a person would say it."""

    place: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A passage that may be quoted: `order` is its place among all of its documents."""

    id: int
    order: tuple[int, int]
    n_tokens: int


def cut(blocks: Sequence[Block]) -> list[Cut]:
    """All of a document in order, none of it twice."""
    parts = split_large_blocks(blocks, PASSAGE_CHARACTERS - OVERHEAD_TOKENS)
    chunks = cut_into_chunks(parts, [len(part.text) for part in parts], PASSAGE_CHARACTERS)
    return [
        Cut(place=_place(chunk.first_page, chunk.last_page, number), text=chunk.text)
        for number, chunk in enumerate(chunks, 1)
        if chunk.text.strip()
    ]


def room(context_tokens: int) -> int:
    """Tokens that passages may take in a turn."""
    return min(MOST_TOKENS, int(context_tokens * CONTEXT_SHARE))


def nearest(question: Sequence[float], vectors: Mapping[int, Sequence[float]], limit: int = SEARCHED) -> list[int]:
    """Passages whose meaning is nearest to the question's, best first; all vectors have length 1."""
    scores = {id: sum(map(operator.mul, question, vector)) for id, vector in vectors.items()}
    return sorted(scores, key=lambda id: (-scores[id], id))[:limit]


def fused(*rankings: Sequence[int]) -> list[int]:
    """One ranking of several, by reciprocal ranks: what is high in both comes first."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, id in enumerate(ranking):
            scores[id] = scores.get(id, 0.0) + 1 / (_DAMPING + rank + 1)
    return sorted(scores, key=lambda id: (-scores[id], id))


def chosen(
    ranking: Sequence[int], candidates: Sequence[Candidate], room_tokens: int, given: Collection[int] = ()
) -> list[int]:
    """The best passages that fit the room, in the order of their documents.

    `given`: those that the chat has already; they take room, for they are as good an answer, and are not quoted again.
    Where nothing was found, the documents' beginnings.
    """
    by_id = {candidate.id: candidate for candidate in candidates}
    found = [id for id in ranking if id in by_id]
    if not found:
        found = [candidate.id for candidate in sorted(candidates, key=lambda one: (one.order[1], one.order[0]))]
    taken: list[int] = []
    left = room_tokens
    for id in found:
        if by_id[id].n_tokens > left:
            continue
        left -= by_id[id].n_tokens
        taken.append(id)
    return sorted((id for id in taken if id not in given), key=lambda id: by_id[id].order)


def named(question: str, names: Sequence[str]) -> list[str]:
    """The documents that a question names in “quotation marks”; all of them where it names none."""
    return [name for name in names if f"“{name}”" in question] or list(names)


def _place(first_page: int | None, last_page: int | None, number: int) -> str:
    if first_page is None or last_page is None:
        return f"part {number}"
    return f"page {first_page}" if first_page == last_page else f"pages {first_page}–{last_page}"
