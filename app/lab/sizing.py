"""The calculator: what a job takes in time, energy and money, from the measured curve. And what it needs to be in time.

Pure. Each figure comes with its source and a word for how far to trust it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from app.engine.tuned import DECODE, DEPTH, PREFILL, Tuned

READ_TOKENS = 512  # of a prompt whose reading is measured


class Confidence(Enum):
    """How far a figure goes: measured here and now; from measured ones by a model; from what a person entered."""

    MEASURED = "measured"
    LEARNED = "learned"  # estimated, and put right by jobs that are done
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
    """Seconds. `steps`: one token for each of so many sequences that have DEPTH tokens; `width`: as many at once.

    `deeper_read`: what a token that is read takes longer for each token before it; `deeper_step`: what a step takes
    longer for each token of each sequence. `learned`: what jobs took, over what was estimated.
    """

    width: int
    steps: tuple[tuple[int, float], ...]
    read: float
    deeper_read: float = 0.0
    deeper_step: float = 0.0
    learned: float = 1.0

    def step(self, n: int, depth: float) -> float:
        """Between two widths that were measured, the time of a step grows evenly."""
        below = max((one for one in self.steps if one[0] <= n), default=self.steps[0])
        above = min((one for one in self.steps if one[0] >= n), default=self.steps[-1])
        share = (n - below[0]) / (above[0] - below[0]) if above[0] > below[0] else 0.0
        seconds = below[1] + share * (above[1] - below[1])
        return max(seconds / 2, seconds + self.deeper_step * n * (depth - DEPTH))

    def reading(self, n_tokens: float, depth: float) -> float:
        """So many tokens of one sequence, behind `depth` others."""
        each = self.read + self.deeper_read * (depth + n_tokens / 2 - READ_TOKENS / 2)
        return n_tokens * max(self.read / 2, each)

    @property
    def written(self) -> float:
        """Tokens a second, at the whole width."""
        return self.width / self.step(self.width, DEPTH)


def speeds_of(tuned: Tuned, width: int, learned: float = 1.0) -> Speeds | None:
    """None: not measured."""
    read, curve = tuned.read_rate(), tuned.curve()
    if read is None or not curve:
        return None
    steps = tuple((point.setting.width, point.step_seconds) for point in curve)
    flat = Speeds(width=width, steps=steps, read=1 / read, learned=learned)
    far_read, far_step = tuned.deeper(PREFILL), tuned.deeper(DECODE)
    near_read = tuned.shallow(far_read) if far_read is not None else None
    near_step = tuned.shallow(far_step) if far_step is not None else None
    deeper_read = deeper_step = 0.0
    if far_read is not None and near_read is not None:  # both may be of another way to compute: only the share counts
        share = max(0.0, near_read.tokens_per_second / far_read.tokens_per_second - 1)
        deeper_read = share * flat.read / far_read.setting.deeper
    if far_step is not None and near_step is not None:
        n = far_step.setting.width
        share = max(0.0, far_step.step_seconds / near_step.step_seconds - 1)
        deeper_step = share * flat.step(n, DEPTH) / (n * far_step.setting.deeper)
    return replace(flat, deeper_read=deeper_read, deeper_step=deeper_step)


def seconds_for(job: Job, speeds: Speeds) -> float:
    """Items run side by side as many as the width takes: all are read, then all write, and the last are fewer."""
    start = job.shared_tokens + job.read_tokens
    read = speeds.reading(job.shared_tokens, 0) + job.n_items * speeds.reading(job.read_tokens, job.shared_tokens)
    depth = start + job.written_tokens / 2
    rounds, rest = divmod(job.n_items, speeds.width)
    step = rounds * speeds.step(speeds.width, depth) + (speeds.step(rest, depth) if rest else 0.0)
    n_steps = max(0.0, job.written_tokens - 1)  # the first token comes with the prompt's last
    return (read + n_steps * step) * speeds.learned


@dataclass(frozen=True, kw_only=True)
class Power:
    """What the machine takes while it works. `watts` None: nobody knows."""

    watts: float | None
    source: str
    confidence: Confidence


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What a person entered, in any one currency; None: nothing. Hosted ones are for a million tokens."""

    kilowatt_hour: float | None = None
    hosted_read: float | None = None
    hosted_written: float | None = None


@dataclass(frozen=True, kw_only=True)
class Sizing:
    seconds: Figure
    kilowatt_hours: Figure | None
    cost: Figure | None
    hosted_cost: Figure | None


CURVE = "the measured curve"
CURVE_AND_JOBS = "the measured curve, and what jobs of this kind took"


def size(job: Job, speeds: Speeds, power: Power, prices: Prices) -> Sizing:
    """Of what nobody knows there is no figure."""
    seconds = seconds_for(job, speeds)
    energy = cost = hosted = None
    if power.watts is not None:
        energy = Figure(
            value=power.watts * seconds / 3.6e6, unit="kWh", source=power.source, confidence=Confidence.ESTIMATED
        )
        if prices.kilowatt_hour is not None:
            cost = Figure(
                value=energy.value * prices.kilowatt_hour,
                unit="",
                source="the energy, and the price of a kWh as entered",
                confidence=Confidence.ESTIMATED,
            )
    if prices.hosted_read is not None and prices.hosted_written is not None:
        read = job.n_items * (job.read_tokens + job.shared_tokens)  # a server is sent all of it each time
        written = job.n_items * job.written_tokens
        hosted = Figure(
            value=(read * prices.hosted_read + written * prices.hosted_written) / 1e6,
            unit="",
            source="tokens of the job, and the hosted price as entered",
            confidence=Confidence.ESTIMATED,
        )
    is_learned = speeds.learned != 1.0
    return Sizing(
        seconds=Figure(
            value=seconds,
            unit="s",
            source=CURVE_AND_JOBS if is_learned else CURVE,
            confidence=Confidence.LEARNED if is_learned else Confidence.ESTIMATED,
        ),
        kilowatt_hours=energy,
        cost=cost,
        hosted_cost=hosted,
    )


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """How a job is done by a certain time. `width`: so many at once would do it; 0: no width does.

    `times`: how much faster a machine would have to be; `n_done`: items that this one does by then.
    """

    needed_seconds: float
    seconds: float
    width: int
    times: float
    n_done: int

    @property
    def is_enough(self) -> bool:
        return self.needed_seconds <= self.seconds


def outlook(job: Job, speeds: Speeds, seconds: float) -> Outlook:
    """The other way round: what it takes to be done within `seconds`."""
    needed = seconds_for(job, speeds)
    others = [replace(speeds, width=n) for n, _ in speeds.steps]
    in_time = [other.width for other in others if seconds_for(job, other) <= seconds]
    return Outlook(
        needed_seconds=needed,
        seconds=seconds,
        width=min(in_time, default=0),
        times=needed / max(seconds, 1e-9),
        n_done=job.n_items if needed <= seconds else int(job.n_items * seconds / needed),
    )


def what_it_needs(job: Job, found: Outlook, width: int) -> str:
    """One sentence; `width`: as many as run at once now."""
    if found.is_enough:
        return f"This machine does it as it is, in {duration(found.needed_seconds)} of {duration(found.seconds)}."
    if found.width:
        return f"It needs {found.width} items at once instead of {width}."
    return (
        f"It needs a machine {found.times:.1f} times as fast, or a smaller model; "
        f"this one does {found.n_done:,} of {job.n_items:,} items by then."
    )


def duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
