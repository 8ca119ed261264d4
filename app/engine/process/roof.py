"""Entrance of the roof process: what this machine's memory and cores can do at most, by numpy alone.

Each thread has arrays of its own and numpy lets go of the interpreter, so that as many threads as llama.cpp would have
compute at the same time.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from app import children, wire
from app.engine.roof import RoofMeasured

ARRAY_BYTES = 96 << 20  # a thread: no cache holds it
SIDE = 768  # of a matrix
ROUNDS = 5


def main(arguments: list[str]) -> int:
    _, pipe_out = children.claim_pipes()
    parser = argparse.ArgumentParser(prog="rubato child roof")
    parser.add_argument("--threads", type=int, required=True)
    n_threads = parser.parse_args(arguments).threads
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ[name] = "1"  # numpy's own threads: ours are counted
    with ThreadPoolExecutor(n_threads) as pool:
        found = RoofMeasured(bandwidth=_bandwidth(pool, n_threads), operations=_operations(pool, n_threads))
    pipe_out.write(wire.encode(found))
    return 0


def _bandwidth(pool: ThreadPoolExecutor, n_threads: int) -> float:
    import numpy as np

    arrays = [np.ones(ARRAY_BYTES // 4, dtype=np.float32) for _ in range(n_threads)]
    return _best(pool, lambda array: array.dot(array), arrays, ARRAY_BYTES)


def _operations(pool: ThreadPoolExecutor, n_threads: int) -> float:
    import numpy as np

    pairs = [tuple(np.ones((SIDE, SIDE), dtype=np.float32) for _ in range(2)) for _ in range(n_threads)]
    return _best(pool, lambda pair: pair[0] @ pair[1], pairs, 2 * SIDE**3)


def _best(pool: ThreadPoolExecutor, work: Callable[[Any], Any], things: list[Any], amount: int) -> float:
    """`amount` is that of one thing; a second of all of them at once."""
    seconds = []
    for _ in range(ROUNDS + 1):
        started = time.perf_counter()
        list(pool.map(work, things))
        seconds.append(time.perf_counter() - started)
    return amount * len(things) / min(seconds[1:])
