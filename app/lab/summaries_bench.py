"""Are summaries of use? Facts planted over a long document: what the notes keep, beside asking page by page.

The planted sentences name the focus, and the notes quote such sentences: what is measured is the program with its
model, against the model by itself.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time

from app.core.kinds.item_input import Piece
from app.core.kinds.summarize import Summarize, SummarizeParams
from app.core.views import ItemState
from app.engine.client import EngineClient
from app.engine.local import local_engine
from app.engine.messages import GenerateRequest, RequestFailed, TextProduced
from app.errors import KnownError
from app.lab.bench import Lab
from app.lab.paper import write_pdf
from app.lab.program import program
from app.lab.row import Limit, Row

PAGES, FACTS = 110, 20
PARAMS = SummarizeParams(focus="warranty")
_THINGS = ("Kestrel", "Marlowe", "Tarragon", "Obsidian", "Juniper", "Halcyon", "Peregrine", "Zephyr", "Cobalt", "Onyx")
_KINDS = ("pump", "valve")
_REPORT = (
    "The committee met in the morning and discussed the state of the buildings. {} "
    "Several members asked for more time to read the papers, and the chair agreed.",
    "Work on the north side went on as planned during the month. {} "
    "The weather was dry, and the roads to the site stayed open.",
    "The library was open every day and many people came to read. {} "
    "New shelves were put up along the wall, and the old ones were painted.",
    "A letter from the town was read aloud and everyone listened. {} "
    "It was agreed that an answer should be written before the end of the week.",
    "The garden was cleared of leaves and the paths were swept. {} "
    "Two benches were repaired, and a third will follow in the spring.",
)


async def summaries(lab: Lab) -> Row:
    """The map step of a summary job over the whole document, and the same question for each page by itself."""
    row = Row("summaries", limits=[Limit("kept_ratio", 0.95, is_most=False), Limit("skipped_pieces", 0)])
    folder = lab.folder / "summaries"
    folder.mkdir()
    facts, pages = _document()
    write_pdf(folder / "report.pdf", pages)
    engine = local_engine(lab.folder, options=["--threads", str(lab.n_threads)])
    async with program(folder, engine, lab.model) as running:
        job = await running.core.add_job("summarize", PARAMS, [folder / "report.pdf"], is_draft=True)
        preview = await running.until_read(job)
        started = time.perf_counter()
        running.core.start_job(job)
        done = await running.core.wait_for_job(job)
        wall = time.perf_counter() - started
        (document,) = running.core.documents(job)
        page = running.core.items(job, state=ItemState.DONE, limit=10_000)
        details = [running.core.item(item.id) for item in page.items]
        notes = "\n".join(one.output for one in details if not one.item.name.endswith(("overview", "reduced")))
        capabilities = engine.capabilities
        assert capabilities is not None
        params = Summarize().fitted(PARAMS, capabilities.bulk_context)
        asked = [Summarize().requests(params, Piece(text=text))[0] for text in pages]
        by_page = "\n".join(await asyncio.gather(*(_answer(engine, n, one) for n, one in enumerate(asked))))
    kept, found = (sum(_says(text, fact) for fact in facts) for text in (notes, by_page))
    row.figures = {
        "kept_ratio": kept / max(1, found),
        "skipped_pieces": document.n_items - done.items_total if done.items_failed else 0,
        "kept_facts": kept,
        "facts_by_page": found,
        "pieces": document.n_items,
        "wall_seconds": wall,
        "estimate_ratio": (preview.seconds or 0.0) / wall,
    }
    row.facts = {"workload": f"{FACTS} facts over {PAGES} pages, {document.n_tokens:,} tokens; {done.coverage}"}
    return row


def _document() -> tuple[list[tuple[str, str]], list[str]]:
    """(name, number) of each fact; the pages, every fifth of them with one."""
    source = random.Random(20)
    facts = [(f"{thing} {kind}", str(n)) for n, (thing, kind) in enumerate(itertools.product(_THINGS, _KINDS), 31)]
    places = dict(zip(range(2, PAGES, PAGES // FACTS), facts, strict=False))
    pages = []
    for number in range(PAGES):
        paragraphs = [source.choice(_REPORT) for _ in range(5)]
        if number in places:
            name, value = places[number]
            told = f"The warranty of the {name} lasts {value} months."
            at = source.randrange(len(paragraphs))
            paragraphs[at] = paragraphs[at].format(told)
        pages.append("\n\n".join(paragraph.format("").replace("  ", " ") for paragraph in paragraphs))
    return facts, pages


def _says(text: str, fact: tuple[str, str]) -> bool:
    name, value = fact
    sentences = text.replace(". ", "\n").split("\n")
    return any(name.split()[0].lower() in sentence.lower() and value in sentence for sentence in sentences)


async def _answer(engine: EngineClient, n: int, request: GenerateRequest) -> str:
    text = ""
    async for event in engine.generate(f"page-{n}", request):
        if isinstance(event, TextProduced):
            text += event.text
        elif isinstance(event, RequestFailed):
            raise KnownError(event.kind, event.sentence)
    return text
