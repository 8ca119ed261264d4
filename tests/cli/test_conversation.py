"""`rubato chat` without a prompt, on a terminal of its own, and how each command ends when it is told to."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from app.engine.process.fake_llama import reply_to
from tests.processes.program import ENDLESS, Program, rows, run

pytestmark = pytest.mark.skipif(os.name != "posix", reason="terminals and signals of POSIX")

FAKE = ("--engine", "fake")


class Terminal:
    """A program with a terminal as its standard input, output and error."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._end, other = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "app", *arguments],
            stdin=other,
            stdout=other,
            stderr=other,
            cwd=folder,
            start_new_session=True,
        )
        os.close(other)
        self.shown = ""

    def type(self, text: str) -> None:
        os.write(self._end, text.encode())

    def wait_for(self, words: str) -> None:
        """Read what is shown until these words are there."""
        start = len(self.shown)
        while words not in self.shown[start:]:
            piece = self._read()
            assert piece, f"{words!r} was never shown, but {self.shown!r}"
            self.shown += piece

    def finish(self) -> int:
        while piece := self._read():
            self.shown += piece
        return self.process.wait(60)

    def _read(self) -> str:
        try:
            return os.read(self._end, 1 << 16).decode("utf-8", "replace")
        except OSError:  # the program has ended
            return ""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(60)
        os.close(self._end)


@pytest.mark.parametrize("profile", ["chat", "profile"])
def test_a_conversation_remembers_and_ends_with_its_input(tmp_path: Path, profile: str) -> None:
    """Also in a profile that is called like a command."""
    with Terminal(tmp_path, "--profile", profile, *FAKE, "chat") as terminal:
        terminal.wait_for("\n> ")
        terminal.type("Hello.\n")
        terminal.wait_for("\n> ")
        assert reply_to("Hello.") in terminal.shown
        terminal.type("And then?\n")
        terminal.wait_for("\n> ")
        terminal.type("\x04")
        assert terminal.finish() == 0
    assert "Traceback" not in terminal.shown
    assert rows(tmp_path / profile, "SELECT count(*) FROM chats") == [(1,)]
    assert rows(tmp_path / profile, "SELECT count(*) FROM messages") == [(4,)]


def test_a_conversation_with_the_running_program_in_a_profile_called_like_a_command(tmp_path: Path) -> None:
    with Program(tmp_path / "chat", *FAKE, "chat", ENDLESS) as host:
        host.engine()
        with Terminal(tmp_path, "--profile", "chat", *FAKE, "chat") as terminal:
            terminal.wait_for("\n> ")
            terminal.type("Hello.\n")
            terminal.wait_for("\n> ")
            assert reply_to("Hello.") in terminal.shown
            assert host.process.poll() is None


def test_ctrl_c_ends_the_reply_first_and_at_the_prompt_the_conversation(tmp_path: Path) -> None:
    with Terminal(tmp_path, "--profile", "profile", *FAKE, "chat") as terminal:
        terminal.wait_for("\n> ")
        terminal.type(f"{ENDLESS}\n")
        terminal.wait_for(reply_to(ENDLESS)[:8])
        terminal.process.send_signal(signal.SIGINT)
        terminal.wait_for("\n> ")
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.finish() == 130
    assert "Traceback" not in terminal.shown
    assert "Fatal" not in terminal.shown
    assert rows(tmp_path / "profile", "SELECT state FROM messages WHERE role = 'assistant'") == [("stopped",)]


