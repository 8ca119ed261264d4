"""The next token of one request: the sampler chain in C, and what a grammar leaves of it.

Only llama.py uses this; it is handed the binding. Greedy without anything else needs no chain: the first of the largest
logits, as in C. Under a grammar the token that would be chosen anyway is tried first, which takes microseconds; only
when it is refused is the choice made again, among those that may follow.
"""

from __future__ import annotations

import ctypes
import secrets
from typing import Any

import numpy as np
import numpy.typing as npt

from app.engine.messages import Sampling
from app.engine.process.logits import Row, logits_of
from app.engine.process.matcher import Matcher

DRY_BREAKERS = (b"\n", b":", b'"', b"*")  # what a repetition does not reach across, as elsewhere
_RANDOM_SEED = 0xFFFFFFFF  # to llama.cpp this one means: any

Tokens = npt.NDArray[np.int32]


class Sampler:
    """Of one request in one slot. `tokens` come before: what penalties look back on."""

    def __init__(
        self,
        llama: Any,
        vocab: Any,
        n_vocab: int,
        sampling: Sampling,
        tokens: list[int],
        matcher: Matcher | None = None,
    ) -> None:
        self._llama, self._n_vocab, self._matcher = llama, n_vocab, matcher
        self._tokens = np.arange(n_vocab if matcher is not None else 0, dtype=np.int32)
        self._chain = None if is_plain_greedy(sampling) else new_chain(llama, vocab, sampling, n_vocab)
        if self._chain is not None and looks_back(sampling):
            for token in tokens[-sampling.penalty_tokens :]:
                llama.llama_sampler_accept(self._chain, token)

    def choose(self, context: Any, row: int) -> int:
        """The token after a row of the batch that was computed. Raises KnownError where no token may follow."""
        if self._matcher is None and self._chain is not None:
            return int(self._llama.llama_sampler_sample(self._chain, context, row))
        logits = logits_of(self._llama, context, row, self._n_vocab)
        if self._matcher is None:
            return int(logits.argmax())
        return self._choose_allowed(self._matcher, logits)

    def close(self) -> None:
        if self._chain is not None:
            self._llama.llama_sampler_free(self._chain)
            self._chain = None

    def _choose_allowed(self, matcher: Matcher, logits: Row) -> int:
        token = self._pick(self._tokens, logits)
        if not matcher.allows(token):
            allowed = np.flatnonzero(matcher.allowed()).astype(np.int32)
            token = self._pick(allowed, logits[allowed])
        matcher.accept(token)
        if self._chain is not None:
            self._llama.llama_sampler_accept(self._chain, token)
        return token

    def _pick(self, tokens: Tokens, logits: Row) -> int:
        """One of the tokens, without accepting it."""
        if self._chain is None:
            return int(tokens[logits.argmax()])
        candidates = (self._llama.llama_token_data * len(tokens))()
        rows = np.frombuffer(candidates, dtype=[("id", np.int32), ("logit", np.float32), ("p", np.float32)])
        rows["id"], rows["logit"] = tokens, logits
        array = self._llama.llama_token_data_array(data=candidates, size=len(tokens), selected=-1, sorted=False)
        self._llama.llama_sampler_apply(self._chain, ctypes.byref(array))
        return int(array.data[array.selected].id)


def is_plain_greedy(sampling: Sampling) -> bool:
    return sampling.temperature <= 0 and not sampling.logit_bias and not looks_back(sampling)


def looks_back(sampling: Sampling) -> bool:
    """Does the choice depend on the tokens before?"""
    return _has_penalties(sampling) or _has_dry(sampling)


def _has_penalties(sampling: Sampling) -> bool:
    is_on = sampling.repeat_penalty != 1.0 or sampling.frequency_penalty != 0 or sampling.presence_penalty != 0
    return is_on and sampling.penalty_tokens > 0


def _has_dry(sampling: Sampling) -> bool:
    return sampling.dry_multiplier > 0 and sampling.penalty_tokens > 0


def new_chain(llama: Any, vocab: Any, sampling: Sampling, n_vocab: int) -> Any:
    """A `llama_sampler_chain` for these settings; free it with `llama_sampler_free`."""
    chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
    seed = secrets.randbelow(_RANDOM_SEED) if sampling.seed is None else sampling.seed % _RANDOM_SEED

    def add(sampler: Any) -> None:
        llama.llama_sampler_chain_add(chain, sampler)

    biases = [(token, bias) for token, bias in sampling.logit_bias if token < n_vocab]
    if biases:
        array = (llama.llama_logit_bias * len(biases))(*biases)
        add(llama.llama_sampler_init_logit_bias(n_vocab, len(biases), array))
    if _has_penalties(sampling):
        penalties = sampling.repeat_penalty, sampling.frequency_penalty, sampling.presence_penalty
        add(llama.llama_sampler_init_penalties(n_vocab, sampling.penalty_tokens, *penalties))
    if _has_dry(sampling):
        breakers = (ctypes.c_char_p * len(DRY_BREAKERS))(*DRY_BREAKERS)
        shape = sampling.dry_multiplier, sampling.dry_base, sampling.dry_allowed_length, sampling.penalty_tokens
        add(llama.llama_sampler_init_dry(vocab, *shape, breakers, len(breakers)))
    if sampling.temperature <= 0:
        add(llama.llama_sampler_init_greedy())
        return chain
    if sampling.mirostat:
        add(llama.llama_sampler_init_temp(sampling.temperature))
        tau, eta = sampling.mirostat_tau, sampling.mirostat_eta
        if sampling.mirostat == 1:
            add(llama.llama_sampler_init_mirostat(n_vocab, seed, tau, eta, 100))
        else:
            add(llama.llama_sampler_init_mirostat_v2(seed, tau, eta))
        return chain
    if sampling.top_k > 0:
        add(llama.llama_sampler_init_top_k(sampling.top_k))
    if sampling.typical_p < 1.0:
        add(llama.llama_sampler_init_typical(sampling.typical_p, 1))
    if sampling.top_p < 1.0:
        add(llama.llama_sampler_init_top_p(sampling.top_p, 1))
    if sampling.min_p > 0:
        add(llama.llama_sampler_init_min_p(sampling.min_p, 1))
    if sampling.xtc_probability > 0:
        add(llama.llama_sampler_init_xtc(sampling.xtc_probability, sampling.xtc_threshold, 1, seed))
    add(llama.llama_sampler_init_temp(sampling.temperature))
    add(llama.llama_sampler_init_dist(seed))
    return chain
