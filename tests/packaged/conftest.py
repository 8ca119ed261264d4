"""The package that `make package` made last, installed once in a bare Debian 12."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packaged.bare_root import HOME, PERSON, BareRoot

REPOSITORY = Path(__file__).parents[2]
BUILD = REPOSITORY / "build" / "package"


@pytest.fixture(scope="session")
def package() -> Path:
    found = sorted((REPOSITORY / "dist").glob("rubato_*_amd64.deb"), key=lambda file: file.stat().st_mtime)
    if not found:
        pytest.fail("There is no package in dist: run `make package` first.")
    return found[-1]


@pytest.fixture(scope="session")
def root(package: Path) -> BareRoot:
    """With the package installed, and an ordinary user's home that is empty. One that has it already is used again."""
    facts = package.stat()
    installed = BUILD / "root" / "tmp" / f"installed-{facts.st_size}-{facts.st_mtime_ns}"
    if installed.exists() and (BUILD / "root/usr/bin/rubato").exists():
        return BareRoot(BUILD / "root")
    made = BareRoot.make(BUILD / "bare-bookworm", BUILD / "root")
    shutil.copyfile(package, made.path / "tmp" / package.name)
    made.apt("update")
    made.apt("install", f"/tmp/{package.name}")
    installed.touch()
    return made


@pytest.fixture
def home(root: BareRoot) -> Path:
    """The user's home, empty again."""
    folder = root.path / HOME
    subprocess.run(["find", str(folder), "-mindepth", "1", "-delete"], check=True)
    subprocess.run(["chroot", str(root.path), "chown", f"{PERSON}:{PERSON}", f"/{HOME}"], check=True)
    return folder


@pytest.fixture
def display() -> Iterator[str]:
    """A screen of its own, of which nobody sees anything: ":7", for DISPLAY.

    -noreset: the server would begin anew each time a look at it ends, and take the window that comes then with it.
    """
    with subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-screen", "0", "1400x900x24", "-nolisten", "tcp", "-ac", "-noreset"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdout is not None
        yield f":{server.stdout.readline().strip()}"
        server.terminate()
