"""`rubato size`, `rubato format` and `rubato tune` as they are typed, and what they print."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from app.cli import format, size, tune
from app.cli.options import UsageError, parse
from app.engine.tuned import DECODE, PREFILL, TURN, Point, Setting, Tuned
from app.lab.calculator import Question, answer
from app.lab.format import Trial
from app.lab.sizing import Prices
from tests.processes.program import run

FAKE = ("--engine", "fake")


def tuned(other_cores: float = 0.0) -> Tuned:
    steps = {1: 0.01, 8: 0.04, 16: 0.064}
    found = [
        Point(setting=Setting(what=DECODE, threads=2, width=n), step_seconds=s, tokens_per_second=n / s)
        for n, s in steps.items()
    ]
    for what, seconds, n in ((PREFILL, 0.5, 512), (TURN, 0.2, 1)):
        setting = Setting(what=what, threads=2)
        found.append(
            Point(setting=setting, step_seconds=seconds, tokens_per_second=n / seconds, other_cores=other_cores)
        )
    return Tuned(model="m", points=tuple(found))


def test_the_answer_is_one_sentence_and_each_figure_with_its_source() -> None:
    prices = Prices(kilowatt_hour=0.3, hosted_read=0.5, hosted_written=1.5)
    question = Question(documents=400, pages=12, watts=35, prices=prices, seconds=3600)
    said = size.lines(answer(question, tuned()), "€")
    assert said[0].startswith("400 documents of 12 pages: ")
    assert " kWh, " in said[0]
    assert "first answer in 0.20 s meanwhile." in said[0]
    text = "\n".join(said)
    for part in ("estimated: the measured curve", "estimated: watts as entered", "measured: a question behind"):
        assert part in text
    assert "by then" in said[-1] or "in time" in said[-1] or "as it is" in said[-1]


def test_until_the_clock_shows_it_the_next_time() -> None:
    now = time.mktime((2026, 5, 1, 22, 30, 0, 0, 0, -1))
    assert size._seconds_until((23, 0), now) == 1800
    assert size._seconds_until((8, 0), now) == 9.5 * 3600
    assert size._seconds_until((22, 30), now) == 24 * 3600


@pytest.mark.parametrize(
    "line",
    [
        "size",
        "size --documents 0",
        "size --documents many",
        "size --documents 4 --pages 0",
        "size --documents 4 --by 25:00",
        "size --documents 4 --by eight",
        "size --documents 4 --watts -3",
        "size --documents 4 --kind dance",
        "format --kinds Q9",
        "format --kinds ,",
        "format --make Q9",
    ],
)
def test_what_makes_no_sense_is_said_at_once(line: str) -> None:
    with pytest.raises(UsageError):
        parse(line.split())


def test_kinds_are_named_as_people_write_them() -> None:
    assert parse(["format", "--kinds", "q4_0, Q8_0"]).kinds == ("Q4_0", "Q8_0")


def test_a_trial_is_a_line() -> None:
    trial = Trial(kind="Q8_0", n_bytes=144_000_000, read=1100, written=90, written_wide=330, divergence=0.0021)
    assert format.line(trial).split() == ["Q8_0", "144", "MB", "1,100", "90.0", "330.0", "0.0021", "100%"]


def test_what_was_found_is_said_and_what_was_disturbed_is_not_used() -> None:
    said = "\n".join(tune.lines(tuned()))
    assert "Batch runs 16 at once" in said
    assert "Jobs run on 2 threads with F16 KV" in said
    assert "not used" in "\n".join(tune.lines(tuned(other_cores=1.0)))


def test_a_model_that_was_not_measured_is_told_what_to_do(tmp_path: Path) -> None:
    code, out, err = run(tmp_path, *FAKE, "size", "--documents", "4")
    assert (code, out) == (1, "")
    assert "rubato tune" in err


def test_a_file_that_is_no_model_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "no.gguf").write_bytes(b"not a model")
    code, _, err = run(tmp_path / "profile", *FAKE, "format", str(tmp_path / "no.gguf"), "--make", "Q8_0")
    assert code == 1
    assert "no.gguf" in err
    assert "Traceback" not in err
    assert not list((tmp_path / "profile" / "models").iterdir())
