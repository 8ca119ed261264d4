"""`rubato bench`: a table on standard output, and the same as JSON where that is asked for."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from app.cli.options import UsageError
from app.core.instance import Console
from app.downloads import catalogue as models
from app.downloads.models_folder import find_model
from app.errors import ErrorKind, KnownError, from_os_error
from app.lab.bench import machine, run
from app.lab.catalogue import BENCHES
from app.lab.row import Row
from app.paths import Paths


async def bench(parsed: argparse.Namespace, paths: Paths, console: Console) -> int:
    """1 where a limit was missed. Raises KnownError and UsageError."""
    unknown = [name for name in parsed.names if name not in BENCHES]
    if unknown:
        raise UsageError(f"There is no bench called {unknown[0]!r}. There are: {', '.join(BENCHES)}.")
    model = _model(parsed.model, paths)
    facts = machine() | {"model": model.name}

    def done(row: Row) -> None:
        console.out("\n".join([*row.lines(), ""]) + "\n")

    rows = await run(
        [(name, BENCHES[name]) for name in parsed.names or BENCHES],
        model=model,
        n_threads=parsed.threads,
        against=parsed.against,
        say=lambda text: console.err(f"{text}\n"),
        done=done,
    )
    console.out("".join(f"{key}: {fact}\n" for key, fact in facts.items()))
    if parsed.json is not None:
        result = {"machine": facts} | {row.name: {**row.figures, **row.facts} for row in rows}
        try:
            parsed.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            raise from_os_error(error, f"write {parsed.json}") from error
    return 1 if any(row.missed for row in rows) else 0


def _model(chosen: Path | None, paths: Paths) -> Path:
    if chosen is not None:
        return chosen.expanduser().resolve()
    entry = models.load().entry(models.STARTER_ID)
    found = find_model(entry, paths) if entry is not None else None
    if found is None:
        raise KnownError(ErrorKind.NO_MODEL, "There is no model to measure. Run “rubato models get”, or give --model.")
    return found
