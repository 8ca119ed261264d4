"""The calculator: what a job takes in time, energy and money, from the measured curve. And what it needs to be in time.

Pure. Each figure comes with its source and a word for how far to trust it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from app.engine.tuned import Point, Tuned


class Confidence(Enum):
    """How far a figure goes: measured here and now; from measured ones by a model; from what a person entered."""

    MEASURED = "measured"
    ESTIMATED = "estimated"
    ENTERED = "as entered"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Figure:
    value: float
    unit: str
    source: str
    confidence: Confidence


@dataclass(frozen=True, kw_only=True)
class Job:
    """`n_items` of so many tokens each; `shared_tokens` that all begin with are read once."""

    n_items: int
    read_tokens: float
    written_tokens: float
    shared_tokens: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Speeds:
    """Tokens a second: reading, and writing `width` at once."""

    read: float
    written: float
    width: int


def speeds_of(tuned: Tuned, width: int) -> Speeds | None:
    """At a width that lies on the curve, or between two of its points. None: not measured."""
    read, curve = tuned.read_rate(), tuned.curve()
    if read is None or not curve:
        return None
    return Speeds(read=read, written=_rate_at(curve, width), width=width)


def _rate_at(curve: Sequence[Point], width: int) -> float:
    """The time of a step grows evenly between two widths."""
    below = max((p for p in curve if p.setting.width <= width), key=lambda p: p.setting.width, default=curve[0])
    above = min((p for p in curve if p.setting.width >= width), key=lambda p: p.setting.width, default=curve[-1])
    if above.setting.width == below.setting.width:
        return below.tokens_per_second
    share = (width - below.setting.width) / (above.setting.width - below.setting.width)
    return width / (below.step_seconds + share * (above.step_seconds - below.step_seconds))


def seconds_for(job: Job, speeds: Speeds) -> float:
    """Reading and writing take turns; the last items of a job don't fill the width."""
    read = (job.shared_tokens + job.n_items * job.read_tokens) / speeds.read
    full_rounds = job.n_items / speeds.width
    rounds = max(full_rounds, math.ceil(full_rounds) * 0.5 + full_rounds * 0.5)
    return read + rounds * job.written_tokens * speeds.width / speeds.written


@dataclass(frozen=True, kw_only=True)
class Power:
    """What the machine takes while it works. `watts` None: nobody knows."""

    watts: float | None
    source: str
    confidence: Confidence


@dataclass(frozen=True, kw_only=True)
class Sizing:
    seconds: Figure
    kilowatt_hours: Figure | None
    cost: Figure | None
    hosted_cost: Figure | None


def size(
    job: Job,
    speeds: Speeds,
    power: Power,
    *,
    price_per_kilowatt_hour: float | None = None,
    hosted_per_million_read: float | None = None,
    hosted_per_million_written: float | None = None,
) -> Sizing:
    """Prices are in any one currency."""
    seconds = seconds_for(job, speeds)
    energy = cost = hosted = None
    if power.watts is not None:
        energy = Figure(
            value=power.watts * seconds / 3.6e6, unit="kWh", source=power.source, confidence=power.confidence
        )
        if price_per_kilowatt_hour is not None:
            cost = Figure(
                value=energy.value * price_per_kilowatt_hour,
                unit="",
                source=f"{energy.source}, and the price of a kWh as entered",
                confidence=Confidence.ESTIMATED,
            )
    if hosted_per_million_read is not None and hosted_per_million_written is not None:
        read = job.n_items * (job.read_tokens + job.shared_tokens)  # a server is sent all of it each time
        written = job.n_items * job.written_tokens
        hosted = Figure(
            value=(read * hosted_per_million_read + written * hosted_per_million_written) / 1e6,
            unit="",
            source="tokens of the job, and the hosted price as entered",
            confidence=Confidence.ENTERED,
        )
    return Sizing(
        seconds=Figure(value=seconds, unit="s", source="the measured curve", confidence=Confidence.ESTIMATED),
        kilowatt_hours=energy,
        cost=cost,
        hosted_cost=hosted,
    )


def what_it_needs(job: Job, tuned: Tuned, width: int, seconds: float) -> str:
    """One sentence: how this job is done within `seconds`."""
    speeds = speeds_of(tuned, width)
    if speeds is None:
        return "This model was not measured on this machine yet: run “rubato tune”."
    needed = seconds_for(job, speeds)
    if needed <= seconds:
        return f"This machine does it as it is, in {needed / 60:,.0f} of {seconds / 60:,.0f} minutes."
    best = max((speeds_of(tuned, p.setting.width) for p in tuned.curve()), key=lambda s: s.written if s else 0.0)
    if best is not None and seconds_for(job, best) <= seconds:
        return f"It needs {best.width} items at once instead of {width}."
    times = needed / max(seconds, 1e-9)
    n_done = int(job.n_items * seconds / needed)
    return (
        f"It needs a machine {times:.1f} times as fast, or a smaller model; "
        f"this one does {n_done:,} of {job.n_items:,} by then."
    )
