"""The engine's events become OpenAI's answer, whole or in chunks. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.core.openai.completion import REASONS, completion, usage_figures
from app.engine.messages import RequestFinished


@dataclass
class ChatReply:
    """One answer. `created_seconds` is the time of day, in seconds since 1970."""

    id: str
    model: str
    created_seconds: int
    includes_usage: bool
    _has_role: bool = False

    def whole(self, text: str, thoughts: str, finished: RequestFinished) -> dict[str, Any]:
        """The answer in one object."""
        answer = completion(
            text,
            finished.reason,
            finished.usage,
            id=self.id,
            model=self.model,
            created_seconds=self.created_seconds,
            thoughts=thoughts,
        )
        return {**answer, **_timings(finished)}

    def grown(self, text: str, *, is_thinking: bool = False) -> dict[str, Any]:
        """A chunk. The role comes with the first text, not before it in a chunk of its own: load generators take the
        first chunk for the first token."""
        role = {} if self._has_role else {"role": "assistant"}
        self._has_role = True
        return self._chunk({**role, "reasoning_content" if is_thinking else "content": text}, None)

    def ended(self, finished: RequestFinished) -> list[dict[str, Any]]:
        """The last chunks."""
        chunks = [] if self._has_role else [self.grown("")]
        chunks.append(self._chunk({}, REASONS[finished.reason]))
        if self.includes_usage:
            chunks.append({**self._head("chat.completion.chunk"), "choices": [], **_figures(finished)})
        return chunks

    def _chunk(self, delta: dict[str, str], reason: str | None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        usage = {"usage": None} if self.includes_usage else {}
        return {**self._head("chat.completion.chunk"), "choices": [choice], **usage}

    def _head(self, object: str) -> dict[str, Any]:
        return {"id": self.id, "object": object, "created": self.created_seconds, "model": self.model}


def _figures(finished: RequestFinished) -> dict[str, Any]:
    return {"usage": usage_figures(finished.usage), **_timings(finished)}


def _timings(finished: RequestFinished) -> dict[str, Any]:
    """Rubato's own: by the engine's clock, from when the request was there."""
    usage, timings = finished.usage, finished.timings
    return {
        "timings": {
            "queue_ms": round(timings.queue_seconds * 1e3, 3),
            "ttft_ms": round(timings.ttft_seconds * 1e3, 3),
            "total_ms": round(timings.total_seconds * 1e3, 3),
            "tokens_per_second": round(timings.output_rate(usage.output_tokens), 3),
            "dropped_messages": usage.dropped_turns,
        },
    }
