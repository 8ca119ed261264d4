"""Run by test_fit.py in a process of its own: loads a model, fills a context, prints what that took as JSON."""

from __future__ import annotations

import ctypes
import json
import re
import sys
from pathlib import Path

import llama_cpp.llama_cpp as llama

_SIZE = re.compile(r"(model|KV|RS|compute|output) buffer size = *([\d.]+) MiB")


def proportional_bytes() -> int:
    """Of this process."""
    found = re.search(r"^Pss: *(\d+) kB", Path("/proc/self/smaps_rollup").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) * 1024


def main() -> None:
    path, n_context, n_sequences, kv, fills = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5]
    lines: list[str] = []
    callback = llama.llama_log_callback(lambda level, text, data: lines.append(text.decode(errors="replace")))
    llama.llama_log_set(callback, ctypes.c_void_p(0))
    llama.llama_backend_init()
    before = proportional_bytes()
    model = llama.llama_model_load_from_file(path.encode(), llama.llama_model_default_params())
    params = llama.llama_context_default_params()
    params.n_ctx, params.n_seq_max = n_context * n_sequences, n_sequences
    params.n_batch = params.n_ubatch = 512
    params.kv_unified, params.swa_full, params.no_perf = False, True, True
    params.type_k = params.type_v = 8 if kv == "Q8_0" else 1
    params.flash_attn_type = 1 if kv == "Q8_0" else 0
    context = llama.llama_init_from_model(model, params)
    assert context, lines
    if fills == "fill":
        batch = llama.llama_batch_init(512, 0, 1)
        for start in range(0, n_context, 512):
            for row in range(512):
                batch.token[row], batch.pos[row], batch.logits[row] = 5, start + row, row == 511
                batch.n_seq_id[row], batch.seq_id[row][0] = 1, 0
            batch.n_tokens = 512
            assert llama.llama_decode(context, batch) == 0
    sizes: dict[str, float] = {}
    for line in lines:
        for what, size in _SIZE.findall(line):
            key = "reordered" if what == "model" and "REPACK" in line else what
            sizes[key] = sizes.get(key, 0.0) + float(size) * 2**20
    print(json.dumps({"said": sizes, "took": proportional_bytes() - before}))


main()
