"""Tables as rows, through the real task process: CSV, TSV, JSON lines and workbooks."""

from __future__ import annotations

import asyncio
import csv
import datetime
import io
import json
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import ErrorKind, KnownError
from app.ingest.document import TableHead
from app.ingest.messages import OpenTable, ReadingFailed
from app.ingest.process import read_events
from app.ingest.reading import ReadLimits
from app.ingest.tables import is_table, open_table

Rows = list[tuple[str, ...]]
OpenTables = Callable[..., tuple[TableHead, Rows]]
LIMITS = ReadLimits()


@pytest.fixture
def rows_of(tmp_path: Path) -> OpenTables:
    """The head and all rows of a file, read in a child process."""

    async def run(path: Path, sheet: str, limits: ReadLimits) -> tuple[TableHead, Rows]:
        async with open_table(path, log_file=tmp_path / "read.log", sheet=sheet, limits=limits) as table:
            rows = [row async for batch in table.rows() for row in batch]
            return table.head, rows

    return lambda path, sheet="", limits=LIMITS: asyncio.run(run(path, sheet, limits))


@pytest.fixture
def refused(rows_of: OpenTables) -> Callable[..., str]:
    """The sentence with which a table is refused, at its opening or in the middle."""

    def run(path: Path, sheet: str = "", limits: ReadLimits = LIMITS) -> str:
        with pytest.raises(KnownError) as caught:
            rows_of(path, sheet, limits)
        assert caught.value.kind is ErrorKind.DOCUMENT_UNREADABLE, caught.value.sentence
        assert caught.value.sentence.startswith(f"“{path.name}” ")
        return caught.value.sentence

    return run


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def workbook(path: Path, **sheets: list[list[object]]) -> Path:
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm:ss"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return path


def test_csv_as_rows(tmp_path, rows_of):
    path = write(tmp_path / "a.csv", 'name,said\r\nAda,"one, two\r\nthree ""four"""\r\n\r\nBo\r\n,last')
    head, rows = rows_of(path)
    assert head == TableHead(columns=("name", "said"))
    assert rows == [("Ada", 'one, two\nthree "four"'), ("Bo", ""), ("", "last")]


@pytest.mark.parametrize(
    ("name", "content", "columns"),
    [
        ("a.csv", "a;b\n1,5;2,5\n", ("a", "b")),
        ("a.csv", "a\tb\n1,5\t2;5\n", ("a", "b")),
        ("a.csv", "a|b|c\n1|2|3\n", ("a", "b", "c")),
        ("a.csv", "text\nHello, world\nand more; of it\n", ("text",)),
        ("a.tsv", "a, b, c\td\n1\t2\n", ("a, b, c", "d")),
        ("a.csv", "sep=;\na, b;c\n1;2\n", ("a, b", "c")),
        ("a.csv", "name;price, EUR\nx;1,5\ny;2,5\n", ("name", "price, EUR")),
        ("a.csv", "1,2\n3,4\n", ("1", "2")),
        ("a.csv", "x,,x,\n1,2,3,4\n", ("x", "column 2", "x (2)", "column 4")),
    ],
)
def test_delimiters_and_names_of_columns(tmp_path, rows_of, name, content, columns):
    head, rows = rows_of(write(tmp_path / name, content))
    assert head.columns == columns
    assert {len(row) for row in rows} == {len(columns)}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_csv_in_many_encodings(tmp_path, rows_of, encoding):
    text = "Prénom,Ville\nZoé,Orléans-la-Forêt\nFrançois,Besançon\n"
    head, rows = rows_of(write(tmp_path / "a.csv", text.encode(encoding)))
    assert head.columns == ("Prénom", "Ville")
    assert rows == [("Zoé", "Orléans-la-Forêt"), ("François", "Besançon")]


def test_a_row_that_is_too_long_is_named_by_its_line(tmp_path, refused):
    assert "has 3 cells in line 4, but only 2 columns" in refused(write(tmp_path / "a.csv", 'a,b\n"1\n1",2\n1,2,3\n'))


def test_delimiters_at_the_end_of_a_row_are_no_cells(tmp_path, rows_of):
    assert rows_of(write(tmp_path / "a.csv", "a,b\n1,2,,\n"))[1] == [("1", "2")]


def test_a_quote_that_is_not_closed(tmp_path, refused):
    assert "a quote in line 3 that is not closed" in refused(write(tmp_path / "a.csv", 'a,b\n1,2\n3,"4\n5,6\n'))
    long = write(tmp_path / "b.csv", 'a,b\n1,"2\n' + "5,6\n" * 300_000)
    assert "more than 1,000,000 characters from line 2 on" in refused(long)


