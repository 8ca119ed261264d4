"""`rubato format`: which kind of numbers this machine is quick with, and a model file in that kind."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.core.core import Core
from app.core.instance import Console
from app.errors import ErrorKind, KnownError
from app.lab.format import Trial, advice, make, try_kinds
from app.lab.format_text import TEXT


async def format_model(core: Core, parsed: argparse.Namespace, folder: Path, console: Console) -> int:
    """Raises KnownError."""
    if parsed.file is None:
        await core.count_tokens([""])  # the model that is in use is settled then
    model = (folder / parsed.file).resolve() if parsed.file is not None else core.model_path
    assert model is not None
    text = _text(folder / parsed.text) if parsed.text is not None else TEXT
    if parsed.make is not None:
        console.err(f"{model.name} becomes {parsed.make}. It stays as it is; Ctrl-C stops this and leaves nothing.\n")
        made, loss = await make(core, model, parsed.make, text)
        console.out(f"{made}\n")
        console.err(f"Loss beside {model.name}: {loss:.4f} nats a token. Choose it with --model, or in the window.\n")
        return 0
    console.err(
        "Each kind is made, timed and compared: some minutes, best while nothing else runs. Ctrl-C stops it and leaves "
        "nothing.\n"
    )
    console.out(
        f"{'kind':8} {'size':>9} {'reads':>10} {'writes':>10} {'8 at once':>10} {'loss':>8} {'same word':>10}\n"
    )
    trials = await try_kinds(core, model, parsed.kinds, lambda trial, n: console.out(f"{line(trial)}\n"), text)
    console.out(f"\n{advice(trials)}\n")
    console.err("Tokens a second; loss in nats a token. “rubato format --make KIND” makes a file.\n")
    return 0


def line(trial: Trial) -> str:
    loss, same = ("this file", "") if trial.is_source else (f"{trial.divergence:.4f}", f"{trial.agreement:.0%}")
    return (
        f"{trial.kind:8} {trial.n_bytes / 1e6:>6,.0f} MB {trial.read:>10,.0f} {trial.written:>10,.1f} "
        f"{trial.written_wide:>10,.1f} {loss:>9} {same:>10}"
    ).rstrip()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise KnownError(
            ErrorKind.DOCUMENT_UNREADABLE, f"{path} can't be read ({error.strerror}). Check that it is there."
        ) from error
