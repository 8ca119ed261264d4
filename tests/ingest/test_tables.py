"""Tables as rows, and as documents: CSV, TSV, JSON lines and workbooks."""

from __future__ import annotations

import csv
import datetime
import io
import json
import random
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from in_process import archive, document_events, read, read_rows, shown, table_refusal, write

from app.errors import ErrorKind
from app.ingest.document import TableHead
from app.ingest.messages import OpenTable, ReadingFailed
from app.ingest.process import read_events
from app.ingest.tables import is_table


def workbook(path: Path, **sheets: list[list[object]]) -> Path:
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm:ss"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return path


def test_csv_as_rows(tmp_path):
    path = write(tmp_path / "a.csv", 'name,said\r\nAda,"one, two\r\nthree ""four"""\r\n\r\nBo\r\n,last')
    head, rows = read_rows(path)
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
def test_delimiters_and_names_of_columns(tmp_path, name, content, columns):
    head, rows = read_rows(write(tmp_path / name, content))
    assert head.columns == columns
    assert {len(row) for row in rows} == {len(columns)}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_csv_in_many_encodings(tmp_path, encoding):
    text = "Prénom,Ville\nZoé,Orléans-la-Forêt\nFrançois,Besançon\n"
    head, rows = read_rows(write(tmp_path / "a.csv", text.encode(encoding)))
    assert head.columns == ("Prénom", "Ville")
    assert rows == [("Zoé", "Orléans-la-Forêt"), ("François", "Besançon")]


def test_a_row_that_is_too_long_is_named_by_its_line(tmp_path):
    assert "has 3 cells in line 4, but only 2 columns" in table_refusal(
        write(tmp_path / "a.csv", 'a,b\n"1\n1",2\n1,2,3\n')
    )


def test_delimiters_at_the_end_of_a_row_are_no_cells(tmp_path):
    assert read_rows(write(tmp_path / "a.csv", "a,b\n1,2,,\n"))[1] == [("1", "2")]


def test_a_quote_that_is_not_closed(tmp_path):
    assert "a quote in line 3 that is not closed" in table_refusal(write(tmp_path / "a.csv", 'a,b\n1,2\n3,"4\n5,6\n'))
    long = write(tmp_path / "b.csv", 'a,b\n1,"2\n' + "5,6\n" * 300_000)
    assert "more than 1,000,000 characters from line 2 on" in table_refusal(long)


@pytest.mark.parametrize("content", ["a,b\n", "a,b", "\n\n a,b\n,\n"])
def test_a_table_without_rows(tmp_path, content):
    assert "has no rows below the first" in table_refusal(write(tmp_path / "a.csv", content))


def test_json_lines(tmp_path):
    lines = ['{"a": "x\\ny", "n": 1.10}', "", '{"b": [1, {"c": "d e"}], "a": null, "n": 123456789012345678901}', "{}"]
    head, rows = read_rows(write(tmp_path / "a.jsonl", "\n".join(lines)))
    assert head.columns == ("a", "n", "b")
    assert rows == [("x\ny", "1.10", ""), ("", "123456789012345678901", '[1,{"c":"d e"}]'), ("", "", "")]


@pytest.mark.parametrize("line", ["{", "[1]", "12", '{"a": NaN}', '{"a": "\\ud800"}', '{"a":' + "[" * 100_000])
def test_a_line_that_is_no_object(tmp_path, line):
    assert "is not a JSON object in line 3" in table_refusal(write(tmp_path / "a.jsonl", '{"a": 1}\n{"a": 2}\n' + line))


def test_a_field_that_comes_late(tmp_path):
    path = write(tmp_path / "a.jsonl", '{"a": 1}\n' * 1000 + '{"b": 1}\n')
    assert "has a field in line 1,001 that none of its first 1,000 lines has (“b”)" in table_refusal(path)


def test_workbook_cells_as_a_person_writes_them(tmp_path):
    moments = [datetime.datetime(2024, 5, 1), datetime.datetime(2024, 5, 1, 13, 30)]
    path = workbook(tmp_path / "a.xlsx", Data=[list("abcdefg"), [12, 12.5, 0.1 + 0.2, True, *moments, "x\ny"]])
    head, rows = read_rows(path)
    assert head == TableHead(columns=tuple("abcdefg"), sheets=("Data",))
    assert rows == [("12", "12.5", "0.3", "TRUE", "2024-05-01", "2024-05-01 13:30", "x\ny")]


