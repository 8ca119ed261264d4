"""The result of a summary job, as it is shown: paragraphs with the pages and the texts that went into each. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from app.core.kinds.item_input import Group, Piece, text_of
from app.core.kinds.kind import Finished
from app.core.kinds.summarize import NOTHING_SAID, SummarizeParams, says_something
from app.core.source_facts import SourceFacts
from app.core.views import Paragraph, Source, SummaryView

_HEADING_MARK = re.compile(r"^## ", re.MULTILINE)  # for the model; the person sees the document's words
_Levels = Mapping[int, Mapping[int, Finished]]  # by level and position


def coverage(facts: SourceFacts, pieces: Sequence[Finished]) -> str:
    """How much of a document went in, of all of its pieces: "36 of 36 pages", or parts where it has no pages."""
    done = [item for item in pieces if item.is_done]
    if facts.n_pages is None:
        return f"{len(done):,} of {len(pieces):,} parts"
    missing = {page for item in pieces if not item.is_done for page in _pages(item)}
    missing -= {page for item in done for page in _pages(item)}
    missing |= set(facts.unread_pages)
    return f"{facts.n_pages - len(missing):,} of {facts.n_pages:,} pages"


def label_of(items: Sequence[Finished]) -> str:
    """The pages of pieces: "page 12", "pages 3–9"; "part 3" in a document without pages."""
    if not items:
        return ""
    pages = [page for item in items for page in _pages(item)]
    word, first, last = "page", min(pages, default=0), max(pages, default=0)
    if not pages:
        word, first, last = "part", items[0].position + 1, items[-1].position + 1
    return f"{word} {first}" if first == last else f"{word}s {first}–{last}"


def document_summary(
    job_id: str, title: str, params: SummarizeParams, facts: SourceFacts, items: Sequence[Finished]
) -> SummaryView:
    """Of one document: an overview, and for a page the paragraphs below it, each with the pieces that went into it.

    `items`: what is through of all its levels, at least one.
    """
    levels = _levels(items)
    pieces = [levels[0][position] for position in sorted(levels[0])]

    def paragraph(item: Finished) -> Paragraph:
        below = _below(item, levels)
        sources = tuple(Source(label=label_of([piece]), text=_text(piece)) for piece in below)
        return Paragraph(text=item.output, label=label_of(below), sources=sources)

    notes = [f"{label_of([item])} could not be summarised: {item.error}" for item in pieces if not item.is_done]
    notes += [
        f"A paragraph on {label_of(_below(item, levels))} could not be written: {item.error}"
        for item in items
        if item.level > 0 and not item.is_done
    ]
    silent = [item for item in pieces if item.output == NOTHING_SAID]
    if silent and params.focus:
        notes.append(_silence(params, silent, len(pieces)))
    return SummaryView(
        job_id=job_id,
        title=title,
        coverage=coverage(facts, pieces),
        paragraphs=tuple(map(paragraph, _shown(params, levels))),
        notes=(*facts.notes, *notes),
    )


def collection_summary(
    job_id: str,
    title: str,
    params: SummarizeParams,
    documents: Sequence[tuple[str, Finished]],
    items: Sequence[Finished],
    *,
    coverage: str = "",
    notes: Sequence[str] = (),
) -> SummaryView:
    """Of all documents together: `documents` as `combine` had them, `items` what came of them.

    `notes`: what the job has to say of the documents that are not among these.
    """
    levels = _levels(items)
    good = [(name, last) for name, last in documents if says_something(last)]

    def paragraph(item: Finished) -> Paragraph:
        names = [documents[position] for position in _positions(item, levels)]
        sources = tuple(Source(label=name, text=last.output) for name, last in names)
        label = names[0][0] if len(names) == 1 else f"{len(names):,} documents"
        return Paragraph(text=item.output, label=label, sources=sources)

    notes = [*notes]
    notes += [f"{name} is not in this summary: {last.error}" for name, last in documents if not last.is_done]
    notes += [f"A paragraph could not be written: {item.error}" for item in items if not item.is_done]
    silent = [name for name, last in documents if last.output == NOTHING_SAID]
    if silent:
        notes.append(f"Nothing about {params.focus} was found in {', '.join(silent)}.")
    paragraphs = [paragraph(item) for item in _shown(params, levels)] if levels else []
    if not paragraphs or (params.length == "page" and max(levels) == 0):
        paragraphs += [Paragraph(text=last.output, label=name, sources=()) for name, last in good]
    return SummaryView(job_id=job_id, title=title, coverage=coverage, paragraphs=tuple(paragraphs), notes=tuple(notes))


def _levels(items: Sequence[Finished]) -> dict[int, dict[int, Finished]]:
    levels: dict[int, dict[int, Finished]] = {}
    for item in items:
        levels.setdefault(item.level, {})[item.position] = item
    return levels


def _shown(params: SummarizeParams, levels: _Levels) -> list[Finished]:
    """The overview, then for a page what it was made from; that also where the overview failed or is not there yet."""
    top = _good(levels[max(levels)])
    first = next(iter(levels[max(levels)].values())).input
    if not isinstance(first, Group) or not first.is_overview:
        return top
    if top and (params.length != "page" or len(first.sources) == 1):
        return top
    return top + _good(levels.get(max(levels) - 1, {}))


def _good(level: Mapping[int, Finished]) -> list[Finished]:
    return [level[position] for position in sorted(level) if says_something(level[position])]


def _below(item: Finished, levels: _Levels) -> list[Finished]:
    """The pieces of a document that went into an item."""
    if not isinstance(item.input, Group):
        return [item]
    below = levels.get(item.level - 1, {})
    parts = [below[position] for position in item.input.sources if position in below]
    return [piece for part in parts for piece in _below(part, levels)]


def _positions(item: Finished, levels: _Levels) -> list[int]:
    """The documents that went into an item of a collection."""
    assert isinstance(item.input, Group)
    if item.level == 0:
        return list(item.input.sources)
    below = levels[item.level - 1]
    return [
        place for position in item.input.sources if position in below for place in _positions(below[position], levels)
    ]


def _silence(params: SummarizeParams, silent: Sequence[Finished], n_pieces: int) -> str:
    focus = " ".join(params.focus.split())
    if len(silent) == n_pieces:
        return f"The document says nothing about {focus}."
    return f"Nothing about {focus} was found on {_several(silent)}."


def _several(items: Sequence[Finished]) -> str:
    """Labels of pieces that need not be neighbours: "pages 1–4, pages 9–12"."""
    runs: list[list[Finished]] = []
    for item in items:
        if runs and runs[-1][-1].position + 1 == item.position:
            runs[-1].append(item)
        else:
            runs.append([item])
    return ", ".join(map(label_of, runs))


def _pages(item: Finished) -> range:
    input = item.input
    if not isinstance(input, Piece) or input.first_page is None or input.last_page is None:
        return range(0)
    return range(input.first_page, input.last_page + 1)


def _text(item: Finished) -> str:
    return _HEADING_MARK.sub("", text_of(item.input))
