"""Jobs on the command line: real programs, the fake model."""

from __future__ import annotations

import csv
import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.processes.program import Program, rows, run, wait_for

FAKE = ("--engine", "fake")
SLOW = (*FAKE, "--fake-seconds-per-token", "0.005")


def table(folder: Path, n: int) -> Path:
    file = folder / "table.csv"
    file.write_text("title,body\n" + "".join(f"Title {i},The harvest of year {i}.\n" for i in range(n)))
    return file


def texts(folder: Path, n: int) -> list[Path]:
    files = [folder / f"text-{i}.txt" for i in range(n)]
    for i, file in enumerate(files):
        file.write_text(f"The harvest of year {i} was good. " * 20)
    return files


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def read_csv(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened))


def job_ids(profile: Path) -> list[str]:
    return [id for (id,) in rows(profile, "SELECT id FROM jobs ORDER BY position")]


def classify(file: Path, *more: str) -> list[str]:
    return ["classify", str(file), "--label", "good", "--label", "bad", *more]


def mapping(file: Path, *more: str, until: Path | str = "") -> list[str]:
    """`until` a file is there, where one is named, nothing is done."""
    waits = f" [[until {until}]]" if until else ""
    return ["map", str(file), "--template", f"About {{title}}: [[words 30]]{waits}", *more]


def test_labels_are_lines_with_tabs_and_with_json_lines_of_json(tmp_path: Path) -> None:
    profile, file = tmp_path / "profile", table(tmp_path, 3)
    code, out, err = run(profile, *FAKE, *classify(file))
    assert code == 0, err
    assert [line.split("\t")[0] for line in out.splitlines()] == [f"table.csv, row {n}" for n in (1, 2, 3)]
    code, out, err = run(profile, *FAKE, *classify(file, "--json", "--column", "body"))
    assert code == 0, err
    assert [line["row"]["title"] for line in lines(out)] == ["Title 0", "Title 1", "Title 2"]
    assert set(lines(out)[0]["result"]["scores"]) == {"good", "bad"}


def test_results_go_into_a_file_and_standard_output_has_the_job(tmp_path: Path) -> None:
    code, out, err = run(
        tmp_path / "profile", *FAKE, *mapping(table(tmp_path, 5), "-o", str(tmp_path / "o.csv"), "--json")
    )
    assert code == 0, err
    (job,) = lines(out)
    assert (job["state"], job["items_done"], job["output_path"]) == ("done", 5, str(tmp_path / "o.csv"))
    found = read_csv(tmp_path / "o.csv")
    assert [row["title"] for row in found] == [f"Title {n}" for n in range(5)]
    assert all(row["answer"] for row in found)


def test_one_text_that_is_asked_for_is_printed_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("[[say Bonjour.]]")
    code, out, err = run(tmp_path / "profile", *FAKE, "map", str(file), "--template", "Translate: {document}")
    assert (code, out) == (0, "Bonjour.\n"), err


def test_a_folder_gets_a_file_a_document(tmp_path: Path) -> None:
    files = texts(tmp_path, 3)
    code, out, err = run(
        tmp_path / "profile", *FAKE, "summarize", *map(str, files), "-o", str(tmp_path / "out"), "--length", "line"
    )
    assert (code, out) == (0, ""), err
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"All documents.md", *(f"{file.name}.md" for file in files)}


def test_a_job_of_which_some_failed_has_a_code_of_its_own_and_names_them(tmp_path: Path) -> None:
    profile, bad, good = tmp_path / "profile", tmp_path / "bad.pdf", texts(tmp_path, 1)[0]
    bad.write_bytes(b"%PDF-1.4 nothing more")
    long = tmp_path / "long.txt"
    long.write_text("Far too long. " * 10_000)
    code, out, err = run(profile, *FAKE, "map", *map(str, (bad, good, long)), "--template", "{document}", "--json")
    assert code == 3
    assert "bad.pdf" in err
    assert "long.txt: This is" in err
    assert [(line["document"], "error" in line) for line in lines(out)] == [
        ("bad.pdf", True),
        ("text-0.txt", False),
        ("long.txt", True),
    ]
    code, out, err = run(profile, *FAKE, "summarize", str(bad))
    assert (code, out) == (1, "")
    assert "bad.pdf" in err


