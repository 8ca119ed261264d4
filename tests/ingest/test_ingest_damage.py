"""Files damaged at random: read as far as they can be, or refused with a sentence; never a mistake of ours."""

from __future__ import annotations

import asyncio
import io
import random
import zipfile
from pathlib import Path

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_process import document_events
from pdf_writer import Page, pdf

from app.errors import ErrorKind, KnownError
from app.ingest.cleaning import clean
from app.ingest.messages import ReadingFailed
from app.ingest.reading import read_document


def damaged(content: bytes, chance: random.Random) -> bytes:
    """The content with some bytes changed, cut out or doubled."""
    changed = bytearray(content)
    for _ in range(chance.choice([1, 3, 30])):
        at, length = chance.randrange(len(changed)), chance.randrange(100)
        match chance.randrange(4):
            case 0:
                changed[at] = chance.randrange(256)
            case 1:
                del changed[at : at + length]
            case 2:
                changed[at:at] = changed[at : at + length]
            case _:
                changed[at : at + 10] = b"9" * 10
        changed = changed or bytearray(b" ")
    return bytes(changed)


def word_parts() -> dict[str, bytes]:
    file, buffer = docx.Document(), io.BytesIO()
    file.add_heading("Heading", 1)
    file.add_paragraph("item", style="List Bullet")
    file.add_table(2, 2).cell(0, 0).text = "cell"
    file.save(buffer)
    with zipfile.ZipFile(buffer) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def kind_of_failure(path: Path) -> ErrorKind | None:
    last = list(document_events(path, 1_000_000))[-1]
    return last.kind if isinstance(last, ReadingFailed) else None


def test_damaged_word_files(tmp_path):
    chance, parts, path = random.Random(3), word_parts(), tmp_path / "a.docx"
    for _ in range(60):
        name = chance.choice(sorted(parts))
        with zipfile.ZipFile(path, "w") as archive:
            for other, content in parts.items():
                archive.writestr(other, damaged(content, chance) if other == name else content)
        if chance.random() < 0.5:
            path.write_bytes(damaged(path.read_bytes(), chance))
        assert kind_of_failure(path) in (None, ErrorKind.DOCUMENT_UNREADABLE)


def test_damaged_pdfs(tmp_path):
    chance = random.Random(4)
    good = pdf(*[Page().paragraph("Some text on a page.", "And more of it.", top=700)] * 3)

    async def kind(path: Path) -> ErrorKind | None:
        try:
            await read_document(path, log_file=tmp_path / "log")
        except KnownError as error:
            return error.kind
        return None

    async def check_all() -> None:
        for number in range(24):
            path = tmp_path / f"{number}.pdf"
            path.write_bytes(damaged(good, chance))
        for number in range(0, 24, 2):
            kinds = await asyncio.gather(kind(tmp_path / f"{number}.pdf"), kind(tmp_path / f"{number + 1}.pdf"))
            assert set(kinds) <= {None, ErrorKind.DOCUMENT_UNREADABLE}

    asyncio.run(check_all())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("noise")


@settings(deadline=None)
@given(content=st.binary(max_size=400), suffix=st.sampled_from([".txt", ".md", ".html", ".docx", ""]))
def test_any_bytes_are_read_or_refused(folder: Path, content: bytes, suffix: str) -> None:
    path = folder / f"noise{suffix}"
    path.write_bytes(content)
    assert kind_of_failure(path) in (None, ErrorKind.DOCUMENT_UNREADABLE)


@settings(deadline=None)
@given(text=st.text(alphabet="ab #-=|`\n", min_size=1, max_size=200), suffix=st.sampled_from([".txt", ".md"]))
def test_letters_of_text_and_markdown_are_all_kept(folder: Path, text: str, suffix: str) -> None:
    path = folder / f"letters{suffix}"
    path.write_text(text)
    kept = [
        letter
        for event in document_events(path, 1000)
        for block in getattr(event, "blocks", ())
        for letter in block.text
    ]
    assert [letter for letter in kept if letter.isalpha()] == [letter for letter in text if letter.isalpha()]


@settings(deadline=None)
@given(text=st.text(max_size=80))
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert "\r" not in clean(text)
    assert "\0" not in clean(text)
    clean(text).encode()
