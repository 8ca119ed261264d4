"""One llama_context that embeds texts: pooled, and empty again after each step. Used by llama.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import llama_cpp.llama_cpp as llama
import numpy as np

from app.engine.process.backend import TextWork
from app.engine.process.embeddings import MOST_TEXTS
from app.engine.process.llama_context import AbortFlag
from app.errors import ErrorKind, KnownError


class EmbeddingContext:
    """`n_tokens`: of all texts of a step. `size`: numbers in a vector."""

    def __init__(self, model: Any, n_tokens: int, size: int, n_threads: int, flag: AbortFlag) -> None:
        params = llama.llama_context_default_params()
        params.n_ctx = params.n_batch = params.n_ubatch = n_tokens
        params.n_seq_max = MOST_TEXTS
        params.n_threads = params.n_threads_batch = n_threads
        params.embeddings = True  # pooled as the model file says
        params.kv_unified = True  # texts divide the cells as they come
        params.flash_attn_type = llama.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.no_perf = True
        self._handle = llama.llama_init_from_model(model, params)
        if not self._handle:
            raise KnownError(
                ErrorKind.OUT_OF_MEMORY,
                "There is not enough memory for embeddings. Close other programs or choose a smaller model.",
            )
        llama.llama_set_abort_callback(self._handle, flag.callback, flag.data)
        self._memory = llama.llama_get_memory(self._handle)  # an encoder has none
        self._batch = llama.llama_batch_init(n_tokens, 0, 1)
        self._n_threads, self._size = n_threads, size

    def use_threads(self, n_threads: int) -> None:
        if n_threads != self._n_threads:
            self._n_threads = n_threads
            llama.llama_set_n_threads(self._handle, n_threads, n_threads)

    def decode(self, texts: Sequence[TextWork]) -> int:
        """Compute them side by side; returns llama_decode's code."""
        batch, row = self._batch, 0
        for place, text in enumerate(texts):
            for position, token in enumerate(text.tokens):
                batch.token[row] = token
                batch.pos[row] = position
                batch.n_seq_id[row] = 1
                batch.seq_id[row][0] = place
                batch.logits[row] = 1  # pooling takes all of them
                row += 1
        batch.n_tokens = row
        code = int(llama.llama_decode(self._handle, batch))
        if self._memory:
            llama.llama_memory_clear(self._memory, False)
        return code

    def vector(self, place: int) -> tuple[float, ...]:
        """Of a text of the step that was computed, of length 1."""
        pooled = np.ctypeslib.as_array(llama.llama_get_embeddings_seq(self._handle, place), (self._size,))
        length = float(np.linalg.norm(pooled))
        return tuple((pooled / length).tolist()) if length > 0 else tuple(pooled.tolist())

    def close(self) -> None:
        llama.llama_batch_free(self._batch)
        llama.llama_free(self._handle)
