"""Every bench by its name, in the order of the table."""

from __future__ import annotations

from app.lab import (
    bulk_benches,
    busy_bench,
    chat_benches,
    classify_bench,
    guess_bench,
    jobs_bench,
    scheduler_bench,
    sizing_bench,
    summaries_bench,
    tune_bench,
    window_bench,
)
from app.lab.bench import Bench

BENCHES: dict[str, Bench] = {
    "chat": chat_benches.chat,
    "preempt": bulk_benches.preempt,
    "balanced": bulk_benches.balanced,
    "bulk": bulk_benches.bulk,
    "prefix": bulk_benches.prefix,
    "reopen": chat_benches.reopen,
    "typing": chat_benches.typing,
    "busy": busy_bench.busy,
    "speculative": guess_bench.speculative,
    "memory": chat_benches.memory,
    "scheduler": scheduler_bench.scheduler,
    "jobs": jobs_bench.jobs,
    "classify": classify_bench.classify,
    "summaries": summaries_bench.summaries,
    "tune": tune_bench.tuned,
    "sizing": sizing_bench.sizing,
    "window": window_bench.window,
}
