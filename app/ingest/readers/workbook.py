"""Workbooks (XLSX, XLSB, XLS, ODS): sheets as tables, or as text with the sheets' names as headings.

The first row of a sheet that has something in it names the columns. Calamine holds a whole sheet in memory.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from app.ingest.archives import ZIP_SIGNATURE, parts_of_archive, refuse_bomb
from app.ingest.document import Block, BlockKind, TableHead
from app.ingest.ole import OLE_SIGNATURE, OleKind, ole_kind
from app.ingest.readers.interface import Note, Piece, Reader, Row, TableRows, unreadable
from app.ingest.readers.table import column_names, fitted, no_rows, row_blocks

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

_UNPACKED_LIMIT_BYTES = 2 * 1000**3  # calamine does not hold it, but works through it
_SAVE_AGAIN = "Open it in Excel or LibreOffice and save it again as .xlsx."
_ODS = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
_EXACT = 10**15  # whole numbers below it are themselves as floats

_Value = int | float | str | bool | datetime.time | datetime.date | datetime.datetime | datetime.timedelta
Record = tuple[int, list[str]]  # the number of its row, its cells


def recognises(head: bytes, path: Path) -> bool:
    """An archive with the parts of a workbook, or Excel's format from before 2007."""
    if head.startswith(OLE_SIGNATURE):
        return ole_kind(path) in (OleKind.WORKBOOK, OleKind.OLD_WORKBOOK)
    if not head.startswith(ZIP_SIGNATURE):
        return False
    if _ODS in head[:200]:
        return True
    parts = parts_of_archive(path) or []
    return any(part.filename.startswith("xl/workbook.") for part in parts)


def open_table(path: Path, sheet: str) -> TableRows:
    """The rows of a sheet; of the first one where no name is given."""
    with _failures_as_sentences(path):
        workbook = _open(path)
        sheets, _ = _sheets(path, workbook)
        if sheet and sheet not in sheets:
            listed = ", ".join(f"“{name}”" for name in sheets[:20])
            raise unreadable(path, f"has no sheet called “{sheet}”. Choose one of these: {listed}.")
        chosen = sheet or sheets[0]
        records = _records(workbook.get_sheet_by_name(chosen))
    first, second = next(records, None), next(records, None)
    if first is None or second is None:
        raise no_rows(path, chosen if len(sheets) > 1 else "")
    columns = column_names(path, first[1])
    width = len(columns)

    def rows() -> Iterator[Row]:
        yield fitted(path, f"row {second[0]:,}", second[1], width)
        for number, cells in records:
            yield fitted(path, f"row {number:,}", cells, width)

    return TableRows(head=TableHead(columns=columns, sheets=sheets), rows=rows())


def read(path: Path, max_characters: int) -> Iterator[Piece]:
    """Every sheet that is not hidden. Rows before the table, with one cell each, are text."""
    with _failures_as_sentences(path):
        workbook = _open(path)
        sheets, hidden = _sheets(path, workbook)
    for sheet in sheets:
        with _failures_as_sentences(path):
            records = _records(workbook.get_sheet_by_name(sheet))
        is_named = len(sheets) == 1
        for block in _sheet_blocks(path, records):
            if not is_named:
                yield Block(text=sheet, kind=BlockKind.HEADING)
                is_named = True
            yield block
    for sheet in hidden:
        yield Note(f"The sheet “{sheet}” is hidden and was not read.")


def _sheet_blocks(path: Path, records: Iterator[Record]) -> Iterator[Block]:
    columns: Row = ()
    for _, cells in records:
        filled = [cell for cell in cells if cell]
        if len(filled) == 1 and len(cells) > 1:
            yield Block(text=filled[0])
        else:
            columns = column_names(path, cells)
            break
    n_blocks = 0
    for block in row_blocks(zip(columns, cells, strict=False) for _, cells in records):
        n_blocks += 1
        yield block
    if columns and n_blocks == 0:
        yield Block(text=" | ".join(columns), kind=BlockKind.TABLE)


def _open(path: Path) -> CalamineWorkbook:
    from python_calamine import CalamineWorkbook

    with path.open("rb") as file:
        is_archive = file.read(4) == ZIP_SIGNATURE
    if is_archive:
        refuse_bomb(path, parts_of_archive(path) or [], _UNPACKED_LIMIT_BYTES)
    return CalamineWorkbook.from_path(path)


def _sheets(path: Path, workbook: CalamineWorkbook) -> tuple[Row, Row]:
    """The names of its sheets of cells: those that are shown (all, where none is), and those that are hidden."""
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    sheets = [sheet for sheet in workbook.sheets_metadata if sheet.typ is SheetTypeEnum.WorkSheet]
    if not sheets:
        raise unreadable(path, "has no sheets with cells. Check whether it is the right file.")
    shown = tuple(sheet.name for sheet in sheets if sheet.visible is SheetVisibleEnum.Visible)
    hidden = tuple(sheet.name for sheet in sheets if sheet.visible is not SheetVisibleEnum.Visible)
    return (shown, hidden) if shown else (hidden, ())


def _records(sheet: CalamineSheet) -> Iterator[Record]:
    """The rows that have something in them, each as long as the sheet is wide."""
    for number, values in enumerate(sheet.iter_rows(), 1):
        cells = [_as_text(value) for value in values]
        if any(map(str.strip, cells)):
            yield number, cells


def _as_text(value: _Value) -> str:
    """A cell as a person would write it: 12, 0.3, TRUE, 2024-05-01, 2024-05-01 13:30, 26:15."""
    match value:
        case str():
            return value
        case bool():
            return str(value).upper()
        case float() | int():
            return str(int(value)) if value == value // 1 and abs(value) < _EXACT else f"{value:.15g}"
        case datetime.datetime():
            date, time = value.date().isoformat(), _clock(value.time())
            return date if time == "00:00" else f"{date} {time}"
        case datetime.date():
            return value.isoformat()
        case datetime.time():
            return _clock(value)
        case datetime.timedelta():
            minutes, seconds = divmod(round(value.total_seconds()), 60)
            return f"{minutes // 60}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")


def _clock(time: datetime.time) -> str:
    return time.isoformat("seconds" if time.second else "minutes")


@contextlib.contextmanager
def _failures_as_sentences(path: Path) -> Iterator[None]:
    """What calamine raises: a password, or damage of any kind; a panic of its own is damage too."""
    from python_calamine import CalamineError, PasswordError

    try:
        yield
    except PasswordError as error:
        raise unreadable(path, "is protected by a password. Save a copy without one and add that.") from error
    except (CalamineError, ValueError) as error:
        raise unreadable(path, f"is not a workbook, or it is damaged. {_SAVE_AGAIN}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise unreadable(path, f"is not a workbook, or it is damaged. {_SAVE_AGAIN}") from error


READER = Reader(
    name="workbook (XLSX, XLSB, XLS, ODS)",
    suffixes=(".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"),
    recognises=recognises,
    read=read,
    open_table=open_table,
)
