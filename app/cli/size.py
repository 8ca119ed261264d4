"""`rubato size`: what a job would take on this machine in time, energy and money, before it is given."""

from __future__ import annotations

import argparse
import time

from app.core.core import Core
from app.core.instance import Console
from app.lab.calculator import Answer, Question, ask
from app.lab.session import prices_of
from app.lab.sizing import Figure, Prices, duration, what_it_needs


async def size(core: Core, parsed: argparse.Namespace, console: Console) -> int:
    """Raises KnownError."""
    await core.count_tokens([""])  # the model that is in use is settled then
    known = prices_of(core.settings)
    read, written = parsed.hosted or (known.hosted_read, known.hosted_written)
    question = Question(
        documents=parsed.documents,
        pages=parsed.pages,
        kind=parsed.kind,
        page_tokens=parsed.page_tokens,
        watts=parsed.watts or core.settings.watts or None,
        prices=Prices(kilowatt_hour=parsed.kwh_price or known.kilowatt_hour, hosted_read=read, hosted_written=written),
        seconds=_seconds_until(parsed.by, time.time()) if parsed.by else None,
    )
    console.out("".join(f"{line}\n" for line in lines(ask(core, question), parsed.currency or core.settings.currency)))
    return 0


def lines(found: Answer, currency: str) -> list[str]:
    """One sentence, and below it each figure with its source."""
    sizing, question = found.sizing, found.question
    figures = [("time", sizing.seconds, duration(sizing.seconds.value))]
    for name, figure, unit, digits in (
        ("energy", sizing.kilowatt_hours, "kWh", 3),
        ("cost", sizing.cost, currency, 4),
        ("hosted", sizing.hosted_cost, currency, 4),
    ):
        if figure is not None:
            figures.append((name, figure, f"{_rounded(figure.value, digits)} {unit}".strip()))
    main = ", ".join(text for name, _, text in figures if name != "hosted")
    meanwhile = ""
    if found.first_answer is not None:
        figures.append(("first answer", found.first_answer, f"{found.first_answer.value:.2f} s"))
        meanwhile = f"; first answer in {found.first_answer.value:.2f} s meanwhile"
    documents = f"{question.documents:,} document{'' if question.documents == 1 else 's'} of {question.pages:g} pages"
    said = [f"{documents}: {main} on this machine, {found.width} at once{meanwhile}.", ""]
    said += [f"{name:13} {text:>14}   {_source(figure)}" for name, figure, text in figures]
    said.append(
        f"{'work':13} {found.job.n_items:>14,}   items of {found.job.read_tokens:,.0f} tokens in, "
        f"{found.job.written_tokens:,.0f} out"
    )
    if sizing.kilowatt_hours is None:
        said.append("Nothing here measures the energy: give what the machine takes with --watts.")
    if found.outlook is not None:
        said += ["", what_it_needs(found.job, found.outlook, found.width)]
    return said


def _source(figure: Figure) -> str:
    return f"{figure.confidence.value}: {figure.source}"


def _rounded(value: float, digits: int) -> str:
    return f"{value:.{digits}g}" if value < 1 else f"{value:,.2f}"


def _seconds_until(hours_and_minutes: tuple[int, int], now: float) -> float:
    """To the next time that the clock shows it: a whole day, where it does so now."""
    local = time.localtime(now)
    wanted = hours_and_minutes[0] * 3600 + hours_and_minutes[1] * 60
    since_midnight = local.tm_hour * 3600 + local.tm_min * 60 + local.tm_sec
    return (wanted - since_midnight) % 86_400 or 86_400