def test_ctrl_c_leaves_a_job_that_goes_on_with_the_command_that_is_told(tmp_path: Path) -> None:
    profile, out = tmp_path / "profile", tmp_path / "out.csv"
    with Program(profile, *SLOW, *mapping(table(tmp_path, 60), "-o", str(out))) as program:
        wait_for(lambda: out.exists() and len(read_csv(out)) >= 5, "results in the file")
        program.process.send_signal(signal.SIGINT)
        code, _, err = program.finish()
    assert code == 130
    (job_id,) = job_ids(profile)
    assert f"rubato --profile {profile} jobs run {job_id[:8]}" in err
    assert "Traceback" not in err
    half = len(read_csv(out))
    assert half == rows(profile, "SELECT count(*) FROM items WHERE state = 'done'")[0][0] < 60
    code, _, err = run(profile, *FAKE, "jobs", "run", job_id[:8])
    assert code == 0, err
    assert [row["title"] for row in read_csv(out)] == [f"Title {n}" for n in range(60)]


def test_a_dry_run_shows_what_would_be_done_and_leaves_nothing_behind(tmp_path: Path) -> None:
    profile, bad = tmp_path / "profile", tmp_path / "bad.pdf"
    bad.write_bytes(b"%PDF-1.4 nothing more")
    arguments = ["summarize", *map(str, texts(tmp_path, 2)), str(bad), "--dry-run", "-o", str(tmp_path / "o.csv")]
    code, out, err = run(profile, *FAKE, *arguments)
    assert code == 3, err
    assert "bad.pdf" in out.split("text-0.txt")[0], "what can't be read comes first"
    assert "3 documents, 1 not read" in out
    assert "The first prompt:" in out
    assert "The harvest of year" in out
    code, out, err = run(profile, *FAKE, *arguments, "--json")
    (preview,) = lines(out)
    assert (preview["n_documents"], preview["n_failed"], preview["is_reading"]) == (3, 1, False)
    assert rows(profile, "SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM items)") == [(0,)]
    assert not (tmp_path / "o.csv").exists()


def test_a_detached_job_waits_for_somebody_who_works_off_the_queue(tmp_path: Path) -> None:
    profile, out = tmp_path / "profile", tmp_path / "o.jsonl"
    code, id, err = run(profile, *FAKE, *classify(table(tmp_path, 3), "--detach", "-o", str(out)))
    assert code == 0
    assert "Nothing works on it now" in err
    assert job_ids(profile)[0].startswith(id.strip())
    code, listed, err = run(profile, "jobs", "--json")
    assert lines(listed)[0]["state"] == "queued"
    code, shown, err = run(profile, *FAKE, "jobs", "run")
    assert (code, shown) == (0, ""), err
    assert len(lines(out.read_text())) == 3


