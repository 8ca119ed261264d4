"""How results lie in files: which result goes into which file, as which text. No file is touched here.

CSV is for spreadsheets, which execute what looks like a formula. Documents come from anywhere, and what a model writes
about them can be what they told it to write; so a cell that begins like a formula and is no number gets an apostrophe
in front. JSON Lines have everything as it is.
"""

from __future__ import annotations

import csv
import io
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from app.core.job_options import OutputFormat
from app.core.kinds.batch import error_line, response_line
from app.core.results import Result
from app.store.jobs import JobRow

_FORMULA = re.compile(r"\s*[=+\-@\t\r＝＋－＠]")
_NUMBER = re.compile(r"\s*[+-]?(\d[\d.,  ']*|[.,]\d+)([eE][+-]?\d+)?\s*%?\s*")
_NO_NAME = re.compile(r'[\x00-\x1f<>:"|?*]')
_LONGEST_NAME_BYTES = 200


class Layout(ABC):
    """Of one job. `files`: those that are there even without a result; `spare`: those that are not there then."""

    def __init__(self, path: Path) -> None:
        self.files: tuple[Path, ...] = (path,)
        self.spare: tuple[Path, ...] = ()
        self.folder: Path | None = None  # is made where it is not there

    def outgrown_by(self, results: Sequence[Result]) -> bool:
        """Can't they be added to what was written? Then all has to be written again, and fits from now on."""
        return False

    def file(self, result: Result) -> Path:
        return self.files[0]

    def head(self, file: Path) -> str:
        """What a file begins with."""
        return ""

    @abstractmethod
    def text(self, result: Result) -> str: ...


class CsvLayout(Layout):
    """A row a result, after the columns of tables. Columns that come later make the table wider."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._row: dict[str, None] = {}
        self._cells: dict[str, None] = {}
        self._has_parts = False

    def outgrown_by(self, results: Sequence[Result]) -> bool:
        before = (len(self._row), len(self._cells), self._has_parts)
        for result in results:
            self._row.update(dict.fromkeys(result.row))
            self._cells.update(dict.fromkeys(result.cells))
            self._has_parts = self._has_parts or bool(result.part)
        return before != (len(self._row), len(self._cells), self._has_parts)

    def head(self, file: Path) -> str:
        own = ["document", *(["part"] if self._has_parts else [])]
        names = [*map(self._free, own), *self._row, *map(self._free, self._cells), self._free("error")]
        return "\ufeff" + _csv(names)  # without the mark, Excel does not take it for UTF-8

    def text(self, result: Result) -> str:
        own = [result.document, *([result.part] if self._has_parts else [])]
        row = [result.row.get(name, "") for name in self._row]
        return _csv([*own, *row, *(result.cells.get(name, "") for name in self._cells), result.error])

    def _free(self, name: str) -> str:
        """A column's name, where the table that was given has no column of that name."""
        while name in self._row:
            name += " (result)"
        return name


class JsonLinesLayout(Layout):
    """An object a line, as `json_line` has it."""

    def text(self, result: Result) -> str:
        return json_line(result)


class BatchLayout(Layout):
    """OpenAI's batch format: answers in one file, errors in another one beside it, where there are any."""

    def __init__(self, path: Path, created_seconds: int) -> None:
        super().__init__(path)
        self._created_seconds = created_seconds
        self._errors = path.with_name(f"{path.name}.errors.jsonl")
        self.spare = (self._errors,)

    def file(self, result: Result) -> Path:
        return self._errors if result.error else self.files[0]

    def text(self, result: Result) -> str:
        if result.item is None:  # the file itself
            error = {"code": "invalid_file", "message": result.error}
            return (
                json.dumps({"id": "", "custom_id": None, "response": None, "error": error}, ensure_ascii=False) + "\n"
            )
        if result.error:
            return error_line(result.item) + "\n"
        return response_line(result.item, created_seconds=self._created_seconds) + "\n"


class MarkdownLayout(Layout):
    """One file to read from top to bottom."""

    def text(self, result: Result) -> str:
        return section(result)


class MarkdownFolderLayout(Layout):
    """A file a document. `documents`: those of the job with their names, in their order; there may come more."""

    def __init__(self, path: Path, documents: Callable[[], Sequence[tuple[int, str]]]) -> None:
        super().__init__(path)
        self.files, self.folder = (), path
        self._documents = documents
        self._names: dict[int | None, str] = {}

    def file(self, result: Result) -> Path:
        assert self.folder is not None
        if result.source_id not in self._names:
            self._names = self._unique_names()
        return self.folder / self._names[result.source_id]

    def text(self, result: Result) -> str:
        return section(result)

    def _unique_names(self) -> dict[int | None, str]:
        names: dict[int | None, str] = {None: "All documents.md"}
        taken = {"all documents.md"}
        for id, document in self._documents():
            base, n = file_name(document), 1
            name = f"{base}.md"
            while name.casefold() in taken:
                n += 1
                name = f"{base} ({n}).md"
            taken.add(name.casefold())
            names[id] = name
        return names


def layout_of(
    job: JobRow, path: Path, format: OutputFormat, documents: Callable[[], Sequence[tuple[int, str]]]
) -> Layout:
    """`documents`: see MarkdownFolderLayout."""
    if format == "markdown_each":
        return MarkdownFolderLayout(path, documents)
    if format == "jsonl" and job.kind == "batch":
        return BatchLayout(path, int(job.created_seconds))
    layouts: dict[OutputFormat, type[Layout]] = {
        "csv": CsvLayout,
        "jsonl": JsonLinesLayout,
        "markdown": MarkdownLayout,
    }
    return layouts[format](path)


def json_line(result: Result) -> str:
    """{"document", "part", "row", "result"}, or "error" instead of the result. What is empty is left out."""
    line: dict[str, Any] = {"document": result.document, "part": result.part, "row": dict(result.row)}
    line = {key: value for key, value in line.items() if value}
    line |= {"error": result.error} if result.error else {"result": result.value}
    return json.dumps(line, ensure_ascii=False) + "\n"


def section(result: Result) -> str:
    """A result as a part of a Markdown file."""
    if result.text.startswith("# "):
        return f"{result.text.rstrip()}\n\n"
    heading = ", ".join(text for text in (result.document, result.part) if text)
    text = f"Failed: {result.error}" if result.error else result.text.strip()
    return f"## {heading}\n\n{text}\n\n"


def file_name(document: str) -> str:
    """A name of a file that every system takes, of a document's name, which may have folders in it."""
    name = _NO_NAME.sub("-", document.replace("/", "-").replace("\\", "-")).strip(" .") or "document"
    while len(name.encode()) > _LONGEST_NAME_BYTES:
        name = name[:-1]
    return name


def _csv(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([_harmless(cell) for cell in cells])
    return line.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell
