"""What the model says of the next token: a row of logits, one a token of the vocabulary."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import numpy.typing as npt

Row = npt.NDArray[np.float32]


def logits_of(llama: Any, context: Any, row: int, n_vocab: int) -> Row:
    """A view of a row of the batch that was computed; it is gone with the next one."""
    pointer = llama.llama_get_logits_ith(context, row)
    memory: Any = (ctypes.c_float * n_vocab).from_address(ctypes.addressof(pointer.contents))
    return np.frombuffer(memory, np.float32)


def log_probabilities(logits: Row) -> Row:
    """Natural logarithms; a copy."""
    shifted = logits - logits.max()
    result: Row = shifted - np.log(np.exp(shifted, dtype=np.float64).sum())
    return result
