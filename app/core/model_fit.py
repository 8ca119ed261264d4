"""Whether a model fits this machine now, and how fast it would be: for files that are here and for those that are not.

Runs on any one thread at a time. A file's header is read once; what is free is asked each time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from app import diagnostics
from app.core.fits import fit_of_size
from app.core.model_views import FitView
from app.engine.devices import Gpu, reordered_kinds
from app.engine.fit import ContextShape, need_of
from app.engine.gguf_metadata import read_metadata
from app.engine.load_plan import LoadPlan, load_plan
from app.engine.messages import AUTOMATIC_LAYERS
from app.engine.model_shape import ModelShape, shape_of
from app.engine.verdict import Verdict
from app.errors import KnownError


def shape_of_file(path: Path) -> ModelShape:
    """Its measures. Raises KnownError for a file that can't be a model."""
    try:
        facts = path.stat()
    except OSError:
        return shape_of(read_metadata(path))  # which says why
    return _shape(path, facts.st_size, facts.st_mtime_ns)


@cache
def _shape(path: Path, size_bytes: int, changed_ns: int) -> ModelShape:
    return shape_of(read_metadata(path))


class ModelFits:
    """`given_back`: bytes that are free once the model that is loaded has gone. `rates`: tokens a second of one chat
    that were measured here, by the size of the file in bytes.
    """

    def __init__(
        self,
        *,
        context_tokens: Callable[[], int] = lambda: 8192,
        gpu_layers: Callable[[], int] = lambda: AUTOMATIC_LAYERS,
        free_bytes: Callable[[], int] = diagnostics.free_memory_bytes,
        given_back: Callable[[], int] = lambda: 0,
        gpus: Callable[[], Sequence[Gpu]] = lambda: (),
        rates: Callable[[], Mapping[int, float]] = dict,
    ) -> None:
        self._context_tokens, self._gpu_layers = context_tokens, gpu_layers
        self._free_bytes, self._given_back = free_bytes, given_back
        self._gpus, self._rates = gpus, rates

    def plan(self, path: Path, context_tokens: int | None = None) -> LoadPlan:
        """How it would be loaded in place of the one that is. Raises KnownError for a file that can't be a model."""
        return load_plan(
            shape_of_file(path),
            context_tokens=context_tokens or self._context_tokens(),
            free_bytes=self.free_bytes,
            gpus=self._gpus(),
            gpu_layers=self._gpu_layers(),
            reordered_kinds=reordered_kinds(),
        )

    @property
    def free_bytes(self) -> int:
        """For another model than the one that is loaded."""
        return self._free_bytes() + self._given_back()

    def of_file(self, path: Path) -> FitView | None:
        """None where the file can't be a model."""
        try:
            plan = self.plan(path)
            weights = shape_of_file(path).weight_bytes
        except KnownError:
            return None
        word = plan.fit.verdict
        return FitView(
            word=word,
            sentence=plan.sentence,
            needed_bytes=plan.total_bytes,
            free_bytes=plan.fit.free + self._apart_bytes(),
            gpu_layers=plan.layers.n_layers,
            expected_tokens_per_second=self.expected(weights, word),
        )

    def of_size(self, size_bytes: int) -> FitView:
        """A guess for a file of which only the size is known."""
        view = fit_of_size(size_bytes, self.free_bytes + self._apart_bytes())
        return replace(view, expected_tokens_per_second=self.expected(size_bytes, view.word))

    def _apart_bytes(self) -> int:
        return sum(gpu.free_bytes for gpu in self._gpus() if not gpu.is_unified)

    def expected(self, size_bytes: int, word: Verdict) -> float | None:
        """Tokens a second in a chat; None where that can't be told."""
        return expected_rate(size_bytes, self._rates()) if word is Verdict.FITS else None


def expected_rate(size_bytes: int, measured: Mapping[int, float]) -> float | None:
    """Tokens a second: measured with this file, or taken from the nearest in size, since all weights are read for
    each token. None: nothing was measured that is near enough to tell.
    """
    if not measured or size_bytes <= 0:
        return None
    nearest = min(measured, key=lambda size: max(size, size_bytes) / max(1, min(size, size_bytes)))
    if max(nearest, size_bytes) > 64 * max(1, min(nearest, size_bytes)):
        return None
    return measured[nearest] * nearest / size_bytes


def fits_beside(model: Path, chat_model: Path, free_bytes: int, contexts: Sequence[ContextShape]) -> bool:
    """Can a model be loaded beside the chat's? The pages of that one's file count as free, and are not.

    What can't be read as a model may be tried: loading it says what is wrong.
    """
    try:
        need = need_of(shape_of_file(model), contexts, reordered_kinds())
    except KnownError:
        return True
    try:
        chat_bytes = shape_of_file(chat_model).weight_bytes
    except KnownError:
        chat_bytes = 0
    return need.total + chat_bytes <= free_bytes
