"""The recipes for Windows and macOS, which nothing here can run: they fit the program, and what they name is there."""

from __future__ import annotations

import importlib
import re
import subprocess
from pathlib import Path

from app.child_command import CONSOLE_PROGRAM

ROOT = Path(__file__).parents[2]
PACKAGING = ROOT / "packaging"
BUILD_PS1, INSTALLER = PACKAGING / "windows" / "build.ps1", PACKAGING / "windows" / "rubato.iss"
BUILD_SH, WORKFLOW = PACKAGING / "macos" / "build.sh", ROOT / ".github" / "workflows" / "package.yml"


def text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def test_each_says_that_it_was_not_run() -> None:
    for file in (BUILD_PS1, INSTALLER, BUILD_SH, WORKFLOW):
        assert "not run yet" in " ".join(text(file).lower().split())[:400], file.name
    rows = [line for line in text(PACKAGING / "README.md").splitlines() if line.startswith(("| Windows", "| macOS"))]
    assert [row.rstrip(" |").rpartition("|")[2].strip() for row in rows] == ["**not run yet**"] * 2


def test_what_they_name_of_this_repository_is_there() -> None:
    for file in (BUILD_PS1, BUILD_SH, INSTALLER, WORKFLOW):
        names = re.findall(r"(?<![\w/\\$])packaging[\\/][\w./\\-]+\w", text(file))
        assert names or file is INSTALLER, file.name
        for name in names:
            assert (ROOT / name.replace("\\", "/")).exists(), f"{file.name} names {name}"


def test_on_windows_children_are_the_program_that_is_built_for_them() -> None:
    stem = CONSOLE_PROGRAM.removesuffix(".exe")
    assert f'name="{stem}", console=True' in text(PACKAGING / "rubato.spec")
    assert f"dist\\rubato\\{CONSOLE_PROGRAM}" in text(BUILD_PS1)
    assert f"`{CONSOLE_PROGRAM}`" in text(PACKAGING / "README.md")


def test_licences_and_the_model_are_inside() -> None:
    for file in (BUILD_PS1, BUILD_SH):
        words = text(file).replace("\\", "/")
        assert "packaging/licenses.py --texts" in words, file.name
        assert "packaging/LICENSES.md" in words, file.name
        assert "STARTER_ID" in words, file.name


def test_the_shell_and_the_workflow_can_be_read() -> None:
    subprocess.run(["bash", "-n", str(BUILD_SH)], check=True)
    jobs = importlib.import_module("yaml").safe_load(text(WORKFLOW))["jobs"]
    assert {"debian", "try-debian", "windows", "macos"} == set(jobs)
    targets = set(re.findall(r"^#   make ([\w-]+)", text(ROOT / "Makefile"), re.MULTILINE))
    commands = [step.get("run", "") for job in jobs.values() for step in job["steps"]]
    asked = [target for command in commands for target in re.findall(r"\bmake ([\w-]+)$", command)]
    assert asked
    assert set(asked) <= targets
