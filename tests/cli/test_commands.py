"""The command line as a subprocess: answers on standard output, everything else on standard error, no Qt."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app import __version__
from app.engine.process.fake_llama import reply_to
from tests.processes.program import ENDLESS, Program, rows, run, wait_for

FAKE = ("--engine", "fake")


def test_version(tmp_path: Path) -> None:
    assert run(tmp_path, "--version")[:2] == (0, f"Rubato {__version__}\n")


def test_chat_answers_on_standard_output_and_tells_the_figures_on_standard_error(tmp_path: Path) -> None:
    code, out, err = run(tmp_path, *FAKE, "chat", "What is a rubato?")
    assert code == 0
    assert out == reply_to("What is a rubato?") + "\n"
    assert err.startswith("TTFT ")
    assert "cached" in err


def test_a_prompt_needs_no_quotes(tmp_path: Path) -> None:
    assert run(tmp_path, *FAKE, "chat", "What", "is", "it")[1] == reply_to("What is it") + "\n"


def test_what_is_piped_in_is_the_prompt(tmp_path: Path) -> None:
    code, out, _ = run(tmp_path, *FAKE, "chat", given="--not an option\nbut a question?\n")
    assert code == 0
    assert out == reply_to("--not an option\nbut a question?") + "\n"


def test_a_long_piped_prompt_reaches_the_running_program(tmp_path: Path) -> None:
    with Program(tmp_path, *FAKE, "chat", ENDLESS) as host:
        host.engine()
        code, _, err = run(tmp_path, *FAKE, "chat", given="A word. " * 200_000)
    assert code == 1
    assert "too many" in err, "the engine's own figures, not a broken connection"


def test_what_is_piped_in_and_is_no_utf8_is_read_all_the_same(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "app", "--profile", str(tmp_path), *FAKE, "chat"]
    done = subprocess.run(command, input=b"caf\xe9", capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode() == reply_to("caf\ufffd") + "\n"


def test_the_real_model_answers(tmp_path: Path, starter_model: Path) -> None:
    code, out, err = run(tmp_path, "--model", str(starter_model), "chat", "What is the capital of France?")
    assert code == 0, err
    assert out.strip()


def test_summarize_prints_the_summary_with_its_pages_and_jobs_lists_it(tmp_path: Path) -> None:
    document = tmp_path / "notes.md"
    document.write_text("# Harvest\n\n" + "The harvest was good this year. " * 400)
    profile = tmp_path / "profile"
    code, out, err = run(profile, *FAKE, "summarize", str(document))
    assert code == 0, err
    assert out.startswith("# Summary of notes.md\n\nCovers ")
    assert "(parts 1–" in out
    assert "done" in err
    code, out, _ = run(profile, "jobs")
    assert "Summary of notes.md · done" in out
    code, shown, _ = run(profile, *FAKE, "jobs", "show", out.split()[0])
    assert shown.startswith("# Summary of notes.md")


def test_one_document_that_can_not_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.txt", tmp_path / "bad.pdf"
    good.write_text("A good text. " * 50)
    bad.write_bytes(b"%PDF-1.4 nothing more")
    worse = tmp_path / "worse.docx"
    worse.write_bytes(b"PK nothing more")
    code, out, err = run(tmp_path / "profile", *FAKE, "summarize", str(bad), str(good), str(worse))
    assert code == 3
    assert out.count("# Summary of") == 1
    sentences = [line for line in err.splitlines() if "bad.pdf" in line or "worse.docx" in line]
    assert len(sentences) == 2
    assert "Traceback" not in err


def report(folder: Path, n_paragraphs: int = 40) -> Path:
    file = folder / "report.txt"
    file.write_text("\n\n".join(f"Paragraph {n} tells of the harvest. " * 60 for n in range(n_paragraphs)))
    return file


def test_summarize_tells_now_and_then_how_far_it_is_where_there_is_no_terminal(tmp_path: Path) -> None:
    slow = (*FAKE, "--fake-seconds-per-token", "0.00002")
    code, _, err = run(tmp_path / "profile", *slow, "summarize", str(report(tmp_path)))
    assert code == 0, err
    lines = [line for line in err.split("\n") if " of " in line.partition(" · ")[2]]
    told = [int(line.rpartition(" · ")[2].split()[0]) for line in lines if line.count(" · ") == 2]
    assert 3 <= len(lines) <= 12, err
    assert told == sorted(set(told)), "each line tells more than the one before"
    assert "\r" not in err
    assert "\x1b" not in err


def test_jobs_lists_nothing_as_running_while_nothing_runs(tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    slow = (*FAKE, "--fake-seconds-per-token", "0.01")
    with Program(profile, *slow, "summarize", str(report(tmp_path))) as program:
        wait_for(lambda: rows(profile, "SELECT 1 FROM items WHERE state = 'running'"), "a running item")
        code, out, err = run(profile, "jobs")
        assert (code, err) == (0, "")
        assert " · running" in out, "asked while it runs"
        program.process.send_signal(signal.SIGINT)
        assert program.finish()[0] == 130
    code, out, err = run(profile, "jobs")
    assert code == 0
    assert "Summary of report.txt · queued" in out
    assert "running" not in out
    assert err.startswith("Nothing is running now.")


@pytest.mark.skipif(os.name != "posix", reason="a kill of POSIX")
def test_a_job_that_was_being_read_when_the_program_was_killed_is_listed_as_queued(tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    files = [tmp_path / f"{n}.txt" for n in range(200)]  # a process each, one after the other
    for file in files:
        file.write_text("A text. " * 2000)
    with Program(profile, *FAKE, "summarize", *map(str, files)) as program:
        wait_for(lambda: rows(profile, "SELECT 1 FROM jobs WHERE state = 'queued'"), "a document being read")
        program.kill()
    assert rows(profile, "SELECT 1 FROM sources WHERE state = 'waiting'")
    code, out, err = run(profile, "jobs")
    assert code == 0
    assert "reading" not in out
    assert err.startswith("Nothing is running now.")


def test_a_chosen_model_that_is_gone_is_told_and_the_starter_model_answers(tmp_path: Path, starter_model: Path) -> None:
    (tmp_path / "settings.json").write_text('{"model": "/nowhere/chosen.gguf"}')
    code, out, err = run(tmp_path, "chat", "What is the capital of France?")
    assert code == 0, err
    assert out.strip()
    (told,) = [line for line in err.splitlines() if "/nowhere/chosen.gguf" in line]
    assert "the starter model is used" in told


@pytest.mark.parametrize("kind", ["absent", "a folder", "text", "cut short"])
def test_a_model_that_can_not_be_loaded_is_one_sentence(tmp_path: Path, starter_model: Path, kind: str) -> None:
    model = tmp_path / "model.gguf"
    if kind == "a folder":
        model.mkdir()
    elif kind == "text":
        model.write_text("This is a text.")
    elif kind == "cut short":
        with starter_model.open("rb") as whole:
            model.write_bytes(whole.read(3_000_000))
    code, out, err = run(tmp_path / "profile", "--model", str(model), "chat", "Hello.")
    assert (code, out, err.count("\n")) == (1, "", 1), err
    assert "model.gguf" in err


def path_of(kind: str, folder: Path) -> Path:
    """Something that `summarize` can't take."""
    path = folder / kind
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "below a file":
        return folder / "good.txt" / "x.txt"
    elif kind == "loop":
        path.symlink_to(path)
    return path


