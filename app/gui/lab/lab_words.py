"""What the lab found, in words of the window. Knows no widget."""

from __future__ import annotations

from collections.abc import Sequence

from app.engine.tuned import TURN, Point
from app.gui import words
from app.gui.job_words import length
from app.gui.tongue import mark, tr, trn
from app.lab.calculator import Answer
from app.lab.curve import Curve
from app.lab.format import FASTER, Trial, advised
from app.lab.roofline import Limit, Roofline
from app.lab.sizing import CURVE, CURVE_AND_JOBS, Confidence, Figure, Outlook

CONFIDENCE = {
    Confidence.MEASURED: mark("measured"),
    Confidence.LEARNED: mark("learned from jobs"),
    Confidence.ESTIMATED: mark("estimated"),
    Confidence.ENTERED: mark("as entered"),
    Confidence.UNKNOWN: mark("unknown"),
}
SOURCES = {
    CURVE: mark("the measured curve"),
    CURVE_AND_JOBS: mark("the measured curve, and what jobs of this kind took"),
    "watts as entered": mark("watts as entered"),
    "the battery, while the model was measured": mark("the battery, while the model was measured"),
    "the meters of processor and GPU, without screen and disks": mark(
        "the meters of processor and GPU, without screen and disks"
    ),
    "the energy, and the price of a kWh as entered": mark("the energy, and the price of a kWh as entered"),
    "tokens of the job, and the hosted price as entered": mark("tokens of the job, and the hosted price as entered"),
    "a question behind a long chat": mark("a question behind a long chat"),
}


def milliseconds(seconds: float) -> str:
    return tr("{number} ms", number=words.decimal(seconds * 1000))


def point_measured(point: Point, n_left: int) -> str:
    """While it is measured: what came last, and how many are to come."""
    if point.setting.what == TURN:
        last = tr("A question behind a long chat: {time}", time=milliseconds(point.step_seconds))
    else:
        last = tr("Last: {rate}", rate=words.rate(point.tokens_per_second))
    return words.DOT.join([last, trn("{count} measurement to come", "{count} measurements to come", n_left)])


def presets(curve: Curve, slowdown: float) -> list[str]:
    """A sentence for each, for somebody who has never measured anything."""
    alone, batch, balanced = curve.responsive_place, curve.batch_place, curve.balanced_place(slowdown)
    return [
        tr(
            "Responsive: your reply has the machine to itself, {rate}: a word about every {time}.",
            rate=words.rate(alone.rate),
            time=milliseconds(alone.seconds * 4 / 3),
        ),
        tr(
            "Balanced: a reply may take {times} times as long as alone, so that jobs go on beside it.",
            times=words.decimal(balanced.seconds / alone.seconds, 2),
        ),
        trn(
            "Batch: {count} text at once, {rate} in all; each of them waits {time} for its next token.",
            "Batch: {count} texts at once, {rate} in all; each of them waits {time} for its next token.",
            curve.batch,
            rate=words.rate(batch.rate),
            time=milliseconds(batch.seconds),
        ),
    ]


def curve_rows(curve: Curve) -> list[tuple[str, str, str]]:
    """At once, until the next token, tokens a second in all."""
    return [
        (words.number(point.setting.width), milliseconds(point.step_seconds), words.rate(point.tokens_per_second))
        for point in curve.points
    ]


def roofline_sentence(found: Roofline) -> str:
    """What is reached of what the machine can do, and which of the two is the limit."""
    facts = tr(
        "Writing one reply uses {decode} of the {bandwidth} GB/s of this memory, reading a prompt {prefill} of the "
        "{operations} GFLOPS of the cores.",
        decode=words.percent_of(found.decode),
        bandwidth=words.decimal(found.bandwidth / 1e9),
        prefill=words.percent_of(found.prefill),
        operations=words.number(round(found.operations / 1e9)),
    )
    match found.decode_limit, found.prefill_limit:
        case Limit.MACHINE, Limit.MACHINE:
            follows = tr("The machine is the limit: only a smaller model file is faster.")
        case Limit.MACHINE, _:
            follows = tr("Memory is the limit of writing; reading would gain by another format of the file.")
        case _, Limit.MACHINE:
            follows = tr("The cores are the limit of reading; writing would gain by another format of the file.")
        case _:
            follows = tr("The machine can do more: the format of the file is the limit. Try others below.")
    return f"{facts} {follows}"


