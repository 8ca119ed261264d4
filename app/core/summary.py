"""The job kind "summarise": map over chunks, reduce in levels to a few paragraphs, and an overview on top. Pure.

The program, not the model, knows what went into a paragraph: each item names its sources in the level below, down to
the chunks with their pages.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence

import msgspec

from app.core.views import Paragraph, Source, SummaryView
from app.engine.messages import GenerateRequest, Priority, Sampling, Turn
from app.errors import ErrorKind, KnownError
from app.ingest.chunking import Chunk
from app.store.jobs import ItemRow

MOST_PARAGRAPHS = 6
GROUP_SIZE = 6  # summaries that are reduced to one
CHUNK_TOKENS = 1200
OUTPUT_TOKENS = 160
PROMPT_OVERHEAD_TOKENS = 200  # instruction and chat template
SMALLEST_CHUNK_TOKENS = 64

_SAMPLING = Sampling(temperature=0.2, repeat_penalty=1.1)
# What is asked stands after the text: a small model that reads it first has forgotten it by the end (tried on the
# starter model, which then went on with the text, or thanked for it).
_ASK = "Text:\n\n{text}\n\n---\n{question}"
_CHUNK_QUESTION = "Summarize the text above in two or three plain sentences."
_GROUP_QUESTION = "Summarize the text above in three or four plain sentences."
_OVERVIEW_QUESTION = (
    "The text above summarizes a document. In two or three plain sentences, what is the document about?"
)


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of a chunk and of a summary, for one model."""

    chunk_tokens: int
    output_tokens: int


class SummaryParams(msgspec.Struct, frozen=True, kw_only=True):
    """What a summary job knows of its document."""

    document: str
    n_pages: int | None = None
    notes: tuple[str, ...] = ()
    unread_pages: tuple[int, ...] = ()
    output_tokens: int = OUTPUT_TOKENS


class ChunkInput(msgspec.Struct, frozen=True, kw_only=True, tag="chunk"):
    text: str
    first_page: int | None
    last_page: int | None


class GroupInput(msgspec.Struct, frozen=True, kw_only=True, tag="group"):
    """`sources` are positions in the level below."""

    text: str
    sources: tuple[int, ...]
    is_overview: bool = False


ItemInput = ChunkInput | GroupInput
_HEADING_MARK = re.compile(r"^## ", re.MULTILINE)  # for the model; the person sees the document's words
_inputs: msgspec.json.Decoder[ItemInput] = msgspec.json.Decoder(ItemInput)