@pytest.mark.skipif(os.name != "posix", reason="pipes and links of POSIX")
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("absent", "There is no file"),
        ("below a file", "There is no file"),
        ("pipe", "not an ordinary file"),
        ("loop", "could not be read"),
    ],
)
def test_what_is_no_file_is_refused_before_anything_is_queued(tmp_path: Path, kind: str, words: str) -> None:
    good, path = tmp_path / "good.txt", path_of(kind, tmp_path)
    good.write_text("A good text. " * 50)
    code, out, err = run(tmp_path / "profile", *FAKE, "summarize", str(good), str(path))
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert words in err
    assert str(path) in err
    assert rows(tmp_path / "profile", "SELECT count(*) FROM jobs") == [(0,)]


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_file_that_may_not_be_read_is_refused_before_anything_is_queued(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("Nobody may read this.")
    secret.chmod(0)
    command = [sys.executable, "-m", "app", "--profile", str(tmp_path / "profile"), *FAKE, "summarize", str(secret)]
    if os.geteuid() == 0:  # root may read everything, unless that is taken away
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "may not be read by you" in done.stderr
    assert rows(tmp_path / "profile", "SELECT count(*) FROM jobs") == [(0,)]


def test_jobs_of_an_empty_profile_says_what_to_do(tmp_path: Path) -> None:
    code, out, err = run(tmp_path, "jobs")
    assert (code, out) == (0, "")
    assert "rubato summarize FILE" in err


def test_doctor_checks_everything(tmp_path: Path) -> None:
    code, out, err = run(tmp_path, *FAKE, "doctor")
    assert code == 0, out + err
    for name in ("python", "llama-cpp-python", "profile", "disk", "database", "models", "engine"):
        assert f"\n{name}" in f"\n{out}"


def test_everything_that_is_written_goes_below_the_profile(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    env = {"HOME": str(home), "XDG_DATA_HOME": "", "XDG_STATE_HOME": "", "XDG_CONFIG_HOME": "", "XDG_CACHE_HOME": ""}
    assert run(tmp_path / "profile", *FAKE, "chat", "Hello", env=env)[0] == 0
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], "invalid choice"),
        (["summarize"], "FILE"),
        (["chat", "  "], "empty"),
        (["jobs", "show", "zzz"], "No job"),
        (["--model", "/nowhere/x.gguf", "chat", "Hello"], "can't be opened"),
    ],
)
def test_bad_words_get_one_sentence(tmp_path: Path, arguments: list[str], words: str) -> None:
    fake = [] if "--model" in arguments else FAKE
    code, out, err = run(tmp_path, *fake, *arguments)
    assert code != 0
    assert out.strip() == ""
    assert words in err
    assert "Traceback" not in err