def test_sheets_of_a_workbook(tmp_path):
    path = workbook(tmp_path / "a.xlsx", One=[["a"], [1]], Two=[[], ["b", "", "b"], [], [1, "", "z"]], Three=[["only"]])
    head, _ = read_rows(path)
    assert head.sheets == ("One", "Two", "Three")
    head, rows = read_rows(path, "Two")
    assert head.columns == ("b", "column 2", "b (2)")
    assert rows == [("1", "", "z")]
    assert (
        table_refusal(path, "Four")
        == "“a.xlsx” has no sheet called “Four”. Choose one of these: “One”, “Two”, “Three”."
    )
    assert "has no rows in the sheet “Three”" in table_refusal(path, "Three")


ODS = """<office:document-content xmlns:office="{0}:office:1.0" xmlns:table="{0}:table:1.0" xmlns:text="{0}:text:1.0">
<office:body><office:spreadsheet><table:table table:name="One"><table:table-row>
<table:table-cell office:value-type="string"><text:p>day</text:p></table:table-cell></table:table-row><table:table-row>
<table:table-cell office:value-type="date" office:date-value="2024-05-01"><text:p>1 May</text:p></table:table-cell>
</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"""


def test_opendocument_workbooks(tmp_path):
    entry = "<manifest:file-entry manifest:full-path='content.xml'>{1}</manifest:file-entry>"
    manifest = f"<manifest:manifest xmlns:manifest='{{0}}:manifest:1.0'>{entry}</manifest:manifest>"
    names = "urn:oasis:names:tc:opendocument:xmlns"
    content = ODS.format(names).replace("\n", "")
    parts = {"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": content}
    path = archive(tmp_path / "a.ods", parts | {"META-INF/manifest.xml": manifest.format(names, "")})
    assert read_rows(path) == (TableHead(columns=("day",), sheets=("One",)), [("2024-05-01",)])
    locked = parts | {"META-INF/manifest.xml": manifest.format(names, "<manifest:encryption-data/>")}
    assert "protected by a password" in table_refusal(archive(tmp_path / "b.ods", locked))


def test_a_workbook_under_another_name(tmp_path):
    path = workbook(tmp_path / "a.xlsx", One=[["a"], [1]]).rename(tmp_path / "a.csv")
    assert is_table(path)
    assert read_rows(path)[1] == [("1",)]


def test_broken_workbooks(tmp_path):
    good = workbook(tmp_path / "a.xlsx", One=[["a"], [1]]).read_bytes()
    assert "damaged" in table_refusal(write(tmp_path / "cut.xlsx", good[: len(good) // 2]))
    assert "damaged" in table_refusal(write(tmp_path / "old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 5000))


def test_damaged_workbooks_are_read_or_refused(tmp_path):
    chance = random.Random(5)
    path = workbook(tmp_path / "a.xlsx", One=[["a", "b"], [1, "text"]], Two=[["c"], [True]])
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    for _ in range(60):
        name = chance.choice(sorted(parts))
        changed = bytearray(parts[name])
        for _ in range(chance.choice([1, 5])):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        archive(path, parts | {name: bytes(changed)})
        for event in (*document_events(path, 10_000), *read_events(OpenTable(path=bytes(path), sheet=""))):
            assert not isinstance(event, ReadingFailed) or event.kind is ErrorKind.DOCUMENT_UNREADABLE, event


def test_what_is_a_table(tmp_path):
    assert is_table(write(tmp_path / "A.CSV", "a,b\n1,2"))
    assert is_table(write(tmp_path / "a.jsonl", "{}"))
    assert is_table(workbook(tmp_path / "a.xlsx", One=[["a"]]))
    assert not is_table(write(tmp_path / "page.xls", "<html><table></table></html>"))
    assert not is_table(write(tmp_path / "a.txt", "a,b\n1,2"))
    assert not is_table(tmp_path / "gone.csv")


def test_what_is_no_table(tmp_path):
    assert "is no table but Markdown" in table_refusal(write(tmp_path / "a.md", "# hello"))
    assert "is not there any more" in table_refusal(tmp_path / "gone.csv")
    assert "is not text" in table_refusal(write(tmp_path / "a.csv", bytes(range(32)) * 100))


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


def test_tables_as_documents(tmp_path):
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


def test_hidden_sheets_are_named(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        book.add_worksheet("Shown").write_column(0, 0, ["a", "1"])
        book.add_worksheet("Secret").hide()
    document = read(tmp_path / "a.xlsx")
    assert [block.text for block in document.blocks] == ["a: 1"]
    assert document.notes == ("The sheet “Secret” is hidden and was not read.",)


def test_many_rows_are_cut_between_rows(tmp_path):
    lines = "".join(f"{number},some words of row {number}\n" for number in range(1000))
    document = read(write(tmp_path / "a.csv", f"number,text\n{lines}"))
    assert [block.kind.value for block in document.blocks] == ["table"] * 25
    assert document.blocks[1].text.startswith("number: 40; text: some words of row 40\nnumber: 41; ")
