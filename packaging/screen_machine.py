"""What the pictures of states show of models and of the machine, as Core would tell it."""

from __future__ import annotations

import time
from pathlib import Path

from app.core.model_lists import ModelLists
from app.core.model_views import (
    CatalogueModel,
    DownloadState,
    DownloadView,
    FitView,
    HubFile,
    HubModel,
    LocalModel,
    ModelPlace,
)
from app.core.views import MachinePhase, StatusView
from app.engine.tuned import DECODE, Point, Setting, Tuned
from app.engine.verdict import Verdict
from app.lab.format import Trial
from app.lab.roofline import Roofline
from app.lab.session import LabView

_GB = 1_000_000_000
_SENTENCES = {
    Verdict.FITS: "It takes {needed} of the {free} that are free now.",
    Verdict.SLOW: "It takes {needed}, and {free} are free now: parts of it are read from the disk again and again.",
    Verdict.DOES_NOT_FIT: "It takes {needed}, and {free} are free now.",
}


def _fit(word: Verdict, needed: float, speed: float | None = None) -> FitView:
    said = _SENTENCES[word].format(needed=f"{needed:.1f} GB", free="11.2 GB")
    return FitView(
        word=word,
        sentence=said,
        needed_bytes=int(needed * _GB),
        free_bytes=int(11.2 * _GB),
        expected_tokens_per_second=speed,
    )


def _local(name: str, size: float, place: ModelPlace, fit: FitView | None, **more: object) -> LocalModel:
    file = f"{name.replace(' ', '-')}.gguf"
    return LocalModel(path=Path("models") / file, name=name, size_bytes=int(size * _GB), place=place, fit=fit, **more)  # type: ignore[arg-type]


LOCAL = (
    _local("SmolLM2 135M Instruct", 0.098, ModelPlace.OWN, _fit(Verdict.FITS, 0.4, 84), is_loaded=True,
           quantisation="Q4_1"),
    _local("Qwen3 4B Instruct", 2.5, ModelPlace.OWN, _fit(Verdict.FITS, 3.4, 12), quantisation="Q4_K_M"),
    _local("Llama 3.1 8B Instruct", 4.9, ModelPlace.OLLAMA, _fit(Verdict.FITS, 6.1, 6.4), quantisation="Q4_K_M"),
    _local("Mistral Small 24B Instruct with a name that is long", 14.3, ModelPlace.LM_STUDIO,
           _fit(Verdict.SLOW, 16.8), quantisation="Q4_K_M"),
    _local("broken", 0.7, ModelPlace.ADDED, None, problem="The file is cut off: 0.7 of 2.4 GB are there."),
)  # fmt: skip


def _known(name: str, n: float, size: float, fit: FitView, good_at: str, **more: object) -> CatalogueModel:
    return CatalogueModel(
        id=name, name=name, n_parameters=int(n * 1e9), licence="Apache-2.0", context_tokens=32_768, good_at=good_at,
        size_bytes=int(size * _GB), source=f"publisher/{name}", fit=fit, **more,  # type: ignore[arg-type]
    )  # fmt: skip


_KNOWN = (
    _known("Qwen3 1.7B", 1.7, 1.3, _fit(Verdict.FITS, 1.9, 24), "Short answers, quick."),
    _known("Gemma 3 12B", 12, 7.3, _fit(Verdict.FITS, 9.1, 3.9), "Long texts in many languages.", is_gated=True),
    _known("Qwen3 30B A3B", 30, 18.6, _fit(Verdict.DOES_NOT_FIT, 19.8), "Knows much, thinks before it answers."),
)


def _download(id: str, state: DownloadState, done: float, **more: object) -> DownloadView:
    return DownloadView(
        id=id, name=id, state=state, done_bytes=int(done * _GB), total_bytes=int(2.5 * _GB), **more  # type: ignore[arg-type]
    )  # fmt: skip


_DOWNLOADS = (
    _download("Qwen3 4B Instruct (Q4_K_M)", DownloadState.RUNNING, 1.1, bytes_per_second=8.4e6, seconds_left=167),
    _download("Phi 4 mini (Q4_K_M)", DownloadState.PAUSED, 0.3),
    _download("Granite 3.3 2B (Q8_0)", DownloadState.FAILED, 2.1,
              sentence="The hub could not be reached. What has come is kept."),
)  # fmt: skip
_GPUS = ("NVIDIA GeForce RTX 4070 Ti SUPER", "NVIDIA GeForce RTX 3060")
LISTS = ModelLists(local=LOCAL, catalogue=_KNOWN, downloads=_DOWNLOADS, gpus=_GPUS)
FOUND = tuple(
    HubModel(repository=repository, downloads=downloads, likes=120, is_gated=is_gated,
             updated_seconds=time.time() - age, n_parameters=n, licence="apache-2.0")
    for repository, downloads, is_gated, age, n in (
        ("publisher/Qwen3-4B-Instruct-2507-GGUF", 412_000, False, 8e6, 4_000_000_000),
        ("another/Qwen3-4B-Thinking-2507-GGUF", 38_000, True, 9e6, 4_000_000_000),
        ("someone/qwen3-4b-story-writer-i1-GGUF", 210, False, 4e5, 0),
    )
)  # fmt: skip
FILES = tuple(
    HubFile(repository=FOUND[0].repository, revision="1", name=f"qwen3-4b-{kind}.gguf", parts=(), sha256s=(),
            size_bytes=int(size * _GB), quantisation=kind, fit=_fit(word, size + 0.9, speed))
    for kind, size, word, speed in (
        ("Q4_K_M", 2.5, Verdict.FITS, 12), ("Q6_K", 3.3, Verdict.FITS, 9.1), ("Q8_0", 4.3, Verdict.FITS, 7.2),
        ("F16", 8.1, Verdict.SLOW, None),
    )
)  # fmt: skip

_WIDTHS = ((1, 11.9), (2, 13.1), (4, 17.0), (8, 25.4), (16, 44.8), (32, 88.0))  # at once, milliseconds a step
_POINTS = tuple(
    Point(
        setting=Setting(what=DECODE, threads=2, width=width),
        step_seconds=ms / 1e3,
        tokens_per_second=width / ms * 1e3,
    )
    for width, ms in _WIDTHS
)
LAB = LabView(
    model=LOCAL[0].name,
    kind="Q4_1",
    tuned=Tuned(model="m", points=_POINTS),
    roofline=Roofline(decode=0.62, prefill=0.48, bandwidth=21e9, operations=140e9),
    slowdown=1.5,
    is_whole=True,
)
TRIALS = (
    Trial(kind="Q4_1", n_bytes=98_000_000, read=880, written=84, written_wide=310, is_source=True),
    Trial(kind="Q4_0", n_bytes=92_000_000, read=910, written=96, written_wide=342, divergence=0.031, agreement=0.93),
    Trial(kind="Q8_0", n_bytes=144_000_000, read=820, written=71, written_wide=290, divergence=0.002, agreement=0.99),
)
STATUS = StatusView(
    phase=MachinePhase.BULK_PARKED,
    jobs_done=34,
    jobs_total=120,
    bulk_tokens_per_second=203,
    kv_used_fraction=0.19,
    n_threads=2,
    last_ttft_seconds=0.16,
    last_tokens_per_second=84,
    context_limit=8_192,
)
