"""What the numbers of a Sampling may be. Pure."""

from __future__ import annotations

import math

from app.engine.messages import Sampling
from app.errors import ErrorKind, KnownError

_MOST_INTEGER = 2**31 - 1

# least, most, and whether the least is left out
_RANGES: dict[str, tuple[float, float, bool]] = {
    "temperature": (0, 100, False),
    "top_k": (0, _MOST_INTEGER, False),
    "top_p": (0, 1, True),
    "min_p": (0, 1, False),
    "typical_p": (0, 1, True),
    "xtc_probability": (0, 1, False),
    "xtc_threshold": (0, 1, False),
    "dry_multiplier": (0, 100, False),
    "dry_base": (1, 100, False),
    "dry_allowed_length": (1, 10_000, False),
    "repeat_penalty": (0, 100, True),
    "frequency_penalty": (-100, 100, False),
    "presence_penalty": (-100, 100, False),
    "penalty_tokens": (0, 100_000, False),
    "mirostat": (0, 2, False),
    "mirostat_tau": (0, 100, True),
    "mirostat_eta": (0, 1, True),
}
_MOST_BIASES = 10_000


def check_sampling(sampling: Sampling) -> None:
    """Raises KnownError for a number that makes no sense."""
    for name, (least, most, is_open) in _RANGES.items():
        value = getattr(sampling, name)
        if not (least < value <= most if is_open else least <= value <= most):
            reach = f"above {least:,} and at most {most:,}" if is_open else f"between {least:,} and {most:,}"
            raise KnownError(ErrorKind.BAD_REQUEST, f"“{name}” is {value}; it has to be {reach}.")
    if len(sampling.logit_bias) > _MOST_BIASES:
        raise KnownError(ErrorKind.BAD_REQUEST, f"“logit_bias” names more than {_MOST_BIASES:,} tokens.")
    for token, bias in sampling.logit_bias:
        if not (0 <= token <= _MOST_INTEGER and math.isfinite(bias)):
            raise KnownError(ErrorKind.BAD_REQUEST, f"“logit_bias” has {bias} for token {token}: that is no bias.")
