"""The reading process dies, hangs, or is not wanted any more: one sentence, and nothing is left over."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from pathlib import Path

import psutil
import pytest
from in_process import document_events
from pdf_writer import Page, pdf

from app.child_command import child_command
from app.errors import ErrorKind, KnownError
from app.ingest.messages import Event, ReadDocument, ReadingFailed
from app.ingest.reading import read_document
from app.ingest.task import ReadLimits
from app.wire import Decoder, encode


@pytest.fixture
def long_pdf(tmp_path: Path) -> Path:
    """A file that takes about a second to read."""
    line = "words that fill a line of this page from its left edge to its right edge"
    path = tmp_path / "long.pdf"
    path.write_bytes(pdf(*[Page().paragraph(*[line] * 50, top=750)] * 500))
    return path


def readers() -> list[psutil.Process]:
    """The reading processes of this one that have not ended."""
    alive = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in alive if "read" in child.cmdline()]


def test_a_killed_reader_is_one_sentence(long_pdf, tmp_path):
    killed: list[psutil.Process] = []

    def kill_it(n_done: int, n_pages: int | None) -> None:
        if not killed:
            killed.extend(readers())
            killed[0].kill()

    async def run() -> None:
        await read_document(long_pdf, log_file=tmp_path / "log", on_progress=kill_it)

    with pytest.raises(KnownError) as caught:
        asyncio.run(run())
    assert caught.value.kind is ErrorKind.READER_CRASHED
    assert caught.value.sentence.startswith("“long.pdf” could not be read: the process that read it ended early")
    assert "SIGKILL" in caught.value.sentence
    assert not readers()


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.3])
def test_the_time_limit_ends_the_process(long_pdf, tmp_path, seconds):
    with pytest.raises(KnownError) as caught:
        asyncio.run(read_document(long_pdf, log_file=tmp_path / "log", limits=ReadLimits(seconds=seconds)))
    assert "took longer than" in caught.value.sentence
    assert not readers()


def test_cancelling_kills_the_process(long_pdf, tmp_path):
    async def run() -> None:
        pages = asyncio.Event()
        reading = asyncio.create_task(
            read_document(long_pdf, log_file=tmp_path / "log", on_progress=lambda *_: pages.set())
        )
        await pages.wait()
        assert readers()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert not readers()

    asyncio.run(run())


def test_documents_are_read_side_by_side(long_pdf, tmp_path):
    async def run() -> None:
        one = read_document(long_pdf, log_file=tmp_path / "log")
        other = read_document(long_pdf, log_file=tmp_path / "log")
        first, second = await asyncio.gather(one, other)
        assert first == second
        assert first.n_pages == 500

    asyncio.run(run())


@pytest.fixture
def reader(tmp_path: Path):
    """A reading process, spoken to by hand."""
    with (tmp_path / "log").open("wb") as log:
        command = child_command("read", str(2 * 1024**3))
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        yield process
        process.kill()
        with process:  # closes its pipes and waits
            pass


def test_a_reader_ends_when_its_input_ends(reader):
    reader.stdin.close()
    assert reader.wait(timeout=30) == 0
    assert reader.stdout.read() == b""


def test_a_reader_ends_in_the_middle_when_the_program_is_gone(reader, long_pdf):
    command = ReadDocument(path=bytes(long_pdf), max_characters=30_000_000)
    reader.stdin.write(encode(command))
    reader.stdin.flush()
    assert reader.stdout.readline()
    reader.stdin.close()
    assert reader.wait(timeout=30) in (0, -signal.SIGPIPE)
    assert b"DocumentRead" not in reader.stdout.read()


def test_the_last_word_is_one(tmp_path, reader):
    path = tmp_path / "a.txt"
    path.write_text("one\n\ntwo")
    reader.stdin.write(encode(ReadDocument(path=bytes(path), max_characters=100)))
    reader.stdin.flush()
    events = [Decoder[Event](Event).decode(line).__class__.__name__ for line in reader.stdout]
    assert events == ["BlocksRead", "DocumentRead"]


def test_a_file_that_vanishes_while_it_is_read(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("some words\n\n" * 20_000)
    events = document_events(path, 10_000_000)
    assert next(events)
    path.unlink()  # what is open stays readable
    assert len(list(events)) > 1

    path.write_text("<p>words")
    reading = document_events(path.with_name("b.txt"), 100)
    assert [event.__class__ for event in reading] == [ReadingFailed]


def test_a_mistake_of_ours_is_told_and_logged(tmp_path, capsys):
    path = tmp_path / "a.txt"
    path.write_text("words")
    (event,) = document_events(path, "no number")  # type: ignore[arg-type]
    assert isinstance(event, ReadingFailed)
    assert event.kind is ErrorKind.BUG
    assert "a mistake in Rubato" in event.sentence
    assert "TypeError" in capsys.readouterr().err
