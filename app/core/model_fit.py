"""Whether a model fits this machine now, and how fast it would be: for files that are here and for those that are not.

The one place where a verdict is made. Runs on any one thread at a time. A file's header is read once; what is free is
asked each time.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from app import diagnostics
from app.core.model_views import FitView
from app.engine import tuned
from app.engine.devices import Gpu, reordered_kinds
from app.engine.fit import ContextShape, need_of
from app.engine.gguf_header import HeaderFault, read_header
from app.engine.gguf_metadata import ModelMetadata, read_metadata
from app.engine.gpu_layers import check_split
from app.engine.load_plan import LoadPlan, load_plan
from app.engine.messages import AUTOMATIC_LAYERS
from app.engine.model_shape import ModelShape, shape_of
from app.engine.process.memory_plan import KV_SHARE_OF_FREE
from app.engine.verdict import Verdict
from app.errors import KnownError

_BESIDE_SHARE, _BESIDE_BYTES = 0.15, 200_000_000  # context and what steps are computed in, where only a size is known


@dataclass(frozen=True, kw_only=True)
class FileFacts:
    """What a model's file says of itself. `size_bytes`: of all its parts. `error`: why it can't be used."""

    shape: ModelShape | None = None
    size_bytes: int = 0
    error: KnownError | None = None

    @property
    def problem(self) -> str:
        """One sentence, or empty."""
        return self.error.sentence if self.error is not None else ""


def facts_of(path: Path) -> FileFacts:
    """A fraction of a second for a large vocabulary; the next time at once, as long as the file is the same."""
    try:
        facts = path.stat()
    except (OSError, ValueError):
        return _read(path)  # which says why
    return _facts(path, facts.st_size, facts.st_mtime_ns)


@cache
def _facts(path: Path, size_bytes: int, changed_ns: int) -> FileFacts:
    return _read(path)


def _read(path: Path) -> FileFacts:
    try:
        metadata = read_metadata(path)
        return FileFacts(shape=shape_of(metadata), size_bytes=metadata.file_bytes)
    except KnownError as error:
        return FileFacts(error=error)


def shape_of_file(path: Path) -> ModelShape:
    """Its measures. Raises KnownError for a file that can't be a model."""
    facts = facts_of(path)
    if facts.shape is None:
        assert facts.error is not None
        raise KnownError(facts.error.kind, facts.error.sentence)
    return facts.shape


def shape_of_beginning(name: str, beginning: bytes, size_bytes: int) -> ModelShape | None:
    """From the first bytes of a file that is elsewhere; None: they are too few, or it is no model."""
    try:
        header = read_header(io.BytesIO(beginning), size_bytes)
    except (HeaderFault, OSError):
        return None
    metadata = ModelMetadata(
        parts=(Path(name),),
        file_bytes=size_bytes,
        version=header.version,
        values=header.values,
        tensors=header.tensors,
    )
    return shape_of(metadata) if metadata.architecture and metadata.tensors else None


