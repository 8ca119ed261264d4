"""A disk that is full and a folder that can't be written: real ones, in a mount namespace of the test's own."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from app.engine.process.fake_llama import reply_to

UNSHARE = ["unshare", "--mount"] if sys.platform == "linux" and os.geteuid() == 0 else ["unshare", "-r", "--mount"]


def can_mount(folder: Path) -> bool:
    try:
        script = f"mount -t tmpfs tmpfs {folder}"
        return subprocess.run([*UNSHARE, "sh", "-c", script], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    folder = tmp_path / "disk"
    folder.mkdir()
    if not can_mount(folder):
        if os.environ.get("CI"):
            pytest.fail("this machine does not let a test mount a small disk")
        pytest.skip("this system does not let a test mount a small disk")
    return folder


def on_small_disk(folder: Path, *lines: str) -> str:
    """Run shell lines in a namespace where `folder` is a disk of 3 MB; returns all they print."""
    rubato = shlex.join([sys.executable, "-m", "app", "--profile", str(folder), "--engine", "fake"])
    script = "\n".join(
        [f"mount -t tmpfs -o size=3m tmpfs {folder}", f'rubato() {{ {rubato} "$@"; echo "[$?]"; }}', *lines]
    )
    done = subprocess.run(
        [*UNSHARE, "sh", "-c", script],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return done.stdout + done.stderr


def test_a_full_disk_gets_one_sentence_and_what_was_there_is_still_there(small_disk: Path) -> None:
    said = on_small_disk(
        small_disk,
        "rubato chat First.",
        f"cat /dev/zero > {small_disk}/filler 2>/dev/null",
        "rubato chat Second. 2>&1",
        f"rm {small_disk}/filler",
        "rubato chat Third.",
        f"{shlex.quote(sys.executable)} -c \"import sqlite3; print(sqlite3.connect('{small_disk}/rubato.sqlite3')"
        ".execute('SELECT text FROM messages ORDER BY created_seconds').fetchall())\"",
    )
    assert "disk is full" in said
    assert "[1]" in said
    for prompt in ("First.", "Third."):
        assert prompt in said
        assert said.count(reply_to(prompt)) == 2, "printed once, and on the disk"


def test_an_answer_that_a_full_disk_does_not_take_is_printed_whole_and_told_once(small_disk: Path) -> None:
    go_on, answer, errors = (f"{small_disk}.{name}" for name in ("go", "out", "err"))
    prompt = f"Tell me everything. [[words 350]] [[until {go_on}]]"
    said = on_small_disk(
        small_disk,
        f"(rubato chat '{prompt}' > {answer} 2> {errors}) &",
        f"until test -s {answer}; do :; done",
        f"cat /dev/zero > {small_disk}/filler 2>/dev/null",
        f"touch {go_on}",
        "wait",
        f"cat {errors}",
        f"rm {small_disk}/filler",
        "rubato chat 'And then?' 2> /dev/null",
    )
    assert Path(answer).read_text() == reply_to(prompt) + "\n[1]\n"
    figures, sentence = said.splitlines()[:2]
    assert figures.startswith("TTFT")
    assert "disk is full" in sentence
    assert said.splitlines()[2:] == [reply_to("And then?"), "[0]"]


def test_a_profile_that_can_not_be_written_gets_one_sentence(small_disk: Path) -> None:
    said = on_small_disk(
        small_disk,
        "rubato chat First.",
        f"mount -o remount,ro {small_disk}",
        "rubato chat Second. 2>&1",
        "rubato jobs 2>&1",
    )
    assert said.count(f"not writable ({small_disk})") == 2, "the folder is named, not a file that was tried in it"
    assert said.count("--profile") == 2
    assert reply_to("Second.") not in said


def test_a_summary_waits_for_room_and_then_goes_on(small_disk: Path) -> None:
    """The job's results are kept while the disk is full, and written when there is room."""
    said = on_small_disk(
        small_disk,
        f"seq -f 'Line %g of a report on the harvest. ' 1 500 > {small_disk}/report.txt",
        f"echo '[[until {small_disk}.go]]' >> {small_disk}/report.txt",
        f"(rubato summarize {small_disk}/report.txt > {small_disk}.out 2>&1) &",
        f"until grep -q running {small_disk}.out; do :; done",
        f"cat /dev/zero > {small_disk}/filler 2>/dev/null",
        f"touch {small_disk}.go",
        f"until grep -q 'disk is full' {small_disk}.out; do :; done",
        f"rm {small_disk}/filler",
        "wait",
        f"cat {small_disk}.out",
    )
    assert "disk is full" in said
    assert "Covers" in said
    assert "[0]" in said
