"""Where everything lies: one Paths object, made once from --profile, handed down. Nothing else builds a path.

Without --profile each system's own folders are used (platformdirs). With it everything that is written goes below
that folder; models are then also looked for, but never written, in the user's own models folder.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from app.errors import ErrorKind, KnownError, from_os_error

_APP = "rubato"


@dataclass(frozen=True, kw_only=True)
class Paths:
    """The folders and files of one profile."""

    data: Path
    logs: Path
    models: Path
    shared_models: Path  # the user's own models: read, never written, where they differ from `models`

    @property
    def database(self) -> Path:
        return self.data / "rubato.sqlite3"

    @property
    def backups(self) -> Path:
        return self.data / "backups"

    @property
    def settings(self) -> Path:
        return self.data / "settings.json"

    @property
    def lock(self) -> Path:
        return self.data / "running.lock"

    @property
    def socket(self) -> Path:
        """The local socket of the running program. In a short folder: socket paths end at about 100 bytes."""
        name = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]
        return _runtime_folder() / f"{name}.sock"

    def make_folders(self) -> None:
        """Make what is missing. Raises KnownError where the profile can't be written."""
        try:
            for folder in (self.data, self.logs, self.models):
                folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.data):
                pass
        except OSError as error:
            error.filename = error.filename or str(self.data)
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


def _runtime_folder() -> Path:
    """A folder for sockets that only this user can enter. Raises KnownError where somebody else made it first."""
    folder = Path(platformdirs.user_runtime_dir(_APP, appauthor=False)) if _has_runtime_dir() else None
    if folder is None or not _make_private(folder):
        user = os.getuid() if sys.platform != "win32" else "user"
        folder = Path(tempfile.gettempdir()) / f"{_APP}-{user}"
        if not _make_private(folder):
            raise KnownError(
                ErrorKind.PROFILE_READ_ONLY,
                f"The folder {folder} belongs to somebody else. Remove it, or set TMPDIR to a folder of your own.",
            )
    return folder


def _has_runtime_dir() -> bool:
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("XDG_RUNTIME_DIR"))


def _make_private(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return sys.platform == "win32" or folder.stat().st_uid == os.getuid()
    except OSError:
        return False
