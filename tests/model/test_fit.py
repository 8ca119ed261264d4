"""What a model is said to take is what it takes, within a tenth: by llama.cpp's own figures and by the process."""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as llama
import pytest

from app.engine.devices import reordered_kinds
from app.engine.fit import ContextShape, Need, advice, fit_of, need_of, what_would_fit
from app.engine.gguf_metadata import read_metadata
from app.engine.model_shape import ModelShape, shape_of
from app.engine.verdict import Verdict
from tests.model.sized_models import SIZED, full_attention

CONTEXTS = [(4096, 2, "F16"), (1024, 8, "F16"), (4096, 2, "Q8_0"), (8192, 1, "F16")]
FULL_CONTEXTS = [(1024, "F16"), (4096, "F16"), (2048, "Q8_0")]
TENTH = 0.10


def measured(path: Path, n: int, sequences: int, kv: str, *, fills: bool = False) -> dict[str, Any]:
    script = Path(__file__).with_name("loading.py")
    arguments = [str(path), str(n), str(sequences), kv, "fill" if fills else "look"]
    done = subprocess.run([sys.executable, str(script), *arguments], capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def said(path: Path, n: int, sequences: int, kv: str) -> Need:
    context = ContextShape(context_tokens=n, sequences=sequences, kv_k=kv, kv_v=kv, flash_attention=kv != "F16")
    return need_of(shape_of(read_metadata(path)), [context], reordered_kinds())


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory, starter_model: Path) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("sized")
    made = {kind: write(folder / f"{kind}.gguf") for kind, write in SIZED.items()}
    for ftype, name in ((2, "Q4_0"), (7, "Q8_0"), (15, "Q4_K_M")):
        made[name] = folder / f"{name}.gguf"
        params = llama.llama_model_quantize_default_params()
        params.ftype, params.nthread = ftype, 2
        source, target = str(made["full attention"]).encode(), str(made[name]).encode()
        assert llama.llama_model_quantize(source, target, ctypes.byref(params)) == 0
    return made | {"starter": starter_model}


@pytest.mark.parametrize("kind", [*SIZED, "Q4_0", "Q8_0", "Q4_K_M", "starter"])
def test_llama_cpp_says_the_same(kind: str, models: dict[str, Path]) -> None:
    for n, sequences, kv in CONTEXTS:
        theirs = measured(models[kind], n, sequences, kv)["said"]
        ours = said(models[kind], n, sequences, kv)
        total = ours.total - ours.vocabulary - ours.scratch  # which it does not tell of
        print(f"{kind}, {sequences} x {n} {kv}: {total / 1e6:.0f} MB, {total / sum(theirs.values()):.3f} of theirs")
        assert total == pytest.approx(sum(theirs.values()), rel=TENTH)
        assert ours.kv + ours.state == pytest.approx(theirs.get("KV", 0) + theirs.get("RS", 0), rel=0.02)
        assert ours.reordered == pytest.approx(theirs.get("reordered", 0), rel=0.02)


@pytest.mark.parametrize("kind", ["full attention", "many heads", "sliding window", "experts", "hybrid", "latent"])
def test_the_process_takes_as_much(kind: str, models: dict[str, Path]) -> None:
    """A context that is full. Memory for logits of every token is set aside, but not touched: these have small ones."""
    for n, kv in FULL_CONTEXTS:
        took = measured(models[kind], n, 1, kv, fills=True)["took"]
        ours = said(models[kind], n, 1, kv).total
        print(f"{kind}, {n} {kv}: {ours / 1e6:.0f} MB, {ours / took:.3f} of what it took")
        assert ours == pytest.approx(took, rel=TENTH)


# what follows from it


@pytest.fixture(scope="module")
def shape(tmp_path_factory: pytest.TempPathFactory) -> ModelShape:
    return shape_of(read_metadata(full_attention(tmp_path_factory.mktemp("shape") / "m.gguf")))


def test_a_model_fits_is_slow_or_does_not_fit(shape: ModelShape) -> None:
    need = need_of(shape, [ContextShape(context_tokens=4096)])
    assert fit_of(need, need.total).verdict is Verdict.FITS
    assert fit_of(need, need.total - 1).verdict is (
        Verdict.SLOW if need.own <= (need.total - 1) / 2 else Verdict.DOES_NOT_FIT
    )
    assert fit_of(need, need.own - 1).verdict is Verdict.DOES_NOT_FIT
    assert f"{need.total / 1e6:.0f} MB" in fit_of(need, need.total).sentence


def test_a_load_that_failed_is_told_what_would_fit(shape: ModelShape) -> None:
    wanted = ContextShape(context_tokens=16_384, sequences=2)
    enough = need_of(shape, [ContextShape(context_tokens=4096, sequences=2)]).total
    found = what_would_fit(shape, wanted, enough)
    assert found is not None
    assert (found.context_tokens, found.sequences) == (4096, 2)
    assert "retry with 4,096 tokens of context" in advice(shape, wanted, enough)
    assert what_would_fit(shape, wanted, 1000) is None
    assert "choose a smaller model" in advice(shape, wanted, 1000)
