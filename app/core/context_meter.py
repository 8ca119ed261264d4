"""How much of the context a chat's next turn takes, for the gauge."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.chat_views import ContextUse
from app.engine.interface import Engine

TURN_TOKENS = 8  # what a template puts around a turn, about
REPLY_SHARE = 0.25  # of the context is kept free for the reply, where one as long is asked for
_MOST_COUNTS = 10_000


class ContextMeter:
    """A text is counted once as long as the model stays."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._counts: dict[tuple[str, int], int] = {}

    async def measure(
        self, system: str, history: Sequence[str], documents: Sequence[str], typed: str, max_reply_tokens: int
    ) -> ContextUse:
        """`documents`: what was given of them in turns of the history."""
        texts = [system, *history, *documents, typed]
        capabilities = self._engine.capabilities
        model = capabilities.model_name if capabilities is not None else ""
        if len(self._counts) > _MOST_COUNTS:
            self._counts.clear()
        missing = [text for text in dict.fromkeys(texts) if text and (model, hash(text)) not in self._counts]
        if missing:
            counted = await self._engine.count_tokens(missing)
            self._counts.update({(model, hash(text)): n for text, n in zip(missing, counted, strict=True)})
        sizes = [self._counts[model, hash(text)] + TURN_TOKENS if text else 0 for text in texts]
        capabilities = self._engine.capabilities
        limit = capabilities.interactive_context if capabilities is not None else 0
        return ContextUse(
            system=sizes[0],
            history=sum(sizes[1 : 1 + len(history)]),
            documents=sum(sizes[1 + len(history) : -1]),
            typed=sizes[-1],
            reply=min(max_reply_tokens, int(limit * REPLY_SHARE)),
            limit=limit,
        )
