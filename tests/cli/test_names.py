"""Names of files that are no text, and terminals that can't show every text."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.engine.process.fake_llama import reply_to
from tests.processes.program import ENDLESS, Program, rows, run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names of files are always text")

FAKE = ("--engine", "fake")
ODD = os.fsdecode(b"caf\xe9")
TEXT = "The harvest was good this year. " * 50


def run_in_bytes(profile: Path, *arguments: str, env: dict[str, str] | None = None) -> tuple[int, bytes, bytes]:
    command = [sys.executable, "-m", "app", "--profile", str(profile), *arguments]
    done = subprocess.run(
        command, capture_output=True, timeout=120, check=False, env={**os.environ, **(env or {})}, input=b""
    )
    return done.returncode, done.stdout, done.stderr


def odd_document(folder: Path) -> Path:
    file = folder / f"{ODD}.txt"
    file.write_text(TEXT)
    return file


def is_one_sentence_about_the_name(said: bytes) -> bool:
    return said.count(b"\n") == 1 and b"is not valid UTF-8: rename it" in said and b"caf\\udce9.txt" in said


def test_a_document_whose_name_is_no_text_is_refused_before_it_is_queued(tmp_path: Path) -> None:
    code, out, err = run_in_bytes(tmp_path / "profile", *FAKE, "summarize", str(odd_document(tmp_path)))
    assert (code, out) == (1, b"")
    assert is_one_sentence_about_the_name(err)
    assert rows(tmp_path / "profile", "SELECT count(*) FROM jobs") == [(0,)]


def test_the_running_program_refuses_it_in_the_same_words(tmp_path: Path) -> None:
    with Program(tmp_path, *FAKE, "chat", ENDLESS) as host:
        host.engine()
        code, out, err = run_in_bytes(tmp_path, *FAKE, "summarize", str(odd_document(tmp_path)))
        assert host.process.poll() is None
    assert (code, out) == (1, b"")
    assert is_one_sentence_about_the_name(err)


def test_a_document_in_a_folder_whose_name_is_no_text_is_refused_too(tmp_path: Path) -> None:
    folder = tmp_path / ODD
    folder.mkdir()
    (folder / "plain.txt").write_text(TEXT)
    command = [sys.executable, "-P", "-m", "app", "--profile", str(tmp_path / "profile"), *FAKE]
    done = subprocess.run(
        [*command, "summarize", "plain.txt"], cwd=folder, capture_output=True, timeout=120, check=False
    )
    assert done.returncode == 1
    assert b"is not valid UTF-8: rename it" in done.stderr


def test_a_profile_whose_name_is_no_text_works_alone_and_with_a_guest(tmp_path: Path) -> None:
    profile = tmp_path / ODD
    document = tmp_path / "notes.txt"
    document.write_text(TEXT)
    code, out, err = run_in_bytes(profile, *FAKE, "summarize", str(document))
    assert code == 0, err
    assert out.startswith(b"# Summary of notes.txt")
    with Program(profile, *FAKE, "chat", ENDLESS) as host:
        host.engine()
        code, out, err = run_in_bytes(profile, *FAKE, "chat", "Hello.")
        assert (code, out.decode()) == (0, reply_to("Hello.") + "\n"), err
        code, out, err = run_in_bytes(profile, *FAKE, "doctor")
        assert code == 0, err
        assert b"caf\\udce9" in out
        assert host.process.poll() is None


def test_a_model_whose_name_is_no_text_is_loaded(tmp_path: Path, starter_model: Path) -> None:
    model = tmp_path / f"{ODD}.gguf"
    model.symlink_to(starter_model)
    code, out, err = run(tmp_path / "profile", "--model", str(model), "chat", "What is the capital of France?")
    assert code == 0, err
    assert out.strip()


@pytest.mark.parametrize("content", [None, b"This is no model."])
def test_a_model_whose_name_is_no_text_and_that_can_not_be_loaded_is_told(
    tmp_path: Path, content: bytes | None
) -> None:
    model = tmp_path / f"{ODD}.gguf"
    if content is not None:
        model.write_bytes(content)
    code, out, err = run_in_bytes(tmp_path / "profile", "--model", str(model), "chat", "Hello.")
    assert (code, out, err.count(b"\n")) == (1, b"", 1)
    assert b"caf\\udce9.gguf" in err


def test_a_prompt_that_is_no_text_is_asked_with_replacement_characters(tmp_path: Path) -> None:
    code, out, err = run(tmp_path, *FAKE, "chat", ODD)
    assert (code, out) == (0, reply_to("caf\ufffd") + "\n"), err


@pytest.mark.parametrize(
    "env", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C"}, {"LC_ALL": "POSIX", "PYTHONUTF8": "0"}]
)
def test_a_terminal_that_can_not_show_a_character_is_given_its_number(tmp_path: Path, env: dict[str, str]) -> None:
    code, out, err = run_in_bytes(tmp_path, *FAKE, "chat", "[[say Grüße …]]", env=env)
    assert code == 0, err
    assert out.rstrip() in ("Grüße …".encode(), rb"Gr\xfc\xdfe \u2026")
    code, out, err = run_in_bytes(tmp_path, "--help", env=env)
    assert code == 0, err
    assert b"window opens" in out
    code, out, err = run_in_bytes(tmp_path, "jobs", env=env)
    assert (code, out) == (0, b""), err
