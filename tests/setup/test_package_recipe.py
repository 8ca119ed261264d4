"""What the package is made from, without making it: tests/packaged tries the package itself."""

from __future__ import annotations

import configparser
import importlib
import mimetypes
import sys
from pathlib import Path
from types import ModuleType

import pytest

from app.cli.options import parser
from app.ingest.formats import SUPPORTED_SUFFIXES
from app.ingest.readers import code

PACKAGING = Path(__file__).parents[2] / "packaging"
# what mimetypes does not know, as the desktop's own list of types calls it
TYPES = {
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".mdown": "text/markdown",
    ".rst": "text/plain",
    ".log": "text/plain",
    ".text": "text/plain",
    ".tab": "text/tab-separated-values",
    ".jsonl": "application/x-ndjson",
    ".ndjson": "application/x-ndjson",
    ".xlsm": "application/vnd.ms-excel.sheet.macroEnabled.12",
    ".xlsb": "application/vnd.ms-excel.sheet.binary.macroEnabled.12",
    ".xhtml": "application/xhtml+xml",
    ".rtf": "application/rtf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xls": "application/vnd.ms-excel",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".odp": "application/vnd.oasis.opendocument.presentation",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".epub": "application/epub+zip",
}


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> type[Recipe]:
    monkeypatch.syspath_prepend(str(PACKAGING))
    return Recipe


class Recipe:
    @staticmethod
    def module(name: str) -> ModuleType:
        sys.modules.pop(name, None)
        return importlib.import_module(name)


def test_each_library_of_the_engine_lies_once_where_it_is_looked_for(recipe: type[Recipe]) -> None:
    place_of = recipe.module("variants").place_of
    assert place_of("bin/libggml-cpu-haswell.so") == "llama_cpp/lib/libggml-cpu-haswell.so"
    assert place_of("llama_cpp_python-0.3.36.data/platlib/bin/libggml-cpu-x64.so") == "llama_cpp/lib/libggml-cpu-x64.so"
    for name in ("llama_cpp/lib/libggml.so", "llama_cpp/lib/libllama.so.0", "llama_cpp/llama_cpp.py"):
        assert place_of(name) == name
    for name in ("lib/libggml.so", "llama_cpp/lib/libggml.so.0.25.3", "llama_cpp/server/app.py", "include/llama.h"):
        assert place_of(name) == ""


def test_the_engine_is_the_one_that_the_lock_names(recipe: type[Recipe]) -> None:
    variants = recipe.module("variants")
    pinned = variants.pinned((PACKAGING.parent / "requirements.lock").read_text())
    assert pinned.startswith("llama-cpp-python==")
    assert "--hash=sha256:" in pinned
    assert "numpy" not in pinned
    with pytest.raises(Exception, match="make lock"):
        variants.pinned("numpy==2.4.6 \\\n    --hash=sha256:00\n")


def test_the_desktop_file_names_every_document_that_is_read() -> None:
    desktop = configparser.ConfigParser(interpolation=None)
    desktop.optionxform = str  # type: ignore[assignment, method-assign]
    desktop.read(PACKAGING / "linux" / "rubato.desktop", encoding="utf-8")
    named = set(desktop["Desktop Entry"]["MimeType"].strip(";").split(";"))
    known = mimetypes.MimeTypes()  # not the files of this machine
    for suffix in (*SUPPORTED_SUFFIXES, ".zip"):
        if suffix not in code.READER.suffixes:
            kind = TYPES.get(suffix) or known.guess_type(f"a{suffix}")[0]
            assert kind in named, suffix
    assert desktop["Desktop Entry"]["Exec"] == "rubato open %F"
    assert parser().parse_args(["open", "a b.pdf"]).command == "open"


def test_the_manual_page_has_every_command(recipe: type[Recipe]) -> None:
    page = recipe.module("man_page").page()
    for command in ("chat", "summarize", "serve", "open", "doctor"):
        assert f"\n.SS {command}\n" in page
    assert r"\fB\-\-profile\fR \fIDIR\fR" in page
    assert not [line for line in page.splitlines() if line.startswith("'")]
