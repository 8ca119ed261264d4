"""The environment in .venv: made once, brought up to date when what it was made from has changed.

Part of `make setup`: the standard library only, and no syntax newer than Python 3.7. A stamp inside .venv says what
the environment was made from; an interrupted setup leaves no stamp, and the next one goes on.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
_STAMP = VENV / "rubato-setup"


class StepFailed(Exception):
    """A step of the setup did not work. Its own output stands above; `str(error)` says what to do."""


def program(name: str) -> str:
    """The path of a program in the environment."""
    return str(VENV / "Scripts" / f"{name}.exe") if os.name == "nt" else str(VENV / "bin" / name)


def is_up_to_date() -> bool:
    """Whether the environment was made from the very files that are here now, in this place."""
    return _STAMP.exists() and Path(program("python")).exists() and _STAMP.read_text() == _fingerprint()


def make(python: str) -> None:
    """Make or update the environment with `python`. Raises StepFailed."""
    if not _works(program("python")):
        step("Making the environment .venv", "a few seconds")
        if VENV.exists():
            shutil.rmtree(VENV)
        _run([python, "-m", "venv", str(VENV)], "See the message above.")
    _STAMP.unlink() if _STAMP.exists() else None
    pip = [program("python"), "-m", "pip", "--disable-pip-version-check"]
    offline = "Check the network, or pip's configuration where a mirror is used, then run this again: it goes on here."
    step("Bringing pip up to date", "a few seconds")
    _run([*pip, "install", "--upgrade", "pip"], offline)
    step(
        "Installing the packages of requirements.lock",
        "a few minutes to download 150 MB; the first time also about ten minutes on two cores to compile llama.cpp, "
        "once: pip keeps the result",
    )
    _run([*pip, "install", "--require-hashes", "-r", str(LOCK)], offline)
    step("Installing Rubato itself, from this folder", "a few seconds")
    _run(
        [*pip, "install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)],
        "See the message above.",
    )
    _STAMP.write_text(_fingerprint())


def check_qt() -> None:
    """Load Qt for real, without a screen. Raises StepFailed."""
    step("Checking that Qt loads", "a second")
    code = "from PySide6.QtWidgets import QApplication; QApplication([])"
    _run(
        [program("python"), "-c", code],
        "Qt's message above names the system library that is missing: install the package that has it.",
        dict(os.environ, QT_QPA_PLATFORM="offscreen"),
    )


def place_starter_model() -> None:
    """See that the starter model is on this machine. Raises StepFailed."""
    command = [program("rubato"), "models", "get", "smollm2-135m-instruct"]
    if subprocess.run(command).returncode != 0:
        raise StepFailed("The starter model is not in place. See the message above, then run this again.")


def lock(python: str, *arguments: str) -> None:
    """Write requirements.lock from pyproject.toml, keeping the versions that still fit. Raises StepFailed."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        step("Making a throwaway environment with uv", "half a minute")
        _run([python, "-m", "venv", folder], "See the message above.")
        bin_folder = Path(folder, "Scripts" if os.name == "nt" else "bin")
        _run([str(bin_folder / "python"), "-m", "pip", "install", "--quiet", "uv"], "Check the network.")
        step("Resolving", "seconds")
        options = "--universal --python-version 3.11 --extra dev --generate-hashes --quiet --no-cache"
        silent = "--no-emit-index-url --no-emit-find-links --no-emit-build-options"
        command = [str(bin_folder / "uv"), "pip", "compile", "pyproject.toml", "--output-file", LOCK.name]
        named = ["--custom-compile-command", "make lock"]
        _run([*command, *options.split(), *silent.split(), *named, *arguments], "See the message above.")


_began_seconds = time.monotonic()


def step(what: str, how_long: str) -> None:
    """Say what is done next, and how long it may take."""
    elapsed = int(time.monotonic() - _began_seconds)
    print(f"\n[{elapsed // 60:02}:{elapsed % 60:02}] {what} ({how_long}) ...", flush=True)


def _run(command: list[str], advice: str, environment: dict[str, str] | None = None) -> None:
    if subprocess.run(command, cwd=str(ROOT), env=environment).returncode != 0:
        raise StepFailed(advice)


def _works(python: str) -> bool:
    """Whether this Python is there, new enough, and has its pip: a venv breaks when its Python is upgraded away."""
    code = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([python, "-c", code], stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def _fingerprint() -> str:
    digest = hashlib.sha256(f"{ROOT}\n{_version_of_venv()}\n".encode())
    for file in (LOCK, ROOT / "pyproject.toml"):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _version_of_venv() -> str:
    """The line of pyvenv.cfg: cheaper than a start of its Python, and it changes with it."""
    config = VENV / "pyvenv.cfg"
    lines = config.read_text().splitlines() if config.exists() else []
    return next((line for line in lines if line.startswith("version")), sys.version.split()[0])