class ModelFits:
    """`given_back`: bytes that are free once the model that is loaded has gone. `rates`: tokens a second of one chat
    that were measured here, by the bytes of a model that are read for each token (see `read_bytes_of`); `tuning`: where
    `rubato tune` keeps what it found.
    """

    def __init__(
        self,
        *,
        context_tokens: Callable[[], int] = lambda: 8192,
        gpu_layers: Callable[[], int] = lambda: AUTOMATIC_LAYERS,
        gpu_split: Callable[[], Sequence[float]] = lambda: (),
        kv: Callable[[], str] = lambda: "",
        flash_attention: Callable[[], bool] = lambda: False,
        free_bytes: Callable[[], int] = diagnostics.free_memory_bytes,
        given_back: Callable[[], int] = lambda: 0,
        gpus: Callable[[], Sequence[Gpu]] = lambda: (),
        rates: Callable[[], Mapping[int, float]] = dict,
        tuning: Path | None = None,
    ) -> None:
        self._context_tokens, self._gpu_layers, self._gpu_split = context_tokens, gpu_layers, gpu_split
        self._kv, self._flash_attention = kv, flash_attention
        self._free_bytes, self._given_back = free_bytes, given_back
        self._gpus, self._rates, self._tuning = gpus, rates, tuning

    def plan(self, path: Path, context_tokens: int | None = None) -> LoadPlan:
        """How it would be loaded in place of the one that is. Raises KnownError for a file that can't be a model."""
        return self._plan(shape_of_file(path), context_tokens)

    def _plan(self, shape: ModelShape, context_tokens: int | None = None) -> LoadPlan:
        return load_plan(
            shape,
            context_tokens=context_tokens or self._context_tokens(),
            free_bytes=self.free_bytes,
            gpus=self._gpus(),
            gpu_layers=self._gpu_layers(),
            gpu_split=self._gpu_split(),
            reordered_kinds=reordered_kinds(),
            kv=self._kv() or "F16",
            flash_attention=self._flash_attention() or self._kv() not in ("", "F16"),
        )

    @property
    def gpu_names(self) -> tuple[str, ...]:
        """Those that llama.cpp computes with, in the order in which it counts them."""
        return tuple(gpu.name for gpu in self._gpus())

    def check_gpu_split(self) -> None:
        """Raises KnownError where the settings' does not suit the GPUs that are here: they share by their memory."""
        split, n_gpus = self._gpu_split(), len(self._gpus())
        if split and n_gpus > 1:
            check_split(split, n_gpus)

    @property
    def free_bytes(self) -> int:
        """For another model in place of the one that is loaded."""
        return self.free_now + self._given_back()

    @property
    def free_now(self) -> int:
        """While what is loaded stays; the pages of its weights count as free."""
        return self._free_bytes()

    # verdicts

    def of_file(self, path: Path) -> FitView | None:
        """None where the file can't be a model."""
        shape = facts_of(path).shape
        if shape is None:
            return None
        view = self.of_shape(shape)
        measured = self._measured(path) if view.word is Verdict.FITS else None
        return view if measured is None else replace(view, expected_tokens_per_second=measured)

    def of_shape(self, shape: ModelShape, other_weights: int = 0) -> FitView:
        """Of a model in place of the one that is loaded. `other_weights`: bytes in parts that `shape` lacks."""
        whole = replace(shape, other_bytes=shape.other_bytes + other_weights)
        plan = self._plan(whole)
        word = plan.fit.verdict
        return FitView(
            word=word,
            sentence=plan.sentence,
            needed_bytes=plan.total_bytes,
            free_bytes=plan.fit.free + self._apart_bytes(),
            gpu_layers=plan.layers.n_layers,
            expected_tokens_per_second=self._expected(whole.weight_bytes * shape.read_share, word),
        )

    def of_size(self, size_bytes: int, read_share: float = 1.0) -> FitView:
        """A guess for a file of which only the size is known, and the sentence says so. `read_share`: of its weights,
        that are read for each token.
        """
        free = self.free_bytes + self._apart_bytes()
        beside = int(size_bytes * _BESIDE_SHARE) + _BESIDE_BYTES
        needed = size_bytes + beside
        about, have = _gb(needed), _gb(free)
        if needed <= free:
            word = Verdict.FITS
            sentence = f"Fits: it takes about {about} by the size of its file, and {have} are free."
        elif beside <= free / 2:
            word = Verdict.SLOW
            sentence = (
                f"Slow: it takes about {about} by the size of its file, and {have} are free, so that weights are read "
                "from the disk again and again."
            )
        else:
            word = Verdict.DOES_NOT_FIT
            sentence = f"Does not fit: it takes about {about} by the size of its file, and {have} are free."
        expected = self._expected(size_bytes * read_share, word)
        return FitView(
            word=word, sentence=sentence, needed_bytes=needed, free_bytes=free, expected_tokens_per_second=expected
        )

    def fits_beside(self, plan: LoadPlan, weight_bytes: int, gpu_bytes: int) -> bool:
        """Can it be loaded, as `plan` says, while what has these weights in memory, and this on GPUs, stays?"""
        need = plan.fit.need
        if need.total + weight_bytes > self.free_now or need.kv > self.free_now * KV_SHARE_OF_FREE:
            return False  # it would be slow, or get less context than it would have alone
        return not plan.gpu_bytes or plan.gpu_bytes + gpu_bytes <= self._apart_bytes()

    def _apart_bytes(self) -> int:
        """Of GPUs that have a memory of their own, before a model was loaded."""
        return sum(gpu.free_bytes for gpu in self._gpus() if not gpu.is_unified)

    def _measured(self, path: Path) -> float | None:
        """Tokens a second of one chat with this very file, where `rubato tune` measured it."""
        if self._tuning is None:
            return None
        curve = tuned.load(self._tuning, path).curve()
        return next((point.tokens_per_second for point in curve if point.setting.width == 1), None)

    def _expected(self, read_bytes: float, word: Verdict) -> float | None:
        """Tokens a second in a chat; None where that can't be told."""
        return expected_rate(read_bytes, self._rates()) if word is Verdict.FITS else None


def expected_rate(read_bytes: float, measured: Mapping[int, float]) -> float | None:
    """Tokens a second: measured with this model, or taken from the one that reads about as much for each token. None:
    nothing was measured that is near enough to tell.
    """
    if not measured or read_bytes <= 0:
        return None
    nearest = min(measured, key=lambda size: max(size, read_bytes) / max(1, min(size, read_bytes)))
    if max(nearest, read_bytes) > 64 * max(1, min(nearest, read_bytes)):
        return None
    return measured[nearest] * nearest / read_bytes


def fits_beside(model: Path, others: Iterable[Path], free_bytes: int, contexts: Sequence[ContextShape]) -> bool:
    """Can a model be loaded, with these contexts, beside those that are? The pages of their files count as free, and
    are not.

    What can't be read as a model may be tried: loading it says what is wrong.
    """
    try:
        need = need_of(shape_of_file(model), contexts, reordered_kinds())
    except KnownError:
        return True
    return need.total + sum(weights_of(other) for other in others) <= free_bytes


def weights_of(path: Path) -> int:
    """Bytes of a file's weights, which lie in memory as pages that the system counts as free; 0: it is no model."""
    shape = facts_of(path).shape
    return shape.weight_bytes if shape is not None else 0


def read_bytes_of(path: Path) -> int:
    """Bytes of a file's weights that are read for each token: of experts those that it uses. 0: it is no model."""
    shape = facts_of(path).shape
    return int(shape.weight_bytes * shape.read_share) if shape is not None else 0


def _gb(n: int) -> str:
    return f"{n / 1e9:.1f} GB" if n >= 1e9 else f"{n / 1e6:.0f} MB"
