"""What the options of a job mean, without a running program."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.cli.job_options import MEANINGS
from app.cli.new_jobs import options_of, params_of, place_of
from app.cli.options import UsageError, parse
from app.core.kinds.classify import ClassifyParams, Example
from app.core.kinds.extract import ExtractParams
from app.core.kinds.prompt import PromptParams
from app.core.views import JobState, JobView

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


def job(state: JobState, output: Path) -> JobView:
    return JobView(
        id="abcdef123456",
        title="A job",
        state=state,
        items_done=0,
        items_failed=0,
        items_total=0,
        output_path=str(output),
    )


def test_labels_come_from_options_and_from_a_file_each_once(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("\ufeffgood\n\n bad \n", encoding="utf-8")
    line = (
        "classify a.txt --label good --labels-file labels.txt --several --unsure 0.5 --example 1+1=2=math --column body"
    )
    assert params_of(parse(line.split()), tmp_path) == ClassifyParams(
        labels=("good", "bad"),
        is_multi=True,
        unsure_below=0.5,
        examples=(Example(text="1+1=2", label="math"),),
        columns=("body",),
    )


def test_fields_make_a_schema(tmp_path: Path) -> None:
    fields = ("amount:number:in euros: net", "paid:date?", "colour:choice=red, green")
    params = params_of(parse(["extract", "a.txt", *(f"--field={field}" for field in fields)]), tmp_path)
    assert isinstance(params, ExtractParams)
    assert json.loads(params.schema)["properties"] == {
        "amount": {"type": "number", "description": "in euros: net"},
        "paid": {"type": ["string", "null"], "format": "date"},
        "colour": {"enum": ["red", "green"]},
    }


def test_a_template_can_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("Translate: {document}")
    params = params_of(parse(["map", "a.txt", "--template-file", "t.txt", "--max-tokens", "7"]), tmp_path)
    assert params == PromptParams(template="Translate: {document}", max_tokens=7)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("classify a.txt --label good", "Give the labels"),
        ("extract a.txt", "Say what to find"),
        ("extract a.txt --schema s.json --field a:text", "Say what to find"),
        ("map a.txt", "Say what to ask"),
        ("map a.txt --template x --template-file y", "Say what to ask"),
        ("classify a.txt --example text", "TEXT=LABEL"),
        ("classify a.txt --unsure 50", "from 0 to 1"),
        ("extract a.txt --field amount", "NAME:TYPE"),
        ("extract a.txt --field amount:money", "yes_no"),
        ("extract a.txt --field amount:choice", "choice=red"),
        ("map a.txt --template x --temperature hot", "from 0 to 5"),
        ("summarize a.txt --not-before 25:00", "HH:MM"),
        ("summarize a.txt --length book", "invalid choice"),
        ("batch run a.jsonl", "--output"),
        ("jobs pause", "ID"),
        ("jobs export abc", "--output"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(UsageError) as refused:
        params_of(parse(line.split()), tmp_path)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("output", "format"),
    [
        ("a.csv", "csv"),
        ("a.JSONL", "jsonl"),
        ("a.ndjson", "jsonl"),
        ("a.md", "markdown"),
        ("there", "markdown_each"),
        ("there.csv", "markdown_each"),
        ("new", "markdown_each"),
        ("new.d/", "markdown_each"),
    ],
)
def test_where_results_go_says_what_they_look_like(tmp_path: Path, output: str, format: str) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there.csv").mkdir()
    assert place_of(output, tmp_path) == (tmp_path / output, format)


@pytest.mark.parametrize(
    ("output", "words"), [("a.xlsx", "no place for results"), ("gone/a.csv", "There is no folder"), ("old", "no place")]
)
def test_a_place_that_can_not_take_results_is_refused(tmp_path: Path, output: str, words: str) -> None:
    (tmp_path / "old").write_text("a file")
    with pytest.raises(UsageError, match=words):
        place_of(output, tmp_path)


def test_results_never_go_over_what_is_read_nor_into_the_file_of_another_job(tmp_path: Path) -> None:
    table, out = tmp_path / "in.csv", tmp_path / "out.csv"
    table.write_text("a\n1\n")
    (tmp_path / "link.csv").symlink_to(table)
    for output in ("in.csv", "link.csv"):
        parsed = parse(["summarize", "in.csv", "-o", output])
        with pytest.raises(UsageError, match="to another file"):
            options_of(parsed, tmp_path, [table], [], NOON)
    parsed = parse(["summarize", "in.csv", "-o", "out.csv"])
    with pytest.raises(UsageError, match="rubato jobs cancel abcdef12"):
        options_of(parsed, tmp_path, [table], [job(JobState.PAUSED, out)], NOON)
    assert options_of(parsed, tmp_path, [table], [job(JobState.DONE, out)], NOON).output_path == str(out)


@pytest.mark.parametrize(("time", "expected"), [("22:00", (1, 22, 0)), ("11:59", (2, 11, 59)), ("12:00", (2, 12, 0))])
def test_not_before_is_the_next_time_that_the_clock_shows_it(
    tmp_path: Path, time: str, expected: tuple[int, int, int]
) -> None:
    options = options_of(parse(["summarize", "a.txt", "--not-before", time, "--on-mains"]), tmp_path, [], [], NOON)
    at = datetime.fromtimestamp(options.not_before_seconds, UTC)
    assert (at.day, at.hour, at.minute) == expected
    assert (options.only_on_mains, options.only_when_idle) == (True, False)


def test_every_command_about_jobs_tells_its_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("summarize", "classify", "extract", "map", "batch run", "jobs", "jobs run"):
        with pytest.raises(SystemExit):
            parse([*command.split(), "--help"])
        assert MEANINGS in capsys.readouterr().out
