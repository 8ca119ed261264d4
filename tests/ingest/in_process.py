"""What the task process would say of a document, without one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from app.ingest.messages import Event, ReadDocument
from app.ingest.process import read_events


def document_events(path: Path, max_characters: int) -> Iterator[Event]:
    return read_events(ReadDocument(path=os.fsencode(path), max_characters=max_characters))