@pytest.mark.parametrize("is_answering", [True, False])
def test_sigterm_ends_the_conversation_and_its_engine(tmp_path: Path, is_answering: bool) -> None:
    with Terminal(tmp_path, "--profile", "profile", *FAKE, "chat") as terminal:
        terminal.wait_for("\n> ")
        if is_answering:
            terminal.type(f"{ENDLESS}\n")
            terminal.wait_for(reply_to(ENDLESS)[:8])
        children = psutil.Process(terminal.process.pid).children(recursive=True)
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.finish() == 143
    assert "Traceback" not in terminal.shown
    assert psutil.wait_procs(children, 30)[1] == []
    ended = rows(tmp_path / "profile", "SELECT state FROM messages WHERE role = 'assistant'")
    assert ended in ([("stopped",)], [("interrupted",)]) if is_answering else ended == []
    assert not (tmp_path / "profile" / "running.sock").exists(), "it was closed in order"


def test_a_job_draws_a_bar_that_fits_the_terminal(tmp_path: Path) -> None:
    document = tmp_path / "report.txt"
    document.write_text("\n\n".join(f"Paragraph {n} tells of the harvest. " * 60 for n in range(12)))
    slow = (*FAKE, "--fake-seconds-per-token", "0.0001")
    with Terminal(tmp_path, "--profile", "profile", *slow, "summarize", "report.txt") as terminal:
        assert terminal.finish() == 0
    assert "# Summary of report.txt" in terminal.shown
    bars = [line for line in terminal.shown.split("\r\x1b[K") if "█" in line and "\n" not in line]
    assert bars
    assert max(map(len, bars)) <= 80


def test_sigterm_ends_a_command_and_keeps_what_was_said(tmp_path: Path) -> None:
    with Program(tmp_path, *FAKE, "chat", ENDLESS) as program:
        first = program.read(20)
        program.process.send_signal(signal.SIGTERM)
        code, rest, err = program.finish()
    assert (code, err) == (143, "")
    ((text,),) = rows(tmp_path, "SELECT text FROM messages WHERE role = 'assistant'")
    assert text == (first + rest).rstrip("\n")


INTERRUPTED_IMPORT = """
import os, signal, sys


class Interrupter:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["INTERRUPT_AT"] and sys.argv[1:2] != ["child"]:
            signal.raise_signal(signal.SIGINT)


sys.meta_path.insert(0, Interrupter())
"""


@pytest.mark.parametrize(
    ("arguments", "module"),
    [
        (("chat", "Hello."), "psutil"),
        (("chat", "Hello."), "msgspec"),
        (("doctor",), "psutil"),
        (("doctor",), "msgspec"),
        ((), "PySide6.QtCore"),  # the window is shown before psutil is loaded
        ((), "msgspec"),
    ],
)
def test_ctrl_c_while_the_program_still_imports_is_quiet(
    tmp_path: Path, arguments: tuple[str, ...], module: str
) -> None:
    """It comes in the moment in which a module is looked for: Python runs `sitecustomize` at its start."""
    (tmp_path / "sitecustomize.py").write_text(INTERRUPTED_IMPORT)
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    env = {"QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": path, "INTERRUPT_AT": module}
    assert run(tmp_path / "profile", *FAKE, *arguments, env=env) == (130, "", "")


def test_nothing_is_on_standard_output_where_there_is_no_answer(tmp_path: Path) -> None:
    code, out, err = run(tmp_path, "--model", str(tmp_path / "absent.gguf"), "chat", "Hello.")
    assert (code, out, err.count("\n")) == (1, "", 1)


def test_a_chat_that_is_in_the_bin_is_not_asked(tmp_path: Path) -> None:
    with Program(tmp_path, *FAKE, "chat", ENDLESS) as host:
        host.engine()
        assert run(tmp_path, *FAKE, "chat", "--chat", "my-chat", "Hello.")[0] == 0
        put_in_bin(tmp_path, "my-chat")
        code, out, err = run(tmp_path, *FAKE, "chat", "--chat", "my-chat", "Are you there?")
        assert host.process.poll() is None
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "bin" in err


def put_in_bin(profile: Path, chat_id: str) -> None:
    """As the window does it."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(profile / "rubato.sqlite3", timeout=30)) as connection, connection:
        connection.execute("UPDATE chats SET deleted_seconds = 1 WHERE id = ?", (chat_id,))
