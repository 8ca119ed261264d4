"""The grammar of the commands that measure this machine."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from app.lab.calculator import KINDS, PAGE_TOKENS
from app.lab.format import BITS


def add_commands(commands: Any) -> None:
    tune = commands.add_parser("tune", help="measure the model in use on this machine, and use what is fast")
    tune.add_argument("--again", action="store_true", help="measure also what is known")
    size = commands.add_parser("size", help="what a job would take: time, energy, money")
    size.add_argument("--documents", type=_whole, required=True, metavar="N", help="so many documents")
    size.add_argument("--pages", type=_positive, default=1.0, metavar="N", help="of so many pages each (default: 1)")
    size.add_argument("--kind", choices=tuple(KINDS), default="summarize", help="what is done (default: summarize)")
    size.add_argument(
        "--page-tokens", type=_whole, default=PAGE_TOKENS, metavar="N", help=f"of a page (default: {PAGE_TOKENS})"
    )
    size.add_argument("--watts", type=_positive, metavar="W", help="what this machine takes while it works")
    size.add_argument("--kwh-price", type=_amount, metavar="PRICE", help="of a kilowatt-hour")
    size.add_argument(
        "--hosted", type=_amount, nargs=2, metavar=("READ", "WRITTEN"), help="a hosted price for a million tokens"
    )
    size.add_argument("--currency", metavar="SIGN", help="of the prices")
    size.add_argument("--by", type=_clock, metavar="HH:MM", help="when it is to be done: what does that need?")
    form = commands.add_parser("format", help="which kind of model file is fast on this machine; make one")
    form.add_argument("file", nargs="?", type=Path, metavar="MODEL", help="a GGUF file; without it the model in use")
    form.add_argument("--kinds", type=_kinds, default=tuple(BITS), metavar="A,B", help=f"of {', '.join(BITS)}")
    form.add_argument("--make", choices=tuple(BITS), metavar="KIND", help="write the model as this kind, beside it")
    form.add_argument("--text", type=Path, metavar="FILE", help="on which the loss is measured")


def _kinds(text: str) -> tuple[str, ...]:
    names = tuple(name.strip().upper() for name in text.split(",") if name.strip())
    unknown = [name for name in names if name not in BITS]
    if unknown or not names:
        raise argparse.ArgumentTypeError(f"choose from {', '.join(BITS)}, not {text!r}")
    return names


def _whole(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 10_000_000:
        raise argparse.ArgumentTypeError(f"give a whole number from 1 to 10,000,000, not {text!r}")
    return int(text)


def _positive(text: str) -> float:
    value = _amount(text)
    if value == 0:
        raise argparse.ArgumentTypeError(f"give a number above 0, not {text!r}")
    return value


def _amount(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1e7:
        raise argparse.ArgumentTypeError(f"give a number from 0 to 10,000,000, not {text!r}")
    return value


def _clock(text: str) -> tuple[int, int]:
    hours, mark, minutes = text.partition(":")
    if not (mark and hours.isdecimal() and minutes.isdecimal() and int(hours) < 24 and int(minutes) < 60):
        raise argparse.ArgumentTypeError(f"give a time of the day such as 8:00, not {text!r}")
    return int(hours), int(minutes)
