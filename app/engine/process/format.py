"""Entrance of the format process: one model file becomes another by llama.cpp's quantiser, or two are compared.

The quantiser can't be interrupted: when the other side is gone this process ends itself, and takes what it was writing
with it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
from pathlib import Path
from typing import Any, BinaryIO

import llama_cpp.llama_cpp as llama
import numpy as np

from app import children, wire
from app.engine.format_messages import (
    CompareFiles,
    FilesCompared,
    FormatAnswer,
    FormatCommand,
    FormatFailed,
    Loss,
    Requantise,
    Requantised,
)
from app.engine.process.logits import Row, log_probabilities, logits_of
from app.errors import ErrorKind, KnownError

KINDS = {
    "Q4_0": llama.LLAMA_FTYPE_MOSTLY_Q4_0,
    "Q4_1": llama.LLAMA_FTYPE_MOSTLY_Q4_1,
    "IQ4_NL": llama.LLAMA_FTYPE_MOSTLY_IQ4_NL,
    "Q4_K_M": llama.LLAMA_FTYPE_MOSTLY_Q4_K_M,
    "Q5_K_M": llama.LLAMA_FTYPE_MOSTLY_Q5_K_M,
    "Q6_K": llama.LLAMA_FTYPE_MOSTLY_Q6_K,
    "Q8_0": llama.LLAMA_FTYPE_MOSTLY_Q8_0,
}
MOST_TOKENS = 512
MOST_NUMBERS = 64 << 20  # of the source's probabilities, which are kept while the others are asked
BATCH = 128


def main(arguments: list[str]) -> int:
    pipe_in, pipe_out = children.claim_pipes()
    with contextlib.suppress(OSError):
        os.nice(5)  # a chat goes first
    _be_quiet()
    decoder: wire.Decoder[FormatCommand] = wire.Decoder(FormatCommand)
    line = pipe_in.readline()
    if not line:
        return 0
    command = decoder.decode(line)
    target = Path(os.fsdecode(command.target)) if isinstance(command, Requantise) else None
    threading.Thread(target=_end_with, args=(pipe_in, target), daemon=True).start()
    answer: FormatAnswer
    try:
        answer = requantise(command) if isinstance(command, Requantise) else compare(command)
    except KnownError as error:
        answer = FormatFailed(kind=error.kind, sentence=error.sentence)
    with contextlib.suppress(BrokenPipeError):
        pipe_out.write(wire.encode(answer))
    return 0


def _end_with(pipe: BinaryIO, target: Path | None) -> None:
    """The program is gone, or does not want it any more."""
    pipe.read()
    if target is not None:
        target.unlink(missing_ok=True)
    os._exit(0)


_log: Any = None


def _be_quiet() -> None:
    global _log
    _log = llama.llama_log_callback(lambda level, text, data: None)
    llama.llama_log_set(_log, ctypes.c_void_p(0))
    llama.llama_backend_init()


def requantise(command: Requantise) -> Requantised:
    """Raises KnownError; nothing is left behind then."""
    params = llama.llama_model_quantize_default_params()
    params.ftype = KINDS[command.kind]
    params.nthread = command.n_threads
    params.allow_requantize = True
    target = Path(os.fsdecode(command.target))
    code = llama.llama_model_quantize(command.source, command.target, ctypes.byref(params))
    if code != 0:
        target.unlink(missing_ok=True)
        name = Path(os.fsdecode(command.source)).name
        raise KnownError(
            ErrorKind.MODEL_UNREADABLE,
            f"{name} can't be written as {command.kind}: llama.cpp's quantiser refuses it, or the disk is full. "
            "Choose another kind, or another model.",
        )
    return Requantised(n_bytes=target.stat().st_size)


def compare(command: CompareFiles) -> FilesCompared:
    """Raises KnownError."""
    said = _probabilities(command.source, command)
    return FilesCompared(losses=tuple(_loss(said, _probabilities(other, command)) for other in command.others))


def _loss(source: list[Row], other: list[Row]) -> Loss:
    n = min(len(source), len(other))
    divergences = [_divergence(p, q) for p, q in zip(source, other, strict=False)]
    same = sum(int(p.argmax()) == int(q.argmax()) for p, q in zip(source, other, strict=False))
    return Loss(divergence=sum(divergences) / max(1, n), agreement=same / max(1, n), n_tokens=n)


def _divergence(p: Row, q: Row) -> float:
    """Of logarithms; never below zero but for rounding."""
    return max(0.0, float(np.sum(np.exp(p, dtype=np.float64) * (p.astype(np.float64) - q))))


def _probabilities(path: bytes, command: CompareFiles) -> list[Row]:
    """Logarithms of what is said of each next token of the text."""
    model = llama.llama_model_load_from_file(path, llama.llama_model_default_params())
    name = Path(os.fsdecode(path)).name
    if not model:
        raise KnownError(ErrorKind.MODEL_UNREADABLE, f"{name} could not be loaded. Choose another model.")
    context = None
    try:
        vocabulary = llama.llama_model_get_vocab(model)
        n_vocab = llama.llama_vocab_n_tokens(vocabulary)
        data = command.text.encode("utf-8", "replace")
        tokens = (llama.llama_token * (len(data) + 16))()
        n = llama.llama_tokenize(vocabulary, data, len(data), tokens, len(tokens), True, False)
        n = min(n, MOST_TOKENS, max(BATCH, MOST_NUMBERS // n_vocab))
        params = llama.llama_context_default_params()
        params.n_ctx = max(n, BATCH)
        params.n_batch = params.n_ubatch = BATCH
        params.n_threads = params.n_threads_batch = command.n_threads
        params.no_perf = True
        context = llama.llama_init_from_model(model, params)
        if not context:
            raise KnownError(ErrorKind.OUT_OF_MEMORY, f"There is not enough free memory to try {name}.")
        return _read(context, list(tokens[:n]), n_vocab)
    finally:
        if context:
            llama.llama_free(context)
        llama.llama_model_free(model)


def _read(context: Any, tokens: list[int], n_vocab: int) -> list[Row]:
    batch = llama.llama_batch_init(BATCH, 0, 1)
    rows: list[Row] = []
    try:
        for first in range(0, len(tokens), BATCH):
            piece = tokens[first : first + BATCH]
            for row, token in enumerate(piece):
                batch.token[row], batch.pos[row], batch.logits[row] = token, first + row, True
                batch.n_seq_id[row], batch.seq_id[row][0] = 1, 0
            batch.n_tokens = len(piece)
            if llama.llama_decode(context, batch) != 0:
                raise KnownError(ErrorKind.MODEL_UNREADABLE, "This model could not read the text it was tried with.")
            rows += [log_probabilities(logits_of(llama, context, row, n_vocab)) for row in range(len(piece))]
    finally:
        llama.llama_batch_free(batch)
    return rows
