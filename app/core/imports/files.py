"""Opens a file that is to be imported, whatever is in it. Reads; runs on no event loop."""

from __future__ import annotations

import re
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from app.core import everything
from app.core.imports import documents, job_lines, own_chat
from app.core.imports.arrivals import (
    ArrivingChat,
    ArrivingLibrary,
    ImportFile,
    JobLine,
    LeftOut,
    Unusable,
    text_in,
)
from app.errors import ErrorKind, KnownError
from app.ingest.archives import ZIP_SIGNATURES, parts_of_archive
from app.settings import Settings
from app.store.library import FolderRow, PersonaRow, PromptRow

_MOST_PARTS = 200_000
_UNPACKED_LIMIT_BYTES = 8 * 1000**3
_BOMB_RATIO, _BOMB_BYTES = 150, 200 * 1000**2
_LINE_LIMIT_BYTES = 50 * 1000**2
_MOST_SHELVED = 10_000
_CHATGPT = re.compile(r"conversations([-_]\d+)?\.json")
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


def open_import(path: Path, now_seconds: float | None = None) -> ImportFile:
    """Raises KnownError where nothing of the file can be taken over."""
    now = time.time() if now_seconds is None else now_seconds
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            is_archive = file.read(4) in ZIP_SIGNATURES
        if is_archive:
            return _archive(path, now)
        if size > documents.LIMIT_BYTES:
            raise _too_large(path.name, size)
        left_out = LeftOut()
        return ImportFile(chats=documents.chats_in(path.read_bytes(), path.name, left_out, now), left_out=left_out)
    except OSError as error:
        reason = error.strerror or str(error)
        raise KnownError(
            ErrorKind.BAD_REQUEST, f"“{path.name}” can't be read ({reason}). Check that it is there, then try again."
        ) from error


def _archive(path: Path, now: float) -> ImportFile:
    parts = parts_of_archive(path)
    if parts is None:
        raise damaged(path.name)
    _refuse(path, parts)
    archive = _Archive(path)
    names = [part.filename for part in parts if not part.is_dir()]
    left_out = LeftOut()
    if everything.MANIFEST in names:
        return _everything(archive, names, left_out, now)
    of_chatgpt = [name for name in names if _CHATGPT.fullmatch(PurePosixPath(name).name)]
    wanted = sorted(of_chatgpt) or [name for name in names if name.lower().endswith((".json", ".jsonl"))]
    if not wanted:
        raise documents.no_chats(path.name)

    def chats() -> Iterator[ArrivingChat]:
        has_any = False
        for name in wanted:
            try:
                found = documents.chats_in(archive.read(name), name, left_out, now)
            except KnownError:
                if of_chatgpt:
                    raise
                continue  # something else that is JSON
            has_any = True
            yield from found
        if not has_any:
            raise documents.no_chats(path.name)

    return ImportFile(chats=chats(), left_out=left_out)


def _everything(archive: _Archive, names: list[str], left_out: LeftOut, now: float) -> ImportFile:
    manifest = archive.value(everything.MANIFEST)
    if manifest.get("format") != everything.FORMAT:
        raise documents.no_chats(archive.path.name)
    if manifest.get("version") != everything.VERSION:
        raise KnownError(
            ErrorKind.BAD_REQUEST, f"“{archive.path.name}” was written by a newer Rubato. Update this one to open it."
        )

    def chats() -> Iterator[ArrivingChat]:
        for name in names:
            if name.startswith(everything.CHATS) and name.endswith(".json"):
                value = archive.value(name)
                try:
                    yield own_chat.chat_of(value, now)
                except Unusable as error:
                    left_out.chat(text_in(value.get("title")) or "A chat", str(error))

    def jobs() -> Iterator[Iterator[JobLine]]:
        for name in names:
            if name.startswith(everything.JOBS) and name.endswith(".jsonl"):
                yield job_lines.checked(archive.lines(name))

    return ImportFile(
        chats=chats(),
        left_out=left_out,
        library=_library(archive.value(everything.LIBRARY) if everything.LIBRARY in names else {}),
        settings=_settings(archive.read(everything.SETTINGS)) if everything.SETTINGS in names else None,
        jobs=jobs(),
    )


class _Archive:
    """A ZIP whose parts are read one at a time. Raises KnownError for damage."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, name: str) -> bytes:
        try:
            with zipfile.ZipFile(self.path) as archive:
                size = archive.getinfo(name).file_size
                if size > documents.LIMIT_BYTES:
                    raise _too_large(name, size)
                return archive.read(name)
        except _DAMAGE as error:
            raise damaged(self.path.name) from error

    def value(self, name: str) -> dict[str, Any]:
        try:
            value = msgspec.json.decode(self.read(name))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise damaged(self.path.name) from error
        if not isinstance(value, dict):
            raise damaged(self.path.name)
        return value

    def lines(self, name: str) -> Iterator[bytes]:
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(name) as file:
                while line := file.readline(_LINE_LIMIT_BYTES):
                    yield line
        except _DAMAGE as error:
            raise damaged(self.path.name) from error


def _refuse(path: Path, parts: list[zipfile.ZipInfo]) -> None:
    """Their announced sizes can't lie: zipfile gives no more of a part."""
    unpacked = sum(part.file_size for part in parts)
    is_bomb = unpacked > _BOMB_BYTES and unpacked > _BOMB_RATIO * path.stat().st_size
    if is_bomb or unpacked > _UNPACKED_LIMIT_BYTES or len(parts) > _MOST_PARTS:
        raise _too_large(path.name, unpacked)
    if any(part.flag_bits & 1 for part in parts):
        raise KnownError(
            ErrorKind.BAD_REQUEST, f"“{path.name}” is protected by a password. Unpack it and import what is in it."
        )


def _too_large(name: str, size: int) -> KnownError:
    return KnownError(
        ErrorKind.BAD_REQUEST,
        f"“{name}” has {size / 1e6:,.0f} MB of text, more than any export of chats. Import it in parts.",
    )


def damaged(name: str) -> KnownError:
    return KnownError(
        ErrorKind.BAD_REQUEST, f"“{name}” is damaged or not complete, so nothing was taken over. Export it again."
    )


def _library(value: dict[str, Any]) -> ArrivingLibrary:
    """Each thing that has an id and a name."""
    folders = tuple(
        FolderRow(id=row["id"], name=row["name"], position=n) for n, row in enumerate(_named(value, "folders"))
    )
    personas = tuple(
        PersonaRow(
            id=row["id"],
            name=row["name"],
            system_prompt=text_in(row.get("system_prompt")),
            greeting=text_in(row.get("greeting")),
            model=text_in(row.get("model")),
            options=own_chat.options_text(row.get("options")),
        )
        for row in _named(value, "personas")
    )
    prompts = tuple(
        PromptRow(id=row["id"], name=row["name"], text=text_in(row.get("text"))) for row in _named(value, "prompts")
    )
    return ArrivingLibrary(folders=folders, personas=personas, prompts=prompts, draft=text_in(value.get("draft")))


def _named(value: dict[str, Any], shelf: str) -> list[dict[str, Any]]:
    rows = value.get(shelf)
    return [
        row
        for row in (rows[:_MOST_SHELVED] if isinstance(rows, list) else ())
        if isinstance(row, dict) and text_in(row.get("id")) and text_in(row.get("name")).strip()
    ]


def _settings(data: bytes) -> Settings | None:
    try:
        return msgspec.json.decode(data, type=Settings)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
