"""What a model's file is called in front of people."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from app.downloads import catalogue
from app.downloads.local_stores import ollama_name


def name_of(path: Path) -> str:
    """As the catalogue calls it, or Ollama, whose files are named by checksums, or the file."""
    return _known().get(path.name) or _in_a_store(path) or path.stem


@cache
def _known() -> dict[str, str]:
    return {entry.file_name: entry.name for entry in catalogue.load().models}


@cache
def _in_a_store(path: Path) -> str:
    return ollama_name(path)


def id_of(path: Path) -> str:
    """For other programs: as Ollama calls it, or the file without its ending."""
    return (_in_a_store(path) or path.stem).encode("utf-8", "backslashreplace").decode()
