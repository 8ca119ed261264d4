"""The program as a folder that needs no Python: PyInstaller's work, stripped, with the starter model in it.

Part of `make package`: the standard library only; PyInstaller runs in the environment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import variants
from environment import ROOT, StepFailed, program, step

DIST = variants.BUILD / "dist"


def make(engine: Path, model: Path) -> Path:
    """The program's folder, made anew. Raises StepFailed."""
    step("Collecting the program with PyInstaller", "two minutes")
    work = variants.BUILD / "pyinstaller"
    places = os.pathsep.join((str(engine), str(ROOT)))  # this llama_cpp, and these sources, before any other
    command = [program("python"), "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "WARN"]
    command += ["--distpath", str(DIST), "--workpath", str(work), str(Path(__file__).with_name("rubato.spec"))]
    if subprocess.run(command, env={**os.environ, "PYTHONPATH": places}, cwd=str(ROOT)).returncode != 0:
        raise StepFailed("PyInstaller could not make the program. See the messages above.")
    folder = DIST / "rubato"
    _strip(folder)
    _link_twins(folder / "_internal" / "llama_cpp" / "lib")
    models = folder / "_internal" / "app" / "models"
    shutil.copy2(model, models / model.name)
    shutil.copy2(f"{model}.sha256", models)  # newer than the model, so that it is not read through at the first start
    os.utime(models / f"{model.name}.sha256")
    return folder


def _strip(folder: Path) -> None:
    step("Stripping libraries", "seconds")
    for file in folder.rglob("*.so*"):
        if file.is_symlink() and not file.exists():
            file.unlink()  # to a library that was left out
        elif not file.is_symlink() and _is_ours(file.relative_to(folder / "_internal")):
            subprocess.run(["strip", "--strip-unneeded", "--preserve-dates", str(file)], check=True)


def _is_ours(file: Path) -> bool:
    """Whether it was compiled here, or with this Python. Wheels' own are stripped, and strip ruins what auditwheel
    has rewritten: the loader then refuses numpy's OpenBLAS."""
    return file.name.startswith("libpython") or file.parts[0] in ("llama_cpp", f"python3.{sys.version_info.minor}")


def _link_twins(folder: Path) -> None:
    """One file for a library that has two names: as two files it would be loaded twice."""
    for file in sorted(folder.glob("*.so")):
        versioned = file.with_name(f"{file.name}.0")
        if versioned.exists() and not versioned.is_symlink():
            file.unlink()
            file.symlink_to(versioned.name)
