"""Texts that wait for their embeddings: each is computed whole, in a step with as many others as fit. Pure.

They need no slot and keep nothing: what was torn is computed again from its start.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from app.engine.messages import Embed, Priority
from app.engine.process.backend import Backend, TextResult, TextWork
from app.errors import ErrorKind, KnownError

MOST_TEXTS = 32  # in one step


@dataclass(kw_only=True)
class Embedding:
    """One request: the tokens of its texts, and the vectors that are there."""

    id: str
    priority: Priority
    texts: list[tuple[int, ...]]
    submitted_seconds: float = 0.0
    vectors: dict[int, tuple[float, ...]] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        return len(self.vectors) == len(self.texts)

    @property
    def n_read(self) -> int:
        """Tokens of the texts that are done."""
        return sum(len(self.texts[index]) for index in self.vectors)


def embedding_of(command: Embed, backend: Backend, now_seconds: float) -> Embedding:
    """Raises KnownError for texts that can't be embedded."""
    most = backend.capabilities.embedding_tokens
    if not backend.capabilities.embedding_size:
        raise KnownError(
            ErrorKind.BAD_REQUEST, "The model that is loaded offers no embeddings. Choose one that is made for them."
        )
    texts = []
    for text in command.texts:
        if not text.strip():
            raise KnownError(ErrorKind.BAD_REQUEST, "An empty text has no embedding. Leave it out.")
        tokens = backend.encode_to_embed(text)
        if len(tokens) > most:
            raise KnownError(
                ErrorKind.PROMPT_TOO_LONG,
                f"A text to be embedded has {len(tokens):,} tokens, and {most:,} are the most. Shorten or divide it.",
            )
        texts.append(tuple(tokens))
    return Embedding(id=command.id, priority=command.priority, texts=texts, submitted_seconds=now_seconds)


class EmbeddingQueue:
    """First come, first served, for each priority by itself."""

    def __init__(self) -> None:
        self._by_id: dict[str, Embedding] = {}

    @property
    def ids(self) -> list[str]:
        return list(self._by_id)

    def count(self, priority: Priority) -> int:
        """Requests that are not done."""
        return sum(embedding.priority is priority for embedding in self._by_id.values())

    def add(self, embedding: Embedding) -> None:
        if embedding.id in self._by_id:
            raise ValueError(f"{embedding.id} is there already")
        self._by_id[embedding.id] = embedding

    def remove(self, id: str) -> Embedding | None:
        return self._by_id.pop(id, None)

    def next(self, priority: Priority, n_tokens: int) -> tuple[TextWork, ...]:
        """The texts of a step: as many as fit so many tokens. One always does: it can't be divided."""
        works: list[TextWork] = []
        for embedding in self._by_id.values():
            if embedding.priority is not priority:
                continue
            for index, tokens in enumerate(embedding.texts):
                if index in embedding.vectors:
                    continue
                if works and (len(tokens) > n_tokens or len(works) == MOST_TEXTS):
                    return tuple(works)
                works.append(TextWork(id=embedding.id, index=index, priority=priority, tokens=tokens))
                n_tokens -= len(tokens)
        return tuple(works)

    def apply(self, results: tuple[TextResult, ...]) -> list[Embedding]:
        """Take in what was computed; returns the requests that are done, which leave."""
        for result in results:
            embedding = self._by_id.get(result.work.id)
            if embedding is not None and result.vector is not None:
                embedding.vectors[result.work.index] = result.vector
        done = [embedding for embedding in self._by_id.values() if embedding.is_done]
        for embedding in done:
            del self._by_id[embedding.id]
        return done
