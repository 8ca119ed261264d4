"""Last words of requests that never reach the engine. Pure."""

from __future__ import annotations

from app.engine.messages import FinishReason, GenerateRequest, RequestFailed, RequestFinished, Timings, Usage
from app.engine.sampling_range import check_sampling
from app.errors import KnownError


def cancelled(id: str) -> RequestFinished:
    """While a model was being loaded, before anything was done."""
    return RequestFinished(
        id=id,
        reason=FinishReason.CANCELLED,
        usage=Usage(prompt_tokens=0, cached_tokens=0, output_tokens=0),
        timings=Timings(queue_seconds=0.0, ttft_seconds=0.0, total_seconds=0.0),
    )


def fault_of(id: str, request: GenerateRequest) -> RequestFailed | None:
    """Told before it is sent: a number that is none has no place in JSON."""
    try:
        check_sampling(request.sampling)
    except KnownError as error:
        return RequestFailed(id=id, kind=error.kind, sentence=error.sentence)
    return None