def sizes_for(bulk_context: int) -> Sizes:
    """What fits one bulk request of this many tokens. Raises KnownError for a model that is too small."""
    output = min(OUTPUT_TOKENS, bulk_context // 12)
    chunk = min(CHUNK_TOKENS, bulk_context - output - PROMPT_OVERHEAD_TOKENS)
    if chunk < SMALLEST_CHUNK_TOKENS:
        raise KnownError(
            ErrorKind.BAD_REQUEST,
            f"This model reads only {bulk_context:,} tokens at a time, too few to summarise documents. Choose another.",
        )
    return Sizes(chunk_tokens=chunk, output_tokens=output)


def encode(input: ItemInput | SummaryParams) -> str:
    return msgspec.json.encode(input).decode()


def decode_params(params: str) -> SummaryParams:
    return msgspec.json.decode(params, type=SummaryParams)


def chunk_inputs(chunks: Sequence[Chunk]) -> list[str]:
    """The items of level 0."""
    return [encode(ChunkInput(text=c.text, first_page=c.first_page, last_page=c.last_page)) for c in chunks]


def request_for(item: ItemRow, params: SummaryParams) -> GenerateRequest:
    """What the engine is asked for one item."""
    input = _inputs.decode(item.input)
    if isinstance(input, ChunkInput):
        question = _CHUNK_QUESTION
    else:
        question = _OVERVIEW_QUESTION if input.is_overview else _GROUP_QUESTION
    return GenerateRequest(
        turns=(Turn("user", _ASK.format(text=input.text, question=question)),),
        priority=Priority.BULK,
        max_tokens=params.output_tokens,
        sampling=_SAMPLING,
    )


def clean_output(text: str) -> str:
    """One paragraph that ends with a whole sentence, where there is one."""
    text = " ".join(text.split())
    end = max(text.rfind(mark) for mark in (".", "!", "?", "。"))
    return text[: end + 1] if end > len(text) // 2 else text


def groups_of(n: int) -> list[range]:
    """How `n` results are reduced: neighbours together, sizes differing by one at most."""
    n_groups = MOST_PARAGRAPHS if n <= MOST_PARAGRAPHS * GROUP_SIZE else math.ceil(n / GROUP_SIZE)
    bounds = [round(index * n / n_groups) for index in range(n_groups + 1)]
    return [range(start, end) for start, end in itertools.pairwise(bounds)]


def total_items(n_chunks: int) -> int:
    """Items of all levels, where none fails."""
    total = level = n_chunks
    while level > MOST_PARAGRAPHS:
        level = len(groups_of(level))
        total += level
    return total + (1 if level > 1 else 0)


def next_level(finished: Sequence[ItemRow]) -> list[str]:
    """The items that follow from a finished level; none: the job is done. Failed items are left out."""
    good = [item for item in finished if item.state == "done"]
    if len(good) <= 1 or _is_overview(good[0]):
        return []
    if len(good) <= MOST_PARAGRAPHS:
        return [_group(good, is_overview=True)]
    return [_group([good[position] for position in group]) for group in groups_of(len(good))]


def _group(items: Sequence[ItemRow], *, is_overview: bool = False) -> str:
    return encode(
        GroupInput(
            text="\n\n".join(item.output for item in items),
            sources=tuple(item.position for item in items),
            is_overview=is_overview,
        )
    )


def _is_overview(item: ItemRow) -> bool:
    input = _inputs.decode(item.input)
    return isinstance(input, GroupInput) and input.is_overview


# the result


def summary(job_id: str, title: str, params: SummaryParams, items: Sequence[ItemRow]) -> SummaryView:
    """The result of a finished job, each paragraph with the chunks that went into it."""
    levels: dict[int, list[ItemRow]] = {}
    for item in items:
        levels.setdefault(item.level, []).append(item)
    top = levels[max(levels)]
    paragraphs = []
    if _is_overview(top[0]):
        chunks = [item for item in levels[0] if item.state == "done"]
        if top[0].state == "done":
            paragraphs.append(_paragraph(top[0].output, chunks))
        top = levels[max(levels) - 1]
    for item in top:
        if item.state == "done":
            paragraphs.append(_paragraph(item.output, _chunks_below(item, levels)))
    lost = [f"{_label([item])} could not be summarised: {item.error}" for item in levels[0] if item.state == "failed"]
    lost += [
        f"A paragraph on {_label(_chunks_below(item, levels))} could not be written: {item.error}"
        for level in sorted(levels)[1:]
        for item in levels[level]
        if item.state == "failed"
    ]
    return SummaryView(
        job_id=job_id,
        title=title,
        coverage=coverage(params, levels[0]),
        paragraphs=tuple(paragraphs),
        notes=(*params.notes, *lost),
    )


def coverage(params: SummaryParams, chunks: Sequence[ItemRow]) -> str:
    """How much of the document went in: "36 of 36 pages", or parts where it has no pages."""
    done = [item for item in chunks if item.state == "done"]
    if params.n_pages is None:
        return f"{len(done)} of {len(chunks)} parts"
    missing = {page for item in chunks if item.state != "done" for page in _pages(item)}
    missing -= {page for item in done for page in _pages(item)}
    missing |= set(params.unread_pages)
    return f"{params.n_pages - len(missing)} of {params.n_pages} pages"


def _paragraph(text: str, chunks: Sequence[ItemRow]) -> Paragraph:
    sources = []
    for item in chunks:
        input = _inputs.decode(item.input)
        assert isinstance(input, ChunkInput)
        sources.append(Source(label=_label([item]), text=_HEADING_MARK.sub("", input.text)))
    return Paragraph(text=text, label=_label(chunks), sources=tuple(sources))


def _chunks_below(item: ItemRow, levels: dict[int, list[ItemRow]]) -> list[ItemRow]:
    input = _inputs.decode(item.input)
    if isinstance(input, ChunkInput):
        return [item]
    below = levels[item.level - 1]
    return [chunk for position in input.sources for chunk in _chunks_below(below[position], levels)]


def _pages(chunk: ItemRow) -> range:
    input = _inputs.decode(chunk.input)
    if isinstance(input, GroupInput) or input.first_page is None or input.last_page is None:
        return range(0)
    return range(input.first_page, input.last_page + 1)


def _label(chunks: Sequence[ItemRow]) -> str:
    if not chunks:
        return ""
    pages = [page for chunk in chunks for page in _pages(chunk)]
    word, first, last = "page", min(pages, default=0), max(pages, default=0)
    if not pages:
        word, first, last = "part", chunks[0].position + 1, chunks[-1].position + 1
    return f"{word} {first}" if first == last else f"{word}s {first}–{last}"
