"""What the model says of the next token: a row of logits, one a token of the vocabulary."""

from __future__ import annotations

import ctypes
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Row = npt.NDArray[np.float32]


def logits_of(llama: Any, context: Any, row: int, n_vocab: int) -> Row:
    """A view of a row of the batch that was computed; it is gone with the next one."""
    pointer = llama.llama_get_logits_ith(context, row)
    return _row_at(ctypes.addressof(pointer.contents), n_vocab)


@lru_cache(maxsize=64)
def _row_at(address: int, n_vocab: int) -> Row:
    """llama.cpp's buffer stays where it is: a view of it is made once, not with each token."""
    memory: Any = (ctypes.c_float * n_vocab).from_address(address)
    return np.frombuffer(memory, np.float32)


def log_probabilities(logits: Row) -> Row:
    """Natural logarithms; a copy."""
    shifted = logits - logits.max()
    result: Row = shifted - np.log(np.exp(shifted, dtype=np.float64).sum())
    return result
