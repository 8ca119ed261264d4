"""The real program as a subprocess, and ways to wait for what it does without sleeping."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import psutil

T = TypeVar("T")
PATIENCE_SECONDS = 60
ENDLESS = "Tell me everything. [[words 400]] [[until /never/there]]"  # half of the reply of the fake engine, and no end


class Program:
    """`rubato --profile DIR ...`, started as a person would start it."""

    def __init__(self, profile: Path, *arguments: str, env: dict[str, str] | None = None) -> None:
        self.profile = profile
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app", "--profile", str(profile), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(env or {})},
        )

    def children(self, role: str) -> list[psutil.Process]:
        try:
            processes = psutil.Process(self.process.pid).children(recursive=True)
            return [process for process in processes if role in process.cmdline()]
        except psutil.Error:
            return []

    def engine(self) -> psutil.Process:
        return wait_for(lambda: next(iter(self.children("engine")), None), "an engine process")

    def kill(self) -> None:
        """kill -9 of the program itself; its children find out by themselves."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.communicate(timeout=PATIENCE_SECONDS)

    def read(self, n_bytes: int) -> str:
        """The next that it prints, and no more: what a buffer has taken, `finish` would lose."""
        assert self.process.stdout is not None
        data = b""
        while len(data) < n_bytes and (piece := os.read(self.process.stdout.fileno(), n_bytes - len(data))):
            data += piece
        return data.decode()

    def finish(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=PATIENCE_SECONDS * 2)
        return self.process.returncode, out, err

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def run(profile: Path, *arguments: str, env: dict[str, str] | None = None, given: str = "") -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of one command."""
    done = subprocess.run(
        [sys.executable, "-m", "app", "--profile", str(profile), *arguments],
        input=given,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS * 2,
        env={**os.environ, **(env or {})},
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def rows(profile: Path, sql: str) -> list[tuple]:
    """What another process has committed; [] while there is no database yet."""
    file = profile / "rubato.sqlite3"
    if not file.exists():
        return []
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=5)) as connection:
            return connection.execute(sql).fetchall()
    except sqlite3.OperationalError:  # the first migration is not done yet
        return []


def wait_for(look: Callable[[], T | None], what: str) -> T:
    """The first true answer. A test fails where none comes."""
    for answer in _answers(look):
        if answer:
            return answer
    raise AssertionError(f"waited {PATIENCE_SECONDS} s for {what}")


def _answers(look: Callable[[], T | None]) -> Iterator[T | None]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        yield look()
        time.sleep(0.005)  # between two looks, not instead of one
