"""requirements.lock: what was tested together, with hashes, and nothing of the machine that made it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PINNED = re.findall(
    r"^([a-z0-9._-]+)==([^ ;\\]+)(?: ; ([^\\]+?))? \\\n((?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", LOCK, re.M
)


def test_every_requirement_is_pinned_with_hashes():
    starts = [line for line in LOCK.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(starts) > 40
    assert len(PINNED) == len(starts)


def test_it_names_no_index_and_no_folder():
    assert "://" not in LOCK
    options = [line for line in LOCK.splitlines() if line.lstrip().startswith("-") and "--hash=" not in line]
    assert options == []
    assert str(ROOT) not in LOCK


def test_it_has_everything_that_the_project_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions: dict[str, list[str]] = {}
    for name, version, _marker, _hashes in PINNED:
        versions.setdefault(name, []).append(version)
    for line in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        wanted = Requirement(line)
        pinned = versions[canonicalize_name(wanted.name)]
        assert any(wanted.specifier.contains(version) for version in pinned), f"run make lock: {line}, not {pinned}"


def test_no_qt_that_aborts_on_an_old_python():
    """Qt for Python 6.12 gives away references to None, which Python before 3.12 does not survive."""
    markers = {version: marker for name, version, marker, _hashes in PINNED if name == "pyside6-essentials"}
    for version, marker in markers.items():
        if not version.startswith("6.11."):
            assert marker.strip() == "python_full_version >= '3.12'"
    assert len(markers) == 2