@pytest.mark.parametrize("content", ["a,b\n", "a,b", "\n\n a,b\n,\n"])
def test_a_table_without_rows(tmp_path, refused, content):
    assert "has no rows below the first" in refused(write(tmp_path / "a.csv", content))


def test_json_lines(tmp_path, rows_of):
    lines = ['{"a": "x\\ny", "n": 1.10}', "", '{"b": [1, {"c": "d e"}], "a": null, "n": 123456789012345678901}', "{}"]
    head, rows = rows_of(write(tmp_path / "a.jsonl", "\n".join(lines)))
    assert head.columns == ("a", "n", "b")
    assert rows == [("x\ny", "1.10", ""), ("", "123456789012345678901", '[1,{"c":"d e"}]'), ("", "", "")]


@pytest.mark.parametrize("line", ["{", "[1]", "12", '{"a": NaN}', '{"a": "\\ud800"}', '{"a":' + "[" * 100_000])
def test_a_line_that_is_no_object(tmp_path, refused, line):
    assert "is not a JSON object in line 3" in refused(write(tmp_path / "a.jsonl", '{"a": 1}\n{"a": 2}\n' + line))


def test_a_field_that_comes_late(tmp_path, refused):
    path = write(tmp_path / "a.jsonl", '{"a": 1}\n' * 1000 + '{"b": 1}\n')
    assert "has a field in line 1,001 that none of its first 1,000 lines has (“b”)" in refused(path)


def test_workbook_cells_as_a_person_writes_them(tmp_path, rows_of):
    moments = [datetime.datetime(2024, 5, 1), datetime.datetime(2024, 5, 1, 13, 30)]
    path = workbook(tmp_path / "a.xlsx", Data=[list("abcdefg"), [12, 12.5, 0.1 + 0.2, True, *moments, "x\ny"]])
    head, rows = rows_of(path)
    assert head == TableHead(columns=tuple("abcdefg"), sheets=("Data",))
    assert rows == [("12", "12.5", "0.3", "TRUE", "2024-05-01", "2024-05-01 13:30", "x\ny")]


def test_sheets_of_a_workbook(tmp_path, rows_of, refused):
    path = workbook(tmp_path / "a.xlsx", One=[["a"], [1]], Two=[[], ["b", "", "b"], [], [1, "", "z"]], Three=[["only"]])
    head, _ = rows_of(path)
    assert head.sheets == ("One", "Two", "Three")
    head, rows = rows_of(path, "Two")
    assert head.columns == ("b", "column 2", "b (2)")
    assert rows == [("1", "", "z")]
    assert refused(path, "Four") == "“a.xlsx” has no sheet called “Four”. Choose one of these: “One”, “Two”, “Three”."
    assert "has no rows in the sheet “Three”" in refused(path, "Three")


def test_a_workbook_under_another_name(tmp_path, rows_of):
    path = workbook(tmp_path / "a.xlsx", One=[["a"], [1]]).rename(tmp_path / "a.csv")
    assert is_table(path)
    assert rows_of(path)[1] == [("1",)]


