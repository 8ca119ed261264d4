"""Vectors of texts: as llama-cpp-python's own, alone and in a batch, from an encoder and from a decoder that pools."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import gguf
import numpy as np
import pytest
from llama_cpp import Llama

from app.engine.messages import Embed, Priority
from app.engine.process.backend import StepPlan, TextWork
from app.engine.process.embeddings import MOST_TEXTS, EmbeddingQueue, embedding_of
from app.engine.process.llama import LlamaBackend
from app.errors import ErrorKind, KnownError
from tests.model.tiny_models import N_EMBD, N_ENCODED, encoder, full_attention, recurrent

BULK = Priority.BULK
TEXTS = (
    "The ferry left late.",
    "The rain kept on until the evening, and nobody had written.",
    "x",
    "A letter came in the morning; nobody had written on its back. " * 3,
    "the ferry left late",
)


def mean_decoder(path: Path) -> Path:
    return full_attention(path, pooling=gguf.PoolingType.MEAN)


def last_decoder(path: Path) -> Path:
    return full_attention(path, pooling=gguf.PoolingType.LAST)


@pytest.fixture(scope="module", params=[encoder, mean_decoder, last_decoder])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    make: Callable[[Path], Path] = request.param
    return make(tmp_path_factory.mktemp("model") / "tiny.gguf")


@pytest.fixture(scope="module")
def backend(model: Path) -> Iterator[LlamaBackend]:
    made = LlamaBackend(model, 512, lambda fraction: True)
    made.prepare_embedding()
    yield made
    made.close()


@pytest.fixture(scope="module")
def expected(model: Path) -> np.ndarray:
    """As the binding's own class has them."""
    reference = Llama(str(model), embedding=True, n_ctx=512, n_batch=512, n_ubatch=512, verbose=False)
    vectors = np.array([reference.embed(text, normalize=True) for text in TEXTS])
    reference.close()
    return vectors


def embed(backend: LlamaBackend, texts: tuple[str, ...], *, n_tokens: int) -> np.ndarray:
    """In steps of at most so many tokens, and a text at the least."""
    queue = EmbeddingQueue()
    queue.add(embedding_of(Embed(id="a", texts=texts), backend, 0.0))
    while True:
        (step,) = backend.run(StepPlan(texts=queue.next(BULK, n_tokens)))
        for embedding in queue.apply(step.texts):
            return np.array([embedding.vectors[index] for index in range(len(texts))])


def cosines(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return (left * right).sum(axis=1)


@pytest.mark.parametrize("n_tokens", [1, 512], ids=["alone", "in a batch"])
def test_vectors_are_those_of_llama_cpp(backend: LlamaBackend, expected: np.ndarray, n_tokens: int) -> None:
    assert backend.capabilities.embedding_size == N_EMBD
    vectors = embed(backend, TEXTS, n_tokens=n_tokens)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0)
    assert cosines(vectors, expected).min() > 0.9999
    assert cosines(vectors, np.roll(expected, 1, axis=0)).max() < 0.999, "texts can be told apart"


def test_more_texts_than_a_step_takes(backend: LlamaBackend, expected: np.ndarray) -> None:
    vectors = embed(backend, TEXTS[:1] * (2 * MOST_TEXTS + 1), n_tokens=512)
    assert len(vectors) == 2 * MOST_TEXTS + 1
    assert (vectors @ expected[0]).min() > 0.9999


def test_a_torn_step_leaves_nothing_and_goes_again(backend: LlamaBackend, expected: np.ndarray) -> None:
    works = tuple(
        TextWork(id="a", index=index, priority=BULK, tokens=tuple(backend.encode_to_embed(text)))
        for index, text in enumerate(TEXTS)
    )
    backend.interrupt()
    (torn,) = backend.run(StepPlan(texts=works))
    assert [text.vector for text in torn.texts] == [None] * len(works)
    backend.clear_interrupt()
    (step,) = backend.run(StepPlan(texts=works))
    assert cosines(np.array([text.vector for text in step.texts]), expected).min() > 0.9999


def test_a_text_that_is_too_long_is_refused_with_both_figures(tmp_path: Path) -> None:
    backend = LlamaBackend(encoder(tmp_path / "tiny.gguf"), 512, lambda fraction: True)
    try:
        assert backend.capabilities.embedding_tokens == N_ENCODED
        with pytest.raises(KnownError) as error:
            embedding_of(Embed(id="a", texts=("fine", "x" * N_ENCODED)), backend, 0.0)
        assert error.value.kind is ErrorKind.PROMPT_TOO_LONG
        assert f"{N_ENCODED + 2:,}" in error.value.sentence
        assert f"{N_ENCODED:,}" in error.value.sentence
    finally:
        backend.close()


def test_what_a_model_can_do_is_told(tmp_path: Path) -> None:
    told = {}
    for make in (encoder, mean_decoder, full_attention, recurrent):
        backend = LlamaBackend(make(tmp_path / "tiny.gguf"), 512, lambda fraction: True)
        told[make.__name__] = backend.capabilities.can_write, backend.capabilities.embedding_size
        backend.close()
    assert told == {
        "encoder": (False, N_EMBD),
        "mean_decoder": (True, N_EMBD),
        "full_attention": (True, 0),
        "recurrent": (True, 0),
    }
