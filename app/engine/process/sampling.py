"""The sampler chain of one request, in C. Only llama.py uses this; it is handed the binding."""

from __future__ import annotations

import secrets
from typing import Any

from app.engine.messages import Sampling

PENALTY_WINDOW_TOKENS = 64


def new_chain(llama: Any, sampling: Sampling, n_vocab: int) -> Any:
    """A `llama_sampler_chain` for these settings; free it with `llama_sampler_free`."""
    chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())

    def add(sampler: Any) -> None:
        llama.llama_sampler_chain_add(chain, sampler)

    if sampling.repeat_penalty != 1.0:
        add(llama.llama_sampler_init_penalties(n_vocab, PENALTY_WINDOW_TOKENS, sampling.repeat_penalty, 0.0, 0.0))
    if sampling.temperature <= 0:
        add(llama.llama_sampler_init_greedy())
        return chain
    if sampling.top_k > 0:
        add(llama.llama_sampler_init_top_k(sampling.top_k))
    if sampling.top_p < 1.0:
        add(llama.llama_sampler_init_top_p(sampling.top_p, 1))
    if sampling.min_p > 0:
        add(llama.llama_sampler_init_min_p(sampling.min_p, 1))
    add(llama.llama_sampler_init_temp(sampling.temperature))
    add(llama.llama_sampler_init_dist(secrets.randbits(32) if sampling.seed is None else sampling.seed))
    return chain
