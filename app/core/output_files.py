"""Files of results as bytes: added to, or written whole beside and then put in place. Runs in a worker thread."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

Texts = Mapping[Path, str]  # what is to be added, by file


def add(texts: Texts, heads: Texts) -> None:
    """Add to files, a new one beginning with its head. A file that takes only a part of it is left as it was.

    Raises OSError; FileNotFoundError for a file without a head that has gone.
    """
    for file, text in texts.items():
        _add(file, text, heads.get(file))


def _add(file: Path, text: str, head: str | None) -> None:
    is_new = head is not None and not file.exists()
    left = memoryview(_bytes((head or "") + text if is_new else text))
    with file.open("ab" if is_new else "r+b", buffering=0) as opened:  # a buffer would be written once more at the end
        end = opened.seek(0, os.SEEK_END)
        try:
            while left:
                left = left[opened.write(left) :]
        except OSError:
            with contextlib.suppress(OSError):
                opened.truncate(end)
            raise


class Rewrite:
    """Files written anew: what is there stays as it is until `put_in_place`. `name` keeps two writers apart."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._parts: dict[Path, Path] = {}  # where it is written, by where it belongs

    def begin(self, files: Sequence[Path], heads: Texts, folder: Path | None) -> None:
        if folder is not None:
            folder.mkdir(exist_ok=True)
        self.discard()
        for file in files:
            self._part(file).write_bytes(_bytes(heads[file]))

    def add(self, texts: Texts, heads: Texts) -> None:
        for file, text in texts.items():
            if file not in self._parts:
                self._part(file).write_bytes(_bytes(heads[file]))
            with self._parts[file].open("ab") as opened:
                opened.write(_bytes(text))

    def put_in_place(self, spare: Sequence[Path]) -> None:
        """`spare`: files of an earlier time that go, unless they were written."""
        for part in self._parts.values():
            with part.open("rb+") as opened:
                os.fsync(opened.fileno())
        for file, part in self._parts.items():
            part.replace(file)
        for file in spare:
            if file not in self._parts:
                file.unlink(missing_ok=True)
        self._parts.clear()

    def discard(self) -> None:
        for part in self._parts.values():
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
        self._parts.clear()

    def _part(self, file: Path) -> Path:
        part = file.with_name(f".{file.name[:100]}.{self._name}.part")
        self._parts[file] = part
        return part


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
