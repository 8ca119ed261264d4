"""What the setup says on systems that lack something. Each in a Python of its own, with a PATH made for the test."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"
IMPORT = "import sys; sys.path.insert(0, sys.argv[1]); import machine"
SAY = f"""
{IMPORT}
import os
os.geteuid = lambda: 1000
needs = [machine.COMPILER, machine.QT_LIBRARIES["libGL.so.1"], machine.QT_LIBRARIES["libEGL.so.1"]]
print(machine.install_line(needs))
"""


def answer_of(code: str, path: Path, **variables: str) -> str:
    answer = subprocess.run(
        [sys.executable, "-c", code, str(PACKAGING)],
        env={**variables, "PATH": str(path)},
        capture_output=True,
        text=True,
        check=True,
    )
    return answer.stdout


def folder_with(tmp_path: Path, *programs: str) -> Path:
    for name in programs:
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    return tmp_path


@pytest.mark.skipif(os.name != "posix", reason="package managers of Linux")
@pytest.mark.parametrize(
    ("programs", "line"),
    [
        (
            ("apt-get", "sudo"),
            "sudo apt-get update && sudo apt-get install -y --no-install-recommends g++ libgl1 libegl1",
        ),
        (("apt-get",), "su -c 'apt-get update && apt-get install -y --no-install-recommends g++ libgl1 libegl1'"),
        (("dnf", "sudo"), "sudo dnf install -y gcc-c++ libglvnd-glx libglvnd-egl"),
        (("pacman", "sudo"), "sudo pacman -S --needed gcc libglvnd"),
    ],
)
def test_one_line_brings_what_is_missing(programs, line, tmp_path):
    assert answer_of(SAY, folder_with(tmp_path, *programs)).strip() == line


def test_a_machine_without_a_compiler_is_told(tmp_path):
    code = f"{IMPORT}; print(machine.missing_for_environment(sys.executable))"
    assert "a C++ compiler" in answer_of(code, tmp_path)
    assert "a C++ compiler" not in answer_of(code, folder_with(tmp_path, "g++"))


def test_without_a_display_there_is_no_window():
    code = f"{IMPORT}; print(machine.has_display())"
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux may have none")
    assert answer_of(code, PACKAGING).strip() == "False"
    assert answer_of(code, PACKAGING, WAYLAND_DISPLAY="wayland-0").strip() == "True"


@pytest.mark.parametrize("script", ["targets.py", "machine.py", "environment.py"])
def test_an_old_python_can_read_the_scripts_and_say_so(script):
    ast.parse((PACKAGING / script).read_text(encoding="utf-8"), feature_version=(3, 7))
