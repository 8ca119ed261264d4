"""Whether a model fits the memory of this machine, in a word: see fit.py, which measures."""

from __future__ import annotations

from enum import Enum


class Verdict(Enum):
    FITS = "fits"
    SLOW = "slow"  # weights are read from the disk again and again
    DOES_NOT_FIT = "does not fit"
