"""Which libraries of the program come from Debian's packages, and so which packages it depends on.

Asks dpkg, the dynamic linker's cache and objdump: runs on Debian and what is made from it. The standard library only.
"""

from __future__ import annotations

import functools
import re
import subprocess
from pathlib import Path

_NEEDED = re.compile(r"^\s+NEEDED\s+(\S+)$", re.MULTILINE)
_CACHED = re.compile(r"^\s+(\S+) \(libc6,x86-64\) => (\S+)$", re.MULTILINE)
_PYTHONS = re.compile(r"^libpython\d")


def is_debians(file: str) -> bool:
    """Whether a library is a package's, but not Python's own."""
    name = package_of(file)
    return bool(name) and not _PYTHONS.match(name)


@functools.cache
def package_of(file: str) -> str:
    """The package that has this file, empty where none has."""
    real = Path(file).resolve()
    for place in {str(real), str(real).removeprefix("/usr"), file, f"/usr{file}"}:
        done = subprocess.run(["dpkg-query", "--search", place], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if done.returncode == 0:
            return done.stdout.decode().partition(":")[0]
    return ""


def needed_by(folder: Path) -> dict[str, list[str]]:
    """Libraries (by soname) that files in `folder` need and that are not in it, each with the files that need it."""
    files = [file for file in folder.rglob("*") if file.is_file() and not file.is_symlink() and is_elf(file)]
    own = {file.name for file in folder.rglob("*.so*")}
    needed: dict[str, list[str]] = {}
    for file in files:
        done = subprocess.run(["objdump", "-p", str(file)], stdout=subprocess.PIPE, check=True)
        for soname in _NEEDED.findall(done.stdout.decode()):
            if soname not in own:
                needed.setdefault(soname, []).append(str(file.relative_to(folder)))
    return needed


def packages(sonames: list[str]) -> tuple[set[str], set[str]]:
    """(The packages that have these libraries, the libraries that no package here has)."""
    done = subprocess.run(["/sbin/ldconfig", "-p"], stdout=subprocess.PIPE, check=True)
    places = dict(reversed(_CACHED.findall(done.stdout.decode())))
    names, missing = set(), set()
    for soname in sonames:
        name = package_of(places[soname]) if soname in places else ""
        names.add(name) if name else missing.add(soname)
    return names, missing


def is_elf(file: Path) -> bool:
    """Whether it is a program or a library."""
    with file.open("rb") as opened:
        return opened.read(4) == b"\x7fELF"
