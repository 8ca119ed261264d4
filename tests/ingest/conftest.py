"""Reading through the real task process, as the program does it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from app.errors import KnownError
from app.ingest.document import Document
from app.ingest.reading import read_document
from app.ingest.task import ReadLimits

Read = Callable[..., Document]
Refusal = Callable[..., str]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read a file in a child process of its own."""

    def run(path: Path, limits: ReadLimits | None = None) -> Document:
        log_file = tmp_path / "read.log"
        return asyncio.run(read_document(path, log_file=log_file, limits=limits or ReadLimits()))

    return run


@pytest.fixture
def refusal(read: Read) -> Refusal:
    """The sentence with which a file is refused; it names the file and is not a bug's."""

    def run(path: Path, limits: ReadLimits | None = None) -> str:
        with pytest.raises(KnownError) as caught:
            read(path, limits)
        sentence = caught.value.sentence
        assert caught.value.kind.value == "document_unreadable", sentence
        assert sentence.startswith(f"“{path.name}” ")
        assert sentence.endswith(".")
        return sentence

    return run