def test_broken_workbooks(tmp_path, refused):
    good = workbook(tmp_path / "a.xlsx", One=[["a"], [1]]).read_bytes()
    assert "damaged" in refused(write(tmp_path / "cut.xlsx", good[: len(good) // 2]))
    assert "damaged" in refused(write(tmp_path / "old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 5000))
    far = workbook(tmp_path / "far.xlsx", One=[["a"], [1]])
    with xlsxwriter.Workbook(far) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "a")
        sheet.write(1_048_575, 16_383, "z")
    assert "memory" in refused(far)


def test_what_is_a_table(tmp_path):
    assert is_table(write(tmp_path / "A.CSV", "a,b\n1,2"))
    assert is_table(write(tmp_path / "a.jsonl", "{}"))
    assert is_table(workbook(tmp_path / "a.xlsx", One=[["a"]]))
    assert not is_table(write(tmp_path / "page.xls", "<html><table></table></html>"))
    assert not is_table(write(tmp_path / "a.txt", "a,b\n1,2"))
    assert not is_table(tmp_path / "gone.csv")


def test_what_is_no_table(tmp_path, refused):
    assert "is no table but Markdown" in refused(write(tmp_path / "a.md", "# hello"))
    assert "is not there any more" in refused(tmp_path / "gone.csv")
    assert "is not text" in refused(write(tmp_path / "a.csv", bytes(range(32)) * 100))


def long_csv(path: Path, n_rows: int) -> Path:
    return write(path, "number,text\n" + "".join(f"{number},some words of row {number}\n" for number in range(n_rows)))


def test_a_slow_consumer_is_waited_for_and_a_slow_file_is_not(tmp_path, refused):
    async def run() -> int:
        n_rows = 0
        limits = ReadLimits(seconds=1.0)
        async with open_table(path, log_file=tmp_path / "log", limits=limits) as table:
            async for rows in table.rows():
                n_rows += len(rows)
                if n_rows == len(rows):
                    await asyncio.sleep(1.2)
        return n_rows

    path = long_csv(tmp_path / "a.csv", 5000)
    assert asyncio.run(run()) == 5000
    assert "took longer than 0 seconds" in refused(path, limits=ReadLimits(seconds=0.0))


def reading_processes() -> list[psutil.Process]:
    alive = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in alive if "read" in child.cmdline()]


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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


CELLS = st.text(st.characters(exclude_categories=("C",), include_characters="\n"), max_size=12)


@settings(deadline=None)
@given(data=st.data(), delimiter=st.sampled_from(",;\t|"), width=st.integers(2, 4))
def test_csv_comes_back_as_it_was_written(folder, data, delimiter, width):
    names = [f"name{number}" for number in range(width)]
    rows = data.draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=8))
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([names, *rows])
    path = write(folder / "a.csv", buffer.getvalue())
    kept = [tuple(row) for row in rows if any(cell.strip() for cell in row)]
    events = list(read_events(OpenTable(path=bytes(path), sheet="")))
    if not kept:
        assert isinstance(events[0], ReadingFailed)
        return
    assert events[0].head.columns == tuple(names)
    assert [row for event in events for row in getattr(event, "rows", ())] == kept


@settings(deadline=None)
@given(records=st.lists(st.dictionaries(st.sampled_from("abc"), CELLS), min_size=1, max_size=8).filter(any))
def test_json_lines_come_back_as_they_were_written(folder, records):
    path = write(folder / "a.jsonl", "\n".join(json.dumps(record) for record in records))
    first, *others = read_events(OpenTable(path=bytes(path), sheet=""))
    rows = [row for event in others for row in getattr(event, "rows", ())]
    assert rows == [tuple(record.get(name, "") for name in first.head.columns) for record in records]


@settings(deadline=None)
@given(content=st.binary(max_size=300) | st.text(alphabet='a",;\n\t{}[]:1', max_size=60).map(str.encode))
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".xlsx"])
def test_any_bytes_are_a_table_or_refused(folder, suffix, content):
    path = write(folder / f"noise{suffix}", content)
    *_, last = read_events(OpenTable(path=bytes(path), sheet=""))
    assert not isinstance(last, ReadingFailed) or last.kind is ErrorKind.DOCUMENT_UNREADABLE, last


def test_tables_as_documents(tmp_path, read):
    def shown(path: Path) -> list[tuple[str, str]]:
        return [(block.kind.value, block.text) for block in read(path).blocks]

    rows = "name: Ada; year: 1843\nname: Bo"
    assert shown(write(tmp_path / "a.csv", "name,year\nAda,1843\nBo,\n")) == [("table", rows)]
    assert shown(write(tmp_path / "b.csv", "name,year\nAda,1843,x\n")) == [
        ("table", "name: Ada; year: 1843; column 3: x")
    ]
    assert shown(write(tmp_path / "a.jsonl", '{"name": "Ada", "year": 1843}\n{"name": "Bo"}')) == [("table", rows)]
    sheets = {"One": [["Title"], ["name", "year"], ["Ada", 1843], ["Bo"]], "Two": [], "Three": [["a", "b"]]}
    assert shown(workbook(tmp_path / "a.xlsx", **sheets)) == [
        ("heading", "One"),
        ("paragraph", "Title"),
        ("table", rows),
        ("heading", "Three"),
        ("table", "a | b"),
    ]


def test_hidden_sheets_are_named(tmp_path, read):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        book.add_worksheet("Shown").write_column(0, 0, ["a", "1"])
        book.add_worksheet("Secret").hide()
    document = read(tmp_path / "a.xlsx")
    assert [block.text for block in document.blocks] == ["a: 1"]
    assert document.notes == ("The sheet “Secret” is hidden and was not read.",)


def test_many_rows_are_cut_between_rows(tmp_path, read):
    document = read(long_csv(tmp_path / "a.csv", 1000))
    assert [block.kind.value for block in document.blocks] == ["table"] * 25
    assert document.blocks[1].text.startswith("number: 40; text: some words of row 40\nnumber: 41; ")