# the calculator


def answer_rows(found: Answer, currency: str) -> list[tuple[str, str, str]]:
    """Name, figure, and where it comes from."""
    sizing = found.sizing
    rows = [(tr("Time"), length(sizing.seconds.value), source(sizing.seconds))]
    if sizing.kilowatt_hours is not None:
        rows.append((tr("Energy"), energy(sizing.kilowatt_hours.value), source(sizing.kilowatt_hours)))
    if sizing.cost is not None:
        rows.append((tr("Cost"), money(sizing.cost.value, currency), source(sizing.cost)))
    if sizing.hosted_cost is not None:
        rows.append((tr("Hosted"), money(sizing.hosted_cost.value, currency), source(sizing.hosted_cost)))
    if found.first_answer is not None:
        first = words.seconds(found.first_answer.value)
        rows.append((tr("First answer meanwhile"), first, source(found.first_answer)))
    items = tr(
        "{read} tokens in and {written} out each",
        read=words.number(round(found.job.read_tokens)),
        written=words.number(round(found.job.written_tokens)),
    )
    rows.append((tr("Items"), words.number(found.job.n_items), items))
    return rows


def source(figure: Figure) -> str:
    known = SOURCES.get(figure.source)
    return f"{tr(CONFIDENCE[figure.confidence])}: {tr(known) if known else figure.source}"


def energy(kilowatt_hours: float) -> str:
    if kilowatt_hours < 0.1:
        return tr("{number} Wh", number=words.decimal(kilowatt_hours * 1000, 2 if kilowatt_hours < 0.01 else 1))
    return tr("{number} kWh", number=words.decimal(kilowatt_hours, 2))


def money(amount: float, currency: str) -> str:
    return f"{words.decimal(amount, 2 if amount >= 0.1 else 4)} {currency}".strip()


def outlook(found: Outlook, n_items: int, width: int) -> str:
    """The other way round: what it takes to be in time."""
    if found.is_enough:
        return tr("It is done in time: it takes {needed}.", needed=length(found.needed_seconds))
    if found.width:
        return trn(
            "It is in time with {count} item at once instead of {width}.",
            "It is in time with {count} items at once instead of {width}.",
            found.width,
            width=words.number(width),
        )
    return tr(
        "It needs a machine {times} times as fast, or a smaller model: this one does {done} of {total} items by then.",
        times=words.decimal(found.times),
        done=words.number(found.n_done),
        total=words.number(n_items),
    )


# the format


def trial_row(trial: Trial) -> tuple[str, ...]:
    """Kind, size, reads, writes, what it loses."""
    loss = tr("this file") if trial.is_source else words.decimal(trial.divergence, 3)
    return (trial.kind, words.size(trial.n_bytes), words.rate(trial.read), words.rate(trial.written), loss)


def advice(trials: Sequence[Trial]) -> str:
    """Which file to take."""
    source = next((trial for trial in trials if trial.is_source), None)
    if source is None or len(trials) < 2:
        return ""
    best = advised(trials)
    if best is not None:
        return tr(
            "{kind} is {times} times as fast as this file here, and says nearly the same. The best copy is one made "
            "from the original, if there is one.",
            kind=best.kind,
            times=words.decimal(source.seconds / best.seconds),
        )
    fastest = min(trials, key=lambda trial: trial.seconds)
    if fastest.seconds <= FASTER * source.seconds:
        return tr(
            "Keep this file: {kind} is {times} times as fast here, but it loses something.",
            kind=fastest.kind,
            times=words.decimal(source.seconds / fastest.seconds),
        )
    return tr("Keep this file: no kind of equal quality is clearly faster on this machine.")
