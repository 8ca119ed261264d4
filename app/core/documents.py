"""Documents on their way into the queue: read in a task process, cut by the engine's own token counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from app.engine.interface import Engine
from app.errors import ErrorKind, KnownError
from app.ingest.chunking import OVERHEAD_TOKENS, Chunk, cut_into_chunks, split_large_blocks
from app.ingest.document import Block, Document
from app.ingest.reading import read_document

Progress = Callable[[int, int | None], None]


class DocumentService:
    """Reads files for jobs. What readers print goes to `logs`/readers.log."""

    def __init__(self, engine: Engine, logs: Path) -> None:
        self._engine = engine
        self.log_file = logs / "readers.log"

    def on(self, engine: Engine) -> DocumentService:
        """The same, with the token counts of this engine."""
        return DocumentService(engine, self.log_file.parent)

    async def read(self, path: Path, on_progress: Progress | None = None) -> Document:
        """Raises KnownError with the sentence for the person. Cancelling it kills the reader."""
        return await read_document(path, log_file=self.log_file, on_progress=on_progress)

    async def bulk_context(self) -> int:
        """Tokens that one bulk request can have; waits for the model. Raises KnownError."""
        await self._engine.count_tokens([""])
        capabilities = self._engine.capabilities
        if capabilities is None:
            raise KnownError(ErrorKind.NO_MODEL, "No model is loaded. Choose a model, then try again.")
        return capabilities.bulk_context

    async def counts(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each; waits for a model. Raises KnownError."""
        return await self._engine.count_tokens(texts)

    async def count(self, text: str) -> int:
        (n_tokens,) = await self.counts([text])
        return n_tokens

    async def chunks(self, document: Document, limit_tokens: int) -> tuple[list[Chunk], int]:
        """All of the document in order, no chunk over the limit, and its tokens in all; waits for a model."""
        limit_characters = limit_tokens * 3  # about as much text as fits; halved until every part does
        while True:
            blocks: list[Block] = split_large_blocks(document.blocks, limit_characters)
            counts = await self._engine.count_tokens([block.text for block in blocks])
            if max(counts, default=0) + OVERHEAD_TOKENS <= limit_tokens or limit_characters == 1:
                return cut_into_chunks(blocks, counts, limit_tokens), sum(counts)
            limit_characters = max(1, limit_characters // 2)
