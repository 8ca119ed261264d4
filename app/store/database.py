"""The SQLite file: connection, transactions, numbered migrations with a backup before each.

WAL with synchronous=FULL: what was committed is on the disk, after a power cut too. One connection, on the core thread.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.errors import ErrorKind, KnownError
from app.logs import topic

log = topic("store")

MIGRATIONS = Path(__file__).parent / "migrations"
_FULL = frozenset({sqlite3.SQLITE_FULL})
_UNWRITABLE = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH})
_BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
BUSY_SECONDS = 5.0
NO_ROOM_BYTES = 64 * 1024  # SQLite's shared-memory file needs half of this


class Database:
    """`read` for queries, `transaction` for writes; both raise KnownError where the disk does not go along.

    The path `:memory:` is no file: nothing of it is ever on the disk.
    """

    def __init__(self, path: Path, backups: Path, migrations: Path = MIGRATIONS) -> None:
        self._path = path
        with _known_errors(path):
            self._connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._connection.execute("PRAGMA temp_store = MEMORY")
            self._connection.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten
            self._migrate(backups, numbered_migrations(migrations))

    @classmethod
    def snapshot(cls, path: Path) -> Database:
        """A second connection, of any thread, that sees the file as it is now, until it is closed. For reading only."""
        made = cls.__new__(cls)
        made._path = path
        with _known_errors(path):
            made._connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)
            made._connection.isolation_level = None
            made._connection.row_factory = sqlite3.Row
            made._connection.execute("BEGIN")
            made._connection.execute("SELECT count(*) FROM chats").fetchone()  # the snapshot begins with the first look
        return made

    def read(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        with _known_errors(self._path):
            return self._connection.execute(sql, values).fetchall()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; committed, and on the disk, when the block is left. Inside another one it is part of that."""
        if self._connection.in_transaction:
            yield self._connection
            return
        with _known_errors(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    def problem(self) -> str:
        """SQLite's own check of the whole file: a sentence, or nothing where it is sound."""
        found = str(self.read("PRAGMA quick_check")[0][0])
        return "" if found == "ok" else f"{self._path} is damaged ({found}); put back a file from the folder backups"

    def empty_log(self) -> None:
        """What was deleted is not in the write-ahead log either."""
        self.read("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        self._connection.close()

    @property
    def version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def columns(self, table: str) -> list[str]:
        return [row["name"] for row in self.read(f"PRAGMA table_info({table})")]

    def _migrate(self, backups: Path, migrations: dict[int, str]) -> None:
        newest = max(migrations)
        if self.version > newest:
            raise KnownError(
                ErrorKind.BAD_REQUEST,
                f"The data in {self._path.parent} was written by a newer Rubato. Update this one to open it.",
            )
        first = self.version + 1
        for number in range(first, newest + 1):
            if first > 1:
                self._back_up(backups, number - 1)
            log.info("migration %d", number)
            try:
                self._connection.executescript(
                    f"BEGIN IMMEDIATE; {migrations[number]}; PRAGMA user_version = {number}; COMMIT;"
                )
            except sqlite3.Error:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        if self._connection.in_transaction:  # a full disk may have done it already
            self._connection.execute("ROLLBACK")

    def _back_up(self, backups: Path, version: int) -> None:
        backups.mkdir(exist_ok=True)
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        copy = sqlite3.connect(backups / f"version-{version}-{stamp}.sqlite3")
        with contextlib.closing(copy):
            self._connection.backup(copy)


def numbered_migrations(folder: Path) -> dict[int, str]:
    """Number to SQL, from files called like 0001_name.sql."""
    files: dict[int, Path] = {}
    for file in folder.glob("*.sql"):
        if match := re.match(r"\d+", file.name):
            if int(match.group()) in files:
                raise ValueError(f"two migrations have the number {match.group()}; give the newer one the next")
            files[int(match.group())] = file
    return {number: files[number].read_text(encoding="utf-8") for number in sorted(files)}


@contextlib.contextmanager
def _known_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _FULL or (code == sqlite3.SQLITE_IOERR and shutil.disk_usage(path.parent).free < NO_ROOM_BYTES):
            raise KnownError(
                ErrorKind.DISK_FULL, "The disk is full, so nothing can be saved. Free some space and try again."
            ) from error
        if code in _UNWRITABLE:
            raise KnownError(
                ErrorKind.PROFILE_READ_ONLY,
                f"Rubato can't write to {path.parent}. Change its permissions, or choose another one with --profile.",
            ) from error
        if code == sqlite3.SQLITE_IOERR:
            raise KnownError(
                ErrorKind.DISK_FULL,
                f"The disk with {path.parent} could not be read or written. Check that it is there and sound, then "
                "try again.",
            ) from error
        if code in _BROKEN:
            raise KnownError(
                ErrorKind.BUG,
                f"The file {path} is damaged. Copy it somewhere safe, then put back the newest file from the folder "
                "backups beside it, or start with a new profile.",
            ) from error
        raise
