"""Entrance of the check process: a model file, hostile perhaps, is opened where nothing else can be hurt by it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from app import children, diagnostics, logs, wire
from app.engine.messages import ModelChecked, ModelLoadFailed
from app.errors import KnownError


def main(arguments: list[str]) -> int:
    _, pipe_out = children.claim_pipes()  # before a native library can print
    parser = argparse.ArgumentParser(prog="rubato child check")
    parser.add_argument("--logs", required=True, type=Path)
    parser.add_argument("path", type=Path)
    options = parser.parse_args(arguments)
    logs.start(options.logs, "check")
    diagnostics.dump_stacks_on_signal(sys.stderr)
    from app.engine.process.llama_model import check

    try:
        check(options.path)
    except KnownError as error:
        pipe_out.write(wire.encode(ModelLoadFailed(kind=error.kind, sentence=error.sentence)))
        return 1
    pipe_out.write(wire.encode(ModelChecked()))
    return 0
