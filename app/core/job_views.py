"""Rows of the database as the faces see them."""

from __future__ import annotations

from app.core import source_facts
from app.core.kinds import item_input
from app.core.kinds.item_input import Call, Group, Piece, Row, text_of
from app.core.kinds.known import kind_of
from app.core.views import DocumentView, ItemDetail, ItemState, ItemView
from app.engine.messages import GenerateRequest
from app.errors import KnownError
from app.store.items import ItemRow
from app.store.jobs import JobRow, SourceRow

LINE_CHARACTERS = 200


def document_view(source: SourceRow) -> DocumentView:
    return DocumentView(
        name=source.name,
        state=source.state,
        error=source.error,
        notes=source_facts.decode(source.facts).notes,
        n_items=source.n_items,
        n_tokens=source.n_tokens,
    )


def item_view(item: ItemRow, source: SourceRow | None) -> ItemView:
    input = item_input.decode(item.input)
    return ItemView(
        id=item.id,
        job_id=item.job_id,
        name=item_name(item, input, source),
        state=ItemState(item.state),
        input=one_line(text_of(input)),
        output=one_line(item.error if item.state == "failed" else item.output),
        tokens=item.prompt_tokens - item.cached_tokens + item.output_tokens,
        seconds=item.seconds,
    )


def item_detail(job: JobRow, item: ItemRow, source: SourceRow | None) -> ItemDetail:
    input = item_input.decode(item.input)
    return ItemDetail(
        item=item_view(item, source),
        source=text_of(input),
        prompt=prompt_text(job, input),
        output=item.output,
        error=item.error if item.state == "failed" else "",
        saved_tokens=item.cached_tokens,
    )


def item_name(item: ItemRow, input: item_input.ItemInput, source: SourceRow | None) -> str:
    """What it was made from: "report.pdf, pages 3–5"."""
    name = source.name if source is not None else "All documents"
    match input:
        case Row():
            return f"{name}, row {item.position + 1:,}"
        case Call():
            return input.custom_id or f"{name}, line {item.position + 1:,}"
        case Piece(first_page=int(), last_page=int()) if source is not None and source.n_items > 1:
            pages = (input.first_page, input.last_page)
            return f"{name}, page {pages[0]}" if pages[0] == pages[1] else f"{name}, pages {pages[0]}–{pages[1]}"
        case Piece() if source is not None and source.n_items > 1:
            return f"{name}, part {item.position + 1}"
        case Group():
            return f"{name}, overview" if input.is_overview or input.is_collection else f"{name}, reduced"
    return name


def prompt_text(job: JobRow, input: item_input.ItemInput) -> str:
    """What the model is asked, turn by turn; or why it can't be."""
    try:
        kind, params = kind_of(job)
        return "\n\n———\n\n".join(_turns(request) for request in kind.requests(params, input))
    except KnownError as error:
        return error.sentence
    except Exception as error:
        return str(error)


def _turns(request: GenerateRequest) -> str:
    turns = [f"[{turn.role}]\n{turn.content}" for turn in request.turns]
    if request.begun_reply:
        turns.append(f"[assistant]\n{request.begun_reply}…")
    return "\n\n".join(turns)


def one_line(text: str) -> str:
    """Its beginning."""
    line = " ".join(text[: LINE_CHARACTERS * 2].split())
    return line if len(line) <= LINE_CHARACTERS else f"{line[: LINE_CHARACTERS - 1]}…"