def test_a_running_program_takes_jobs_and_what_is_said_about_them(tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    with Program(profile, *FAKE, "serve", "--port", "0") as host:
        host.engine()
        code, first, err = run(profile, *FAKE, *mapping(table(tmp_path, 200), "--detach", until="/never/there"))
        assert code == 0, err
        first = first.strip()
        assert run(profile, *FAKE, "jobs", "pause", first)[0] == 0
        assert " · paused · " in run(profile, *FAKE, "jobs")[1]
        code, second, err = run(profile, *FAKE, *classify(table(tmp_path, 3), "--detach", "--not-before", later()))
        assert code == 0, err
        second = second.strip()
        code, listed, err = run(profile, *FAKE, "jobs", "list", "--json")
        assert [job["state"] for job in lines(listed)] == ["paused", "queued"]
        assert lines(listed)[1]["waits"]
        assert run(profile, *FAKE, "jobs", "first", second)[0] == 0
        assert run(profile, *FAKE, "jobs")[1].splitlines()[0].startswith(second)
        assert run(profile, *FAKE, "jobs", "first", second, "--off")[0] == 0
        assert run(profile, *FAKE, "jobs", "resume", first, "--detach")[0] == 0
        assert run(profile, *FAKE, "jobs", "cancel", first)[0] == 0
        assert " · cancelled · " in run(profile, *FAKE, "jobs")[1]
        assert run(profile, *FAKE, "jobs", "remove", second)[0] == 0
        assert len(job_ids(profile)) == 1
        assert host.process.poll() is None


def later() -> str:
    """A time that the clock does not show for an hour at least."""
    now = time.localtime()
    return f"{(now.tm_hour + 2) % 24:02}:{now.tm_min:02}"


def test_ctrl_c_of_a_guest_leaves_its_job_to_the_running_program(tmp_path: Path) -> None:
    profile, out, go_on = tmp_path / "profile", tmp_path / "o.jsonl", tmp_path / "go on"
    with Program(profile, *FAKE, "serve", "--port", "0") as host:
        host.engine()
        with Program(profile, *FAKE, *mapping(table(tmp_path, 12), "-o", str(out), until=go_on)) as guest:
            wait_for(lambda: rows(profile, "SELECT 1 FROM items LIMIT 1"), "items")
            guest.process.send_signal(signal.SIGINT)
            code, _, err = guest.finish()
        assert code == 130
        assert "Jobs go on in the running Rubato" in err
        go_on.touch()
        wait_for(lambda: out.exists() and len(lines(out.read_text())) == 12, "the job's end")
        assert host.process.poll() is None


def test_what_there_is_can_be_looked_at_exported_tried_again_and_done_once_more(tmp_path: Path) -> None:
    profile, bad = tmp_path / "profile", tmp_path / "bad.txt"
    bad.write_text("Far too long. " * 10_000)
    good = texts(tmp_path, 1)[0]
    ask = ["map", str(bad), str(good), "--template", "Of {document}"]
    assert run(profile, *FAKE, *ask)[0] == 3
    (id,) = job_ids(profile)
    code, out, _ = run(profile, "jobs", "show", id[:6])
    assert (code, out.startswith("## text-0.txt\n")) == (0, True)
    code, out, _ = run(profile, "jobs", "items", id, "--state", "failed", "--json")
    assert [(item["name"], item["state"]) for item in lines(out)] == [("bad.txt", "failed")]
    code, out, _ = run(profile, "jobs", "items", id)
    assert len(out.splitlines()) == 2
    code, _, err = run(profile, "jobs", "export", id, "-o", str(tmp_path / "e.csv"))
    assert code == 0, err
    assert [bool(row["error"]) for row in read_csv(tmp_path / "e.csv")] == [True, False]
    assert run(profile, "jobs", "export", id, "-o", str(tmp_path / "gone" / "e.csv"))[0] == 2
    assert run(profile, *FAKE, "jobs", "retry", id)[0] == 3
    bad.write_text("Short enough.")
    code, out, err = run(profile, *FAKE, "jobs", "clone", id, "--json")
    assert code == 0, err
    assert [line["document"] for line in lines(out)] == ["bad.txt", "text-0.txt"]
    assert len(job_ids(profile)) == 2


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["classify", "table.csv", "--label", "good"], 2),
        (["map", "table.csv", "--template", "x", "-o", "o.xls"], 2),
        (["map", "text.txt", "--template", "no field in it"], 1),
        (["extract", "table.csv", "--schema", "table.csv"], 1),
        (["jobs", "run", "zzz"], 1),
    ],
)
def test_what_can_not_be_done_is_one_sentence_and_leaves_no_job(
    tmp_path: Path, arguments: list[str], code: int
) -> None:
    paths = {"table.csv": table(tmp_path, 1), "text.txt": texts(tmp_path, 1)[0]}
    found, out, err = run(tmp_path / "profile", *FAKE, *(str(paths.get(word, word)) for word in arguments))
    assert (found, out, err.count("\n")) == (code, "", 1), err
    assert rows(tmp_path / "profile", "SELECT count(*) FROM jobs") == [(0,)]


def test_a_closed_pipe_ends_quietly(tmp_path: Path) -> None:
    """`rubato jobs items ID --json | head`"""
    profile = tmp_path / "profile"
    assert run(profile, *FAKE, *classify(table(tmp_path, 500), "-o", str(tmp_path / "o.csv")))[0] == 0
    with Program(profile, "jobs", "items", job_ids(profile)[0], "--json") as program:
        assert program.process.stdout is not None
        assert "row 1" in program.process.stdout.readline()
        program.process.stdout.close()
        assert program.process.stderr is not None
        assert "Traceback" not in program.process.stderr.read()
