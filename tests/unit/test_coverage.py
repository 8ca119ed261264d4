"""What of a job's documents went into its result."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core import source_facts
from app.core.coverage import coverage
from app.core.kinds import item_input
from app.core.kinds.item_input import Piece
from app.core.source_facts import SourceFacts
from app.store.database import Database
from app.store.items import Items
from app.store.jobs import Jobs


class Shelf:
    """A job with documents, of which parts are done or failed."""

    def __init__(self, folder: Path) -> None:
        database = Database(folder / "rubato.sqlite3", folder / "backups")
        self.jobs, self.items = Jobs(database), Items(database, "run")
        self.jobs.add(
            id="j", kind="summarize", title="t", params="{}", options="{}", model="", sources=[], now_seconds=0
        )
        self.jobs.set_state("j", "running")

    def add(self, name: str, facts: SourceFacts, *pieces: tuple[Piece, bool]) -> None:
        self.jobs.add_sources("j", [(f"/{name}", name)])
        source = self.jobs.sources("j")[-1]
        self.items.add("j", source.id, 0, [item_input.encode(piece) for piece, _ in pieces])
        self.jobs.source_was_read(
            source, facts=source_facts.encode(facts), n_items=len(pieces), n_tokens=0, n_expected=len(pieces)
        )
        for item, (_, is_good) in zip(self.items.claim(["j"], len(pieces)), pieces, strict=True):
            self.items.end(item, **({"output": "x"} if is_good else {"error": "why"}))

    @property
    def coverage(self) -> str:
        job = self.jobs.get("j")
        assert job is not None
        return coverage(job, self.jobs, self.items)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def pages(first: int, last: int) -> Piece:
    return Piece(text="a", first_page=first, last_page=last)


def test_pages_that_failed_or_had_no_text_are_not_covered(shelf: Shelf) -> None:
    shelf.add("a.pdf", SourceFacts(n_pages=9, unread_pages=(9,)), (pages(1, 4), True), (pages(5, 6), False))
    assert shelf.coverage == "6 of 9 pages"


def test_texts_beside_pages_are_counted_by_their_parts(shelf: Shelf) -> None:
    shelf.add("a.pdf", SourceFacts(n_pages=2), (pages(1, 2), True))
    shelf.add("b.txt", SourceFacts(), (Piece(text="b"), True), (Piece(text="c"), False))
    assert shelf.coverage == "2 of 2 documents, 2 of 2 pages, 1 of 2 parts"


def test_a_document_that_could_not_be_read_is_missing(shelf: Shelf) -> None:
    shelf.add("b.txt", SourceFacts(), (Piece(text="b"), True))
    shelf.jobs.add_sources("j", [("/c", "c")])
    shelf.jobs.set_source(shelf.jobs.sources("j")[-1].id, "failed", "why")
    assert shelf.coverage == "1 of 2 documents, 1 of 1 parts"
