"""The window as its own process, spoken to by commands on the same profile, and killed in the middle of both."""

from __future__ import annotations

from pathlib import Path

from app.engine.process.fake_llama import reply_to
from tests.processes.program import ENDLESS, Program, rows, run, wait_for

FAKE = ("--engine", "fake")
OFFSCREEN = {"QT_QPA_PLATFORM": "offscreen"}


def window(profile: Path) -> Program:
    return Program(profile, *FAKE, env=OFFSCREEN)


def report(folder: Path, last: str = "") -> Path:
    file = folder / "report.txt"
    file.write_text("\n\n".join([*(f"Paragraph {n} tells of the harvest. " * 25 for n in range(8)), last]))
    return file


def test_a_second_window_raises_the_first_and_a_command_uses_its_engine(tmp_path: Path) -> None:
    with window(tmp_path) as first:
        engine = first.engine()
        code, out, err = run(tmp_path, *FAKE, env=OFFSCREEN)
        assert (code, out) == (0, "")
        assert "comes to the front" in err
        code, out, err = run(tmp_path, *FAKE, "chat", "Hello from outside.")
        assert code == 0, err
        assert out == reply_to("Hello from outside.") + "\n"
        assert [child.pid for child in first.children("engine")] == [engine.pid]
        assert first.process.poll() is None


def test_files_are_opened_in_the_window_whether_it_is_open_or_not(tmp_path: Path) -> None:
    file = report(tmp_path)
    profile = tmp_path / "profile"
    with Program(profile, *FAKE, "open", str(file), env=OFFSCREEN):
        draft = wait_for(lambda: rows(profile, "SELECT id FROM jobs WHERE state = 'draft'"), "a draft of the file")
        code, _, err = run(profile, *FAKE, "open", str(file), env=OFFSCREEN)
        assert (code, "comes to the front" in err) == (0, True)
        wait_for(lambda: len(rows(profile, "SELECT id FROM jobs WHERE state = 'draft'")) > len(draft), "another draft")
        code, _, err = run(profile, *FAKE, "open", "nowhere.pdf", env=OFFSCREEN)
        assert code == 1
        assert "There is no file" in err
    code, _, err = run(tmp_path / "other", *FAKE, "open", "nowhere.pdf", env=OFFSCREEN)
    assert (code, err.count("\n")) == (1, 1)


def test_without_a_display_files_are_not_opened_and_a_sentence_says_so(tmp_path: Path) -> None:
    nowhere = {"QT_QPA_PLATFORM": "", "DISPLAY": "", "WAYLAND_DISPLAY": ""}
    code, _, err = run(tmp_path, *FAKE, "open", str(report(tmp_path)), env=nowhere)
    assert code == 1
    assert "rubato summarize" in err


def test_kill_of_the_whole_program_in_the_middle_of_both_keeps_what_was_shown(tmp_path: Path) -> None:
    profile, go_on = tmp_path / "profile", tmp_path / "go on"
    replies = "SELECT text FROM messages WHERE role = 'assistant'"
    with window(profile) as first:
        first.engine()
        summarize = Program(profile, *FAKE, "summarize", str(report(tmp_path, last=f"[[until {go_on}]]")))
        wait_for(lambda: rows(profile, "SELECT 1 FROM items WHERE state = 'done'"), "an item done")
        chat = Program(profile, *FAKE, "chat", ENDLESS)
        shown = chat.read(200)
        wait_for(lambda: any(text.startswith(shown) for (text,) in rows(profile, replies)), "it on the disk")
        first.kill()
        for guest in (summarize, chat):
            code, _, err = guest.finish()
            assert code == 1
            assert "was closed before this was done" in err
    done = rows(profile, "SELECT id, output FROM items WHERE state = 'done'")
    assert rows(profile, "SELECT text FROM messages WHERE role = 'user'") == [(ENDLESS,)]

    go_on.touch()
    with window(profile) as second:
        second.engine()
        wait_for(lambda: rows(profile, "SELECT 1 FROM jobs WHERE state = 'done'"), "the job done")
    after = dict(rows(profile, "SELECT id, output FROM items WHERE state = 'done'"))
    assert all(after[id] == output for id, output in done)
    ((state, text),) = rows(profile, "SELECT state, text FROM messages WHERE role = 'assistant'")
    assert state == "interrupted"
    assert text.startswith(shown)
    assert reply_to(ENDLESS).startswith(text)


def test_kill_of_the_engine_leaves_the_window_alive_and_answering(tmp_path: Path) -> None:
    with window(tmp_path) as first:
        first.engine().kill()
        code, out, err = run(tmp_path, *FAKE, "chat", "Are you there?")
        assert code == 0, err
        assert out == reply_to("Are you there?") + "\n"
        assert first.process.poll() is None


def test_closing_the_window_ends_the_commands_of_others_and_keeps_what_was_said(tmp_path: Path) -> None:
    with window(tmp_path) as first:
        first.engine()
        with Program(tmp_path, *FAKE, "chat", ENDLESS) as guest:
            shown = guest.read(50)
            first.process.terminate()
            assert first.finish()[0] == 0
            code, rest, err = guest.finish()
    assert code == 1
    assert "was closed before this was done" in err
    ((state, text),) = rows(tmp_path, "SELECT state, text FROM messages WHERE role = 'assistant'")
    assert state in ("stopped", "interrupted")
    assert text.startswith((shown + rest).strip())
