"""Reads one document and prints its text, or the sentence of its refusal. Run by tests under other rights."""

import asyncio
import sys
from pathlib import Path

from app.errors import KnownError
from app.ingest.reading import read_document

try:
    document = asyncio.run(read_document(Path(sys.argv[1]), log_file=Path(sys.argv[2])))
    print("\n".join(block.text for block in document.blocks))
except KnownError as error:
    print(error.sentence)