def test_no_command_imports_qt() -> None:
    script = (
        "import sys, app.cli.main, app.cli.commands, app.core.core, app.engine.process.loop\n"
        "print([name for name in sys.modules if 'PySide' in name or 'shiboken' in name])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_ctrl_c_stops_the_reply_and_keeps_what_was_said(tmp_path: Path) -> None:
    with Program(tmp_path, *FAKE, "chat", ENDLESS) as program:
        first = program.read(20)
        program.process.send_signal(signal.SIGINT)
        code, rest, err = program.finish()
    assert code == 130
    assert "Traceback" not in err
    ((state, text),) = rows(tmp_path, "SELECT state, text FROM messages WHERE role = 'assistant'")
    assert state == "stopped"
    assert text == (first + rest).rstrip("\n")


def test_a_command_on_a_profile_in_use_reaches_the_running_program(tmp_path: Path) -> None:
    go_on = tmp_path / "go on"
    with Program(tmp_path, *FAKE, "chat", f"Long. [[until {go_on}]]") as host:
        host.engine()
        code, out, err = run(tmp_path, *FAKE, "chat", "Hello from the side.")
        assert code == 0, err
        assert out == reply_to("Hello from the side.") + "\n"
        assert len(host.children("engine")) == 1
        go_on.touch()
        assert host.finish()[0] == 0
    assert rows(tmp_path, "SELECT count(*) FROM chats") == [(2,)]


def test_the_running_program_waits_for_its_guests(tmp_path: Path) -> None:
    short, longer = (f"{word} [[until {tmp_path / word}]]" for word in ("Short", "Longer"))
    with Program(tmp_path, *FAKE, "chat", short) as host:
        host.engine()
        with Program(tmp_path, *FAKE, "chat", longer) as guest:
            first = guest.read(10)
            (tmp_path / "Short").touch()
            own = "SELECT 1 FROM messages WHERE role = 'assistant' AND state = 'complete'"
            wait_for(lambda: rows(tmp_path, own), "the end of the host's own reply")
            (tmp_path / "Longer").touch()
            code, rest, err = guest.finish()
            assert code == 0, err
            assert first + rest == reply_to(longer) + "\n"
        assert host.finish()[:2] == (0, reply_to(short) + "\n")


def test_a_guest_that_is_killed_stops_its_reply(tmp_path: Path) -> None:
    with Program(tmp_path, *FAKE, "chat", f"Host. {ENDLESS}") as host:
        host.engine()
        with Program(tmp_path, *FAKE, "chat", f"Guest. {ENDLESS}") as guest:
            guest.read(10)
            os.kill(guest.process.pid, signal.SIGKILL)
        wait_for(
            lambda: rows(tmp_path, "SELECT 1 FROM messages WHERE state = 'stopped' AND text <> ''"), "a stopped reply"
        )
        assert host.process.poll() is None


def test_another_model_than_the_running_programs_is_refused(tmp_path: Path) -> None:
    with Program(tmp_path, *FAKE, "chat", ENDLESS) as host:
        host.engine()
        code, _, err = run(tmp_path, "--model", "other.gguf", "chat", "Hello")
    assert code == 1
    assert "close it first" in err


def test_without_a_display_the_window_becomes_a_terminal_chat(tmp_path: Path) -> None:
    env = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "QT_QPA_PLATFORM": ""}
    code, out, err = run(tmp_path, *FAKE, env=env, given="Hello")
    assert code == 0
    assert out == reply_to("Hello") + "\n"
    assert "There is no display" in err


def test_everything_goes_to_another_profile_without_an_engine(tmp_path: Path) -> None:
    assert run(tmp_path / "a", *FAKE, "chat", "What is it")[0] == 0
    archive = tmp_path / "all.zip"
    code, _, err = run(tmp_path / "a", "export", str(archive))
    assert code == 0, err
    code, _, err = run(tmp_path / "b", "import", str(archive))
    assert code == 0, err
    assert "1 chat and 2 messages taken over" in err
    code, _, err = run(tmp_path / "b", "import", str(tmp_path / "gone.zip"))
    assert code == 1
    assert "“gone.zip” can't be read" in err
