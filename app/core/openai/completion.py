"""An answer as OpenAI's `chat.completion` object. Pure."""

from __future__ import annotations

from typing import Any

from app.engine.messages import FinishReason, Usage

REASONS = {
    FinishReason.END: "stop",
    FinishReason.STOP_STRING: "stop",
    FinishReason.LENGTH: "length",
    FinishReason.CANCELLED: "stop",  # nobody hears it: only the client cancels, by going
}


def completion(
    text: str,
    reason: FinishReason,
    usage: Usage,
    *,
    id: str,
    model: str,
    created_seconds: int,
    thoughts: str = "",
) -> dict[str, Any]:
    """The answer in one object. `created_seconds` is the time of day, in seconds since 1970."""
    message = {"role": "assistant", "content": text}
    if thoughts:
        message["reasoning_content"] = thoughts  # as other servers call it
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": REASONS[reason]}
    return {
        "id": id,
        "object": "chat.completion",
        "created": created_seconds,
        "model": model,
        "choices": [choice],
        "usage": usage_figures(usage),
    }


def usage_figures(usage: Usage) -> dict[str, Any]:
    """`usage` as OpenAI has it."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.prompt_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }
