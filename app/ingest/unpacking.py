"""A ZIP becomes files in a folder, under names that can do no harm. Archives in it stay as they are."""

from __future__ import annotations

import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from app.ingest.archives import parts_of_archive
from app.ingest.found import LeftOut, is_hidden
from app.ingest.readers.interface import unreadable

_FILE_LIMIT = 20_000
_UNPACKED_LIMIT_BYTES = 8 * 1000**3
_BOMB_RATIO = 150  # text gets a tenth of its size, seldom a fiftieth
_BOMB_BYTES = 200 * 1000**2
_NAME_LIMIT_CHARACTERS = 1000
_DISK_NAME_BYTES = 120
_UNSAFE = re.compile(r'[\x00-\x1f<>:"/\\|?*\x7f\ud800-\udfff]')
_ABSOLUTE = re.compile(r"/|[a-zA-Z]:")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.I)  # on Windows


@dataclass(frozen=True, kw_only=True)
class Unpacked:
    """A file of an archive: where it lies now, and its name in the archive. `problem`: why it is not there."""

    path: Path
    name: str
    problem: str = ""


def unpack(archive_path: Path, folder: Path, left_out: LeftOut) -> Iterator[Unpacked]:
    """Its files, each in a folder of its own below `folder`, in the order of the archive.

    Raises KnownError where nothing of the archive is to be unpacked.
    """
    parts = parts_of_archive(archive_path)
    if parts is None:
        raise unreadable(archive_path, "is not a ZIP archive, or it is damaged. Get the file again.")
    _refuse(archive_path, parts)
    with zipfile.ZipFile(archive_path) as archive:
        for number, part in enumerate(parts, 1):
            name = _name(part)
            if part.is_dir() or name.endswith("/"):
                continue
            steps = PurePosixPath(name).parts
            if not steps or any(is_hidden(step) for step in steps if step != ".."):
                left_out.hidden += 1
            elif not _is_regular(part):
                left_out.links += 1
            elif part.file_size == 0:
                left_out.empty.append(name)
            else:
                place = folder / str(number) / _disk_name(steps[-1])
                yield _extracted(archive, part, place, name)


def _extracted(archive: zipfile.ZipFile, part: zipfile.ZipInfo, place: Path, name: str) -> Unpacked:
    steps = PurePosixPath(name).parts
    if ".." in steps or _ABSOLUTE.match(name) or len(name) > _NAME_LIMIT_CHARACTERS:
        return Unpacked(path=place, name=steps[-1], problem="has a name that leads out of its archive. Leave it out.")
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        with archive.open(part) as source, place.open("wb") as target:
            shutil.copyfileobj(source, target)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError):
        place.unlink(missing_ok=True)
        return Unpacked(path=place, name=name, problem="is damaged in its archive. Get the archive again.")
    return Unpacked(path=place, name=name)


def _refuse(path: Path, parts: list[zipfile.ZipInfo]) -> None:
    """Raise KnownError for what is locked, and for what unpacks to more than any archive of documents."""
    unpacked = sum(part.file_size for part in parts)
    if any(part.flag_bits & 1 for part in parts):
        raise unreadable(path, "is protected by a password. Unpack it and add what is in it.")
    if len(parts) > _FILE_LIMIT:
        raise unreadable(path, f"has more than {_FILE_LIMIT:,} files in it. Unpack it and add its folders one by one.")
    is_bomb = unpacked > _BOMB_BYTES and unpacked > _BOMB_RATIO * path.stat().st_size
    if is_bomb or unpacked > _UNPACKED_LIMIT_BYTES:
        raise unreadable(
            path, f"unpacks to {unpacked / 1e6:,.0f} MB, more than an archive may. Unpack it and add what you need."
        )


def _name(part: zipfile.ZipInfo) -> str:
    """Its name with slashes. Many programs write UTF-8 and do not say so; then it came as DOS characters."""
    name = part.filename
    if not part.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("utf-8")
        except ValueError:
            name = part.filename
    return _CONTROLS.sub("_", name.replace("\\", "/"))


def _is_regular(part: zipfile.ZipInfo) -> bool:
    kind = stat.S_IFMT(part.external_attr >> 16)
    return kind in (0, stat.S_IFREG)  # 0: the program that made it knows no kinds


def _disk_name(name: str) -> str:
    """A name that every system takes, with the same suffix."""
    plain = _UNSAFE.sub("_", name).rstrip(". ")
    if _RESERVED.match(plain):
        plain = f"_{plain}"
    stem, suffix = Path(plain).stem, Path(plain).suffix[:20]
    while len(f"{stem}{suffix}".encode()) > _DISK_NAME_BYTES:
        stem = stem[:-1]
    return f"{stem}{suffix}" or "_"
