"""Where everything lies: one Paths object, made once from --profile, handed down. Nothing else builds a path.

Without --profile each system's own folders are used (platformdirs). With it everything that is written goes below
that folder; models are then also looked for, but never written, in the user's own models folder.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

from app.errors import from_os_error

_APP = "rubato"


@dataclass(frozen=True, kw_only=True)
class Paths:
    """The folders and files of one profile."""

    data: Path
    logs: Path
    models: Path
    shared_models: Path  # the user's own models: read, never written, where they differ from `models`
    shipped_models: Path = field(default_factory=lambda: resource("models"))  # came with the program: only read

    @property
    def database(self) -> Path:
        return self.data / "rubato.sqlite3"

    @property
    def model_folders(self) -> tuple[Path, ...]:
        """Where models are looked for, in this order."""
        return tuple(dict.fromkeys((self.models, self.shared_models, self.shipped_models)))

    @property
    def backups(self) -> Path:
        return self.data / "backups"

    @property
    def settings(self) -> Path:
        return self.data / "settings.json"

    @property
    def kv(self) -> Path:
        """KV of chats, so that they need not be read again: a cache."""
        return self.data / "kv"

    @property
    def tuning(self) -> Path:
        """What was measured of models on this machine."""
        return self.data / "tuning"

    @property
    def trials(self) -> Path:
        """Model files that are only tried, on the disk of the models: see lab/format.py."""
        return self.models / ".format"

    @property
    def unpacked(self) -> Path:
        """What was in archives that jobs are made from, until the job is removed."""
        return self.data / "unpacked"

    @property
    def attachments(self) -> Path:
        """Copies of the documents in chats, until the chats are gone."""
        return self.data / "attachments"

    @property
    def lock(self) -> Path:
        return self.data / "running.lock"

    @property
    def socket(self) -> Path:
        """Of the running program. Its name may be longer than the system takes: see core/local_socket.py."""
        return self.data / "running.sock"

    @property
    def socket_note(self) -> Path:
        """Says where the socket lies instead, where this folder's disk takes none."""
        return self.data / "running.place"

    def make_folders(self) -> None:
        """Make what is missing. Raises KnownError where the profile can't be written."""
        for folder in (self.data, self.logs, self.models):
            try:
                folder.mkdir(parents=True, exist_ok=True)
                if folder == self.data:
                    with tempfile.TemporaryFile(dir=folder):
                        pass
            except OSError as error:
                error.filename = str(folder)  # not the file that was tried, which nobody knows
                raise from_os_error(error, "use its data folder") from error


def user_paths() -> Paths:
    """The profile of the person who is logged in."""
    data = Path(platformdirs.user_data_dir(_APP, appauthor=False))
    return Paths(
        data=data,
        logs=Path(platformdirs.user_log_dir(_APP, appauthor=False)),
        models=data / "models",
        shared_models=data / "models",
    )


def profile_paths(folder: Path) -> Paths:
    """A profile that keeps everything below one folder."""
    root = folder.expanduser().resolve()
    return Paths(
        data=root,
        logs=root / "logs",
        models=root / "models",
        shared_models=user_paths().models,
    )


def resource(*parts: str) -> Path:
    """A file that travels with the program: `resource("assets", "icons", "x.svg")`, `resource("models", ...)`."""
    package = Path(__file__).resolve().parent
    installed = package.joinpath(*parts)
    return installed if installed.exists() else package.parent.joinpath(*parts)
