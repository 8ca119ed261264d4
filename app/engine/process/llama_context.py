"""One llama_context: its batch, its memory, its abort flag. llama.py decides which contexts there are."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from typing import Any

import llama_cpp.llama_cpp as llama

from app.engine.process.backend import Work
from app.engine.process.presets import STEP_TOKENS
from app.errors import ErrorKind, KnownError

KV_KINDS = {"F16": llama.GGML_TYPE_F16, "Q8_0": llama.GGML_TYPE_Q8_0}


class AbortFlag:
    """Read by ggml at every node of the graph, without Python: libc's strlen over one byte is false or true."""

    def __init__(self) -> None:
        self._byte = ctypes.create_string_buffer(2)
        libc = ctypes.CDLL("msvcrt" if sys.platform == "win32" else None)
        strlen = ctypes.cast(libc.strlen, ctypes.c_void_p).value
        self.callback = ctypes.cast(ctypes.c_void_p(strlen), llama.ggml_abort_callback)
        self.data = ctypes.cast(self._byte, ctypes.c_void_p)

    def raise_(self) -> None:
        self._byte[0] = b"\x01"

    def clear(self) -> None:
        self._byte[0] = b"\x00"


class LlamaContext:
    """One llama_context: its batch buffer and its memory."""

    def __init__(
        self,
        model: Any,
        n_context: int,
        n_sequences: int,
        n_threads: int,
        flag: AbortFlag | None,
        *,
        kv: str = "F16",
        flash_attention: bool = False,
    ) -> None:
        params = llama.llama_context_default_params()
        params.n_ctx = n_context * n_sequences
        params.n_seq_max = n_sequences
        params.n_batch = params.n_ubatch = STEP_TOKENS
        params.n_threads = params.n_threads_batch = n_threads
        params.kv_unified = False
        params.swa_full = True  # all tokens are kept, not only the window: a sequence can be cut anywhere
        params.type_k = params.type_v = KV_KINDS[kv]
        # measured on a CPU: 1.6 to 2 times the TTFT with flash attention on
        params.flash_attn_type = int(flash_attention)
        params.no_perf = True
        self.handle = llama.llama_init_from_model(model, params)
        if not self.handle:
            raise KnownError(
                ErrorKind.OUT_OF_MEMORY,
                "There is not enough memory for this model's context.",
            )
        self._n_threads = n_threads
        if flag is not None:
            llama.llama_set_abort_callback(self.handle, flag.callback, flag.data)
        self.memory = llama.llama_get_memory(self.handle)
        self.batch = llama.llama_batch_init(STEP_TOKENS, 0, 1)

    def use_threads(self, n_threads: int) -> None:
        if n_threads != self._n_threads:
            self._n_threads = n_threads
            llama.llama_set_n_threads(self.handle, n_threads, n_threads)

    def decode(self, work: Sequence[Work]) -> int:
        """Put the work's tokens into the batch and compute it; returns llama_decode's code."""
        batch, row = self.batch, 0
        for piece in work:
            for offset, token in enumerate(piece.tokens):
                batch.token[row] = token
                batch.pos[row] = piece.position + offset
                batch.n_seq_id[row] = 1
                batch.seq_id[row][0] = piece.slot.index
                batch.logits[row] = 0
                row += 1
            for wanted in range(row - 1 - piece.n_guessed, row):
                batch.logits[wanted] = piece.wants_token
        batch.n_tokens = row
        return int(llama.llama_decode(self.handle, batch))

    def n_kept(self, index: int) -> int:
        return int(llama.llama_memory_seq_pos_max(self.memory, index)) + 1

    def truncate(self, index: int, n_tokens: int) -> int:
        if self.n_kept(index) <= n_tokens:
            return self.n_kept(index)
        if n_tokens > 0 and llama.llama_memory_seq_rm(self.memory, index, n_tokens, -1):
            return n_tokens
        llama.llama_memory_seq_rm(self.memory, index, -1, -1)
        return 0

    def save(self, index: int) -> bytes:
        buffer = (ctypes.c_uint8 * llama.llama_state_seq_get_size(self.handle, index))()
        size = llama.llama_state_seq_get_data(self.handle, buffer, len(buffer), index)
        return bytes(memoryview(buffer)[:size])

    def restore(self, index: int, data: bytes) -> int:
        llama.llama_memory_seq_rm(self.memory, index, -1, -1)
        buffer = (ctypes.c_uint8 * len(data)).from_buffer_copy(data)
        if llama.llama_state_seq_set_data(self.handle, buffer, len(data), index) == 0:
            llama.llama_memory_seq_rm(self.memory, index, -1, -1)
            return 0
        return self.n_kept(index)

    def close(self) -> None:
        llama.llama_batch_free(self.batch)
        llama.llama_free(self.handle)
