"""A job of some hundred items, and kills of program, engine and readers all along: nothing lost, nothing twice.

What is there at the end is compared with a run that nobody disturbed.
"""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import psutil
import pytest

from tests.processes.program import Program, rows, run, wait_for

KILLS = int(os.environ.get("RUBATO_KILLS", "20"))  # 100 take some minutes
ROWS, FILES = 30 * KILLS, KILLS  # many more than what is done until the last kill, also where this test is slow
ENGINE = ("--engine", "fake", "--fake-seconds-per-token", "0.002")
TEMPLATE = "{text} Say it."


def material(folder: Path) -> list[str]:
    """A table, and as many documents as keep readers at work for a while."""
    folder.mkdir()
    table = folder / "rows.csv"
    table.write_text("text\n" + "".join(f"[[say row {n} is done]]\n" for n in range(ROWS)))
    for n in range(FILES):
        (folder / f"{n}.txt").write_text(f"[[say file {n} is done]]\n")
    return [str(table), *(str(folder / f"{n}.txt") for n in range(FILES))]


def results(profile: Path) -> list[tuple[str, int, str, str]]:
    return rows(
        profile,
        "SELECT sources.name, items.position, items.state, items.output FROM items"
        " JOIN sources ON items.source_id = sources.id ORDER BY sources.position, items.position",
    )


def n_ended(profile: Path) -> int:
    found = rows(profile, "SELECT coalesce(sum(n), 0) FROM item_counts WHERE state IN ('done', 'failed')")
    return int(found[0][0]) if found else 0


def is_over(profile: Path) -> bool:
    return rows(profile, "SELECT state FROM jobs") == [("done",)]


def is_read(profile: Path) -> bool:
    return not rows(profile, "SELECT 1 FROM sources WHERE state = 'waiting' LIMIT 1")


def kill(victim: str, program: Program, profile: Path) -> bool:
    """False: there was none."""
    if victim == "program":
        program.kill()
        return True
    if victim == "reader":  # one is there for a short while only
        wait_for(lambda: program.children("read") or is_read(profile), "a reader, or the last document")
    found = program.children("engine" if victim == "engine" else "read")
    for process in found[:1]:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            return False
    return bool(found)


@pytest.mark.timeout(600)
def test_kills_at_any_time_change_nothing(tmp_path: Path) -> None:
    files = material(tmp_path / "material")
    calm = tmp_path / "calm"
    code, _, err = run(calm, "--engine", "fake", "map", "--template", "{document}", *files)
    assert code == 0, err
    expected = results(calm)
    assert len(expected) == ROWS + FILES
    assert all(state == "done" for _, _, state, _ in expected)
    assert {output for *_, output in expected} == {
        *(f"row {n} is done" for n in range(ROWS)),
        *(f"file {n} is done" for n in range(FILES)),
    }

    wild, dice = tmp_path / "wild", random.Random(1)
    output = tmp_path / "results.jsonl"
    begin = ("map", "--template", "{document}", "-o", str(output), *files)
    program = Program(wild, *ENGINE, *begin)
    n_kills = dict.fromkeys(("program", "engine", "reader"), 0)
    try:
        while sum(n_kills.values()) < KILLS and not is_over(wild):
            # some more results first: whoever is killed each time before it has done anything would never end
            wanted = n_ended(wild) + dice.randint(1, 12)
            wait_for(lambda wanted=wanted: n_ended(wild) >= wanted or is_over(wild), f"{wanted} results")  # type: ignore[misc]
            victim = dice.choice(("program", "engine", "reader", "reader"))
            if not kill(victim, program, wild):
                victim = "program"
                program.kill()
            n_kills[victim] += 1
            if victim == "program":
                program = Program(wild, *ENGINE, "jobs", "run")
        program.kill()
        code, _, err = run(wild, "--engine", "fake", "jobs", "run")
        assert code == 0, err
    finally:
        if program.process.poll() is None:
            program.kill()
    assert sum(n_kills.values()) == KILLS, "the job was over before: make it longer"
    assert all(n_kills.values()), n_kills
    assert results(wild) == expected
    told = [json.loads(line)["result"] for line in output.read_text().splitlines()]
    assert sorted(told) == sorted(text for *_, text in expected), "the file has each result once"


def test_a_machine_that_sleeps_goes_on_when_it_wakes(tmp_path: Path) -> None:
    """All processes stand still for a while, in the middle of a job, and none of them notices."""
    table = tmp_path / "rows.csv"
    table.write_text("text\n" + "".join(f"[[say row {n} is done]]\n" for n in range(60)))
    profile = tmp_path / "profile"
    slow = ("--engine", "fake", "--fake-seconds-per-token", "0.01")
    with Program(profile, *slow, "map", "--template", "{text}", str(table)) as program:
        wait_for(lambda: n_ended(profile) > 3, "a few results")
        everyone = [psutil.Process(program.process.pid), *psutil.Process(program.process.pid).children(recursive=True)]
        for process in everyone:
            process.suspend()
        wait_for(lambda: all(p.status() == psutil.STATUS_STOPPED for p in everyone), "all to stand still")
        for process in everyone:
            process.resume()
        code, _, err = program.finish()
    assert code == 0, err
    assert [output for *_, output in results(profile)] == [f"row {n} is done" for n in range(60)]
