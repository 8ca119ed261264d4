"""What is offered where a model could not be loaded: less context, or another file that fits. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.core.model_views import LocalModel
from app.engine.fit import SMALLEST_CONTEXT
from app.engine.load_plan import LoadPlan
from app.engine.verdict import Verdict


@dataclass(frozen=True, kw_only=True)
class LoadOffer:
    """To load `path`; `context_tokens` where it is the same model with less context than before, else 0."""

    path: Path
    name: str
    context_tokens: int = 0


def load_offer(
    failed: Path, name: str, plan: LoadPlan | None, tried_tokens: int, others: Sequence[LocalModel]
) -> LoadOffer | None:
    """`plan`: for the memory that is free now; None where the file can't be read as a model. `tried_tokens`: of the
    context with which it failed. None: nothing on this machine would fit.
    """
    if plan is not None and plan.fit.verdict is Verdict.FITS:
        tokens = min(plan.context_tokens, tried_tokens // 2)
        if tokens >= SMALLEST_CONTEXT:
            return LoadOffer(path=failed, name=name, context_tokens=tokens)
    fitting = [
        model
        for model in others
        if model.path != failed and not model.problem and model.fit is not None and model.fit.word is Verdict.FITS
    ]
    best = max(fitting, key=lambda model: model.size_bytes, default=None)
    return LoadOffer(path=best.path, name=best.name) if best is not None else None
