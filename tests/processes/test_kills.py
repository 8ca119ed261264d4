"""Real processes, really killed: nothing is lost but the last second of a reply."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil
import pytest

from tests.processes.program import ENDLESS, Program, rows, run, wait_for

FAKE = ("--engine", "fake")


def replies(profile: Path) -> list[tuple[str, str, str]]:
    return rows(profile, "SELECT state, text, error FROM messages WHERE role = 'assistant'")


def text_on_disk(profile: Path) -> str:
    return next((text for _, text, _ in replies(profile) if len(text) > 40), "")


def write_document(folder: Path, n_parts: int, extra: str = "") -> Path:
    file = folder / "report.txt"
    paragraphs = [f"Paragraph {n} tells of the harvest in the year {1900 + n}. " * 18 for n in range(n_parts)]
    file.write_text("\n\n".join([*paragraphs, extra] if extra else paragraphs))
    return file


def outputs(profile: Path) -> dict[tuple[int, int], str]:
    done = rows(profile, "SELECT level, position, output FROM items WHERE state = 'done'")
    return {(level, position): output for level, position, output in done}


def test_kill_of_the_program_keeps_the_prompt_and_the_reply_so_far_and_leaves_no_orphan(tmp_path: Path) -> None:
    with Program(tmp_path, *FAKE, "chat", ENDLESS) as program:
        saved = wait_for(lambda: text_on_disk(tmp_path), "a part of the reply on the disk")
        engine = program.engine()
        program.kill()
        psutil.wait_procs([engine], timeout=30)
        assert not engine.is_running()
    assert rows(tmp_path, "SELECT text FROM messages WHERE role = 'user'") == [(ENDLESS,)]
    run(tmp_path, "--engine", "fake", "chat", "And another.")
    state, text, error = replies(tmp_path)[0]
    assert state == "interrupted"
    assert text.startswith(saved)
    assert "closed before" in error


def test_a_kill_loses_less_than_a_second_of_a_reply(tmp_path: Path) -> None:
    tokens_per_second = 100
    slow = (*FAKE, "--fake-seconds-per-token", str(1 / tokens_per_second))
    with Program(tmp_path, *slow, "chat", "Tell me everything. [[words 400]]") as program:
        wait_for(lambda: text_on_disk(tmp_path), "a part of the reply on the disk")
        shown = program.read(300)
        os.kill(program.process.pid, signal.SIGKILL)
        shown += program.finish()[1]
    assert len(text_on_disk(tmp_path)) > len(shown) - tokens_per_second


def test_kill_of_the_engine_in_a_reply_keeps_the_text_and_says_so(tmp_path: Path) -> None:
    with Program(tmp_path, *FAKE, "chat", ENDLESS) as program:
        saved = wait_for(lambda: text_on_disk(tmp_path), "a part of the reply on the disk")
        program.engine().kill()
        code, out, err = program.finish()
    assert code == 1
    assert out.startswith(saved)
    assert "engine stopped unexpectedly" in err
    ((state, text, _),) = replies(tmp_path)
    assert state == "interrupted"
    assert text.strip() == out.strip()


@pytest.mark.parametrize("victim", ["program", "engine"])
def test_a_killed_job_ends_as_one_that_was_left_alone(tmp_path: Path, victim: str) -> None:
    document = write_document(tmp_path, 24)
    undisturbed, disturbed = tmp_path / "undisturbed", tmp_path / "disturbed"
    assert run(undisturbed, "--engine", "fake", "summarize", str(document))[0] == 0
    expected = outputs(undisturbed)
    assert len(expected) > 10

    with Program(disturbed, *FAKE, "--fake-seconds-per-token", "0.0005", "summarize", str(document)) as program:
        wait_for(lambda: len(outputs(disturbed)) >= 3, "three items done")
        before = outputs(disturbed)
        if victim == "engine":
            program.engine().kill()
            assert program.finish()[0] == 0
        else:
            program.kill()
            assert rows(disturbed, "SELECT count(*) FROM items WHERE state = 'running'") != [(0,)]
    if victim == "program":
        assert run(disturbed, "--engine", "fake", "jobs", "run")[0] == 0
    after = outputs(disturbed)
    assert before.items() <= after.items(), "a result that was there is still there"
    assert after == expected
    assert rows(disturbed, "SELECT state FROM jobs") == [("done",)]


def test_an_item_that_crashes_the_engine_alone_twice_fails_and_its_neighbours_do_not(tmp_path: Path) -> None:
    document = write_document(tmp_path, 12, extra="The end. [[crash]] " + "It goes on and on. " * 60)
    code, out, err = run(tmp_path, "--engine", "fake", "summarize", str(document))
    assert code == 3, err
    items = rows(tmp_path, "SELECT state, error, input FROM items WHERE level = 0")
    assert {state for state, _, input in items if "[[crash]]" not in input} == {"done"}
    ((state, error, _),) = [item for item in items if "[[crash]]" in item[2]]
    assert (state, error) == ("failed", "This part makes the engine crash each time.")
    assert "could not be summarised" in out
    crashes = rows(tmp_path, "SELECT crashes FROM items WHERE state = 'failed'")
    assert crashes == [(1,)], "once alone, and at the second time it had failed"


def test_kill_of_the_program_while_it_reads_a_document_reads_it_again(tmp_path: Path) -> None:
    document = write_document(tmp_path, 30_000)  # which takes some seconds
    with Program(tmp_path, "--engine", "fake", "summarize", str(document)) as program:
        wait_for(lambda: program.children("read"), "a reader process")
        program.kill()
    assert rows(tmp_path, "SELECT state FROM sources") == [("waiting",)]
    document.write_text("A much shorter report. " * 40)
    assert run(tmp_path, "--engine", "fake", "jobs", "run")[0] == 0
    assert rows(tmp_path, "SELECT state FROM jobs") == [("done",)]


def test_the_real_model_goes_on_after_a_kill_of_its_engine(tmp_path: Path, starter_model: Path) -> None:
    document = write_document(tmp_path, 8)
    with Program(tmp_path, "--model", str(starter_model), "summarize", str(document)) as program:
        wait_for(lambda: rows(tmp_path, "SELECT 1 FROM items WHERE state = 'running'"), "running items")
        program.engine().kill()
        code, out, err = program.finish()
    assert code == 0, err
    assert "Covers 2 of 2 parts" in out or "Covers" in out
    states = rows(tmp_path, "SELECT DISTINCT state FROM items")
    assert states == [("done",)]
    assert rows(tmp_path, "SELECT name, state FROM sources") == [("report.txt", "done")]
