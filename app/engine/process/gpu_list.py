"""Entrance of the process that lists the GPUs: drivers may be loaded, and may crash, where nothing else is hurt."""

from __future__ import annotations

import argparse
from pathlib import Path

from app import children, logs, wire
from app.engine.messages import GpuFound, GpusListed


def main(arguments: list[str]) -> int:
    _, pipe_out = children.claim_pipes()  # before a native library can print
    parser = argparse.ArgumentParser(prog="rubato child gpus")
    parser.add_argument("--logs", required=True, type=Path)
    options = parser.parse_args(arguments)
    logs.start(options.logs, "gpus")
    from app.engine.process.gpus import gpus

    found = tuple(GpuFound(name=gpu.name, free_bytes=gpu.free_bytes, is_unified=gpu.is_unified) for gpu in gpus())
    pipe_out.write(wire.encode(GpusListed(id="gpus", gpus=found)))
    return 0
