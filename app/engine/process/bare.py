"""Entrance of the bare process: times llama_decode as llama-bench and llama-batched-bench do, and the Llama class.

Warm-up before each figure, no sampling, token values that are as good as any (their cost does not depend on them).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import statistics
import time
from typing import Any

import llama_cpp.llama_cpp as llama

from app import children, wire
from app.engine.bare_messages import (
    BareCommand,
    BareOpened,
    OpenBare,
    TimeDecode,
    TimePeerReplies,
    TimePeerTurn,
    TimePrefill,
    TimeTaken,
    TimeVerify,
)
from app.engine.process import llama_backends

MICRO_BATCH = 512
_KV_KINDS = {"F16": llama.GGML_TYPE_F16, "Q8_0": llama.GGML_TYPE_Q8_0}
FIRST_TOKEN = 1000  # an ordinary word of every vocabulary


class Bare:
    """One context over one model. See OpenBare."""

    def __init__(self, command: OpenBare) -> None:
        self._command = command
        self._log = llama.llama_log_callback(lambda level, text, data: None)
        llama.llama_log_set(self._log, ctypes.c_void_p(0))
        llama_backends.start()
        self._model = llama.llama_model_load_from_file(command.path, llama.llama_model_default_params())
        if not self._model:
            raise SystemExit("the model could not be loaded")
        self._n_vocab = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(self._model))
        params = llama.llama_context_default_params()
        params.n_ctx = command.n_sequences * command.context_tokens
        params.n_seq_max = command.n_sequences
        params.n_batch = params.n_ubatch = MICRO_BATCH
        params.n_threads = params.n_threads_batch = command.n_threads
        params.kv_unified = False
        params.type_k = params.type_v = _KV_KINDS[command.kv]
        params.flash_attn_type = int(command.flash_attention)
        params.no_perf = True
        self._context = llama.llama_init_from_model(self._model, params)
        if not self._context:
            raise SystemExit("there is no context of this kind, or no memory for it")
        self._memory = llama.llama_get_memory(self._context)
        self._batch = llama.llama_batch_init(MICRO_BATCH, 0, 1)
        self._peer: Any = None
        self._peer_turns = 0

    def prefill(self, command: TimePrefill) -> float:
        self._fill(1, command.depth)
        self._read(min(64, command.n_tokens), command.depth)
        self._cut(1, command.depth)
        started = time.perf_counter()
        self._read(command.n_tokens, command.depth, command.piece)
        return time.perf_counter() - started

    def decode(self, command: TimeDecode) -> float:
        self._fill(command.width, command.depth)

        def step(n: int) -> None:
            self._decode([(FIRST_TOKEN + n, command.depth + n, seq, True) for seq in range(command.width)])

        step(0)  # the warm-up
        started = time.perf_counter()
        for n in range(1, command.n_steps + 1):
            step(n)
        return (time.perf_counter() - started) / command.n_steps

    def verify(self, command: TimeVerify) -> float:
        self._fill(1, command.depth)
        seconds = []
        for _ in range(6):
            rows = [(FIRST_TOKEN + n, command.depth + n, 0, True) for n in range(command.n_tokens)]
            started = time.perf_counter()
            self._decode(rows)
            seconds.append(time.perf_counter() - started)
            self._cut(1, command.depth)
        return statistics.median(seconds[1:])

    def peer_replies(self, command: TimePeerReplies) -> float:
        peer = self._llama_class()
        started = time.perf_counter()
        for turns in command.conversations:
            messages: Any = [{"role": turn.role, "content": turn.content} for turn in turns]
            peer.create_chat_completion(messages, max_tokens=command.max_tokens, temperature=0.0)
        return time.perf_counter() - started

    def _llama_class(self) -> Any:
        if self._peer is None:
            from llama_cpp import Llama

            self._peer = Llama(
                os.fsdecode(self._command.path),
                n_ctx=self._command.context_tokens,
                n_threads=self._command.n_threads,
                n_threads_batch=self._command.n_threads,
                n_batch=MICRO_BATCH,
                verbose=False,
            )
        return self._peer

    def peer_turn(self, command: TimePeerTurn) -> float:
        peer = self._llama_class()
        history = [FIRST_TOKEN + n % 5000 for n in range(command.n_cached)]
        self._peer_turns += 1  # another one each time, or it would be cached too
        turn = [FIRST_TOKEN + (7 * n + self._peer_turns) % 5000 for n in range(command.n_new)]
        if list(peer._input_ids[: len(history)]) != history:
            peer.reset()
            peer.eval(history)
        started = time.perf_counter()
        next(peer.generate([*history, *turn], temp=0.0, reset=True))
        return time.perf_counter() - started

    def _fill(self, width: int, depth: int) -> None:
        """Every sequence of the width holds exactly `depth` tokens."""
        if llama.llama_memory_seq_pos_max(self._memory, 0) + 1 < depth:
            llama.llama_memory_clear(self._memory, True)
            self._read(depth, 0)
        self._cut(1, depth)
        for seq in range(1, width):
            llama.llama_memory_seq_rm(self._memory, seq, -1, -1)
            llama.llama_memory_seq_cp(self._memory, 0, seq, -1, -1)
        if width > 1:
            self._decode([(FIRST_TOKEN, depth, seq, True) for seq in range(width)])  # carries out the copies
            self._cut(width, depth)

    def _cut(self, width: int, depth: int) -> None:
        for seq in range(width):
            llama.llama_memory_seq_rm(self._memory, seq, depth, -1)

    def _read(self, n_tokens: int, start: int, piece: int = MICRO_BATCH) -> None:
        for first in range(0, n_tokens, piece):
            n = min(piece, n_tokens - first)
            last = first + n == n_tokens
            self._decode([(FIRST_TOKEN + k % 5000, start + first + k, 0, last and k == n - 1) for k in range(n)])

    def _decode(self, rows: list[tuple[int, int, int, bool]]) -> None:
        batch = self._batch
        for row, (token, position, seq, wants_logits) in enumerate(rows):
            batch.token[row], batch.pos[row], batch.logits[row] = token % self._n_vocab, position, wants_logits
            batch.n_seq_id[row], batch.seq_id[row][0] = 1, seq
        batch.n_tokens = len(rows)
        code = llama.llama_decode(self._context, batch)
        if code != 0:
            raise RuntimeError(f"llama_decode returned {code}")
        llama.llama_synchronize(self._context)


def main(arguments: list[str]) -> int:
    pipe_in, pipe_out = children.claim_pipes()
    decoder: wire.Decoder[BareCommand] = wire.Decoder(BareCommand)
    bare: Bare | None = None
    with contextlib.suppress(BrokenPipeError):
        for line in pipe_in:
            command = decoder.decode(line)
            if isinstance(command, OpenBare):
                bare = Bare(command)
                layout = f"{command.n_sequences} streams of {command.context_tokens} tokens"
                flash = "" if command.flash_attention else "no "
                settings = f"{layout}, {command.kv} KV, {flash}flash attention"
                pipe_out.write(wire.encode(BareOpened(settings=settings)))
                continue
            assert bare is not None
            if isinstance(command, TimePrefill):
                seconds = bare.prefill(command)
            elif isinstance(command, TimeDecode):
                seconds = bare.decode(command)
            elif isinstance(command, TimeVerify):
                seconds = bare.verify(command)
            elif isinstance(command, TimePeerReplies):
                seconds = bare.peer_replies(command)
            else:
                seconds = bare.peer_turn(command)
            pipe_out.write(wire.encode(TimeTaken(seconds=seconds)))
    return 0
