"""Tables through the real task process: it waits, it is waited for, and nothing of it is left over."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import psutil
import pytest
import xlsxwriter
from in_process import write

from app.errors import ErrorKind, KnownError
from app.ingest.messages import OpenTable
from app.ingest.process import read_events, send_events
from app.ingest.tables import open_table
from app.ingest.task import ReadLimits


def long_csv(path: Path, n_rows: int) -> Path:
    return write(path, "number,text\n" + "".join(f"{number},some words of row {number}\n" for number in range(n_rows)))


class LateClock(asyncio.SelectorEventLoop):
    """A loop whose clock can be put forward."""

    seconds_ahead = 0.0

    def time(self) -> float:
        return super().time() + self.seconds_ahead


def test_time_that_the_consumer_takes_does_not_count(tmp_path):
    path = long_csv(tmp_path / "a.csv", 5000)

    async def run() -> int:
        n_rows = 0
        async with open_table(path, log_file=tmp_path / "log", limits=ReadLimits(seconds=60.0)) as table:
            async for rows in table.rows():
                n_rows += len(rows)
                asyncio.get_running_loop().seconds_ahead += 100.0
        return n_rows

    with asyncio.Runner(loop_factory=LateClock) as runner:
        assert runner.run(run()) == 5000


def refusal(path: Path, log_file: Path, limits: ReadLimits) -> str:
    async def run() -> None:
        async with open_table(path, log_file=log_file, limits=limits) as table:
            async for _ in table.rows():
                pass

    with pytest.raises(KnownError) as caught:
        asyncio.run(run())
    assert caught.value.kind in (ErrorKind.DOCUMENT_UNREADABLE, ErrorKind.READER_CRASHED)
    assert not reading_processes()
    return caught.value.sentence


def test_limits_of_time_and_memory(tmp_path):
    path = long_csv(tmp_path / "a.csv", 10)
    assert "took longer than 0 seconds" in refusal(path, tmp_path / "log", ReadLimits(seconds=0.0))
    with xlsxwriter.Workbook(tmp_path / "far.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "a")
        sheet.write(1_048_575, 16_383, "z")
    assert "more memory than a document may take" in refusal(tmp_path / "far.xlsx", tmp_path / "log", ReadLimits())


def reading_processes() -> list[psutil.Process]:
    alive = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in alive if "read" in child.cmdline()]


def test_rows_are_read_when_they_are_wanted(tmp_path):
    path = long_csv(tmp_path / "a.csv", 2500)
    output = io.BytesIO()
    lines_sent: list[int] = []
    events = read_events(OpenTable(path=bytes(path), sheet=""))
    send_events(events, output, lambda: lines_sent.append(output.getvalue().count(b"\n")))
    assert lines_sent == [1, 2, 3, 4]  # the head, 1000 rows, 1000 rows, 500 rows
    assert output.getvalue().count(b"\n") == 5  # that it was read


def test_leaving_in_the_middle_ends_the_process(tmp_path):
    async def run() -> None:
        async with open_table(long_csv(tmp_path / "a.csv", 100_000), log_file=tmp_path / "log") as table:
            async for _ in table.rows():
                assert reading_processes()
                break
        assert not reading_processes()

    asyncio.run(run())


def test_a_killed_process_is_one_sentence(tmp_path):
    async def run() -> None:
        async with open_table(long_csv(tmp_path / "a.csv", 100_000), log_file=tmp_path / "log") as table:
            async for _ in table.rows():
                for process in reading_processes():
                    process.kill()

    with pytest.raises(KnownError, match="ended early"):
        asyncio.run(run())
    assert not reading_processes()


def test_memory_does_not_grow_with_the_file(tmp_path):
    async def peak(n_rows: int) -> tuple[int, int]:
        most = n_read = 0
        async with open_table(long_csv(tmp_path / "a.csv", n_rows), log_file=tmp_path / "log") as table:
            async for rows in table.rows():
                n_read += len(rows)
                if n_read % 10_000 == 0 and n_read < n_rows:
                    most = max(most, reading_processes()[0].memory_info().rss)
        return n_read, most

    _, short = asyncio.run(peak(50_000))
    n_read, long = asyncio.run(peak(300_000))
    assert n_read == 300_000
    assert long < short + 8_000_000
