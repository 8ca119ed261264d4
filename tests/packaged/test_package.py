"""The installed package, as a person has it: under /usr, started as an ordinary user, without a network."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from tests.ingest.pdf_writer import Page, pdf
from tests.packaged.bare_root import HOME, BareRoot
from tests.processes.program import wait_for

HERE = Path(__file__).parent
INSTALLED = Path("usr/lib/rubato")
VARIANTS = "_internal/llama_cpp/lib/libggml-cpu-*.so"
PATIENCE_SECONDS = 600
OLD_VARIANTS = ("x64", "sse42")


class Desk:
    """A screen with Rubato's window on it, worked with mouse and keyboard."""

    def __init__(self, root: BareRoot, display: str) -> None:
        self.root = root
        self.environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
        self.program = root.start("rubato", DISPLAY=display)
        self.window = wait_for(lambda: self.xdotool("search", "--onlyvisible", "--name", "^Rubato"), "the window")

    def xdotool(self, *words: str) -> str:
        done = subprocess.run(["xdotool", *words], env=self.environment, stdout=subprocess.PIPE, text=True, check=False)
        return done.stdout.split("\n")[0]

    def window_to(self, x: int, y: int) -> None:
        """There is no window manager that would."""
        self.xdotool("windowmove", "--sync", self.window, str(x), str(y))

    def say(self, text: str) -> None:
        self.xdotool("windowfocus", "--sync", self.window)
        self.xdotool("type", "--window", self.window, "--delay", "20", text)
        self.xdotool("key", "--window", self.window, "Return")

    def drop(self, file: Path) -> None:
        """Drag it in from another program's window, to where it is summarised: beside what else it can be let go on."""
        command = [sys.executable, str(HERE / "drag_source.py"), str(file)]
        with subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, text=True) as source:
            assert source.stdout is not None
            assert source.stdout.readline() == "shown\n"
            self.window_to(0, 60)
            is_taken = False
            for _ in range(10):  # the window may be late with its answer to a drag that is as fast as this
                self.xdotool("mousemove", "60", "30", "mousedown", "1")
                for x, y in ((70, 40), (120, 90), (400, 120), (690, 135), (700, 138), (705, 140)):  # beside the boxes
                    self.xdotool("mousemove", "--sync", str(x), str(y))
                self.xdotool("mouseup", "1")
                is_taken = source.stdout.readline() == "taken\n"
                if is_taken:
                    break
            assert is_taken
            self.until("SELECT 1 FROM jobs", "a job of what was dropped")  # until then the other program is asked
            source.kill()

    def picture(self, name: str) -> None:
        """build/package/NAME.png, for who wants to look."""
        file = HERE.parents[1] / "build" / "package" / f"{name}.png"
        subprocess.run([sys.executable, str(HERE / "picture.py"), str(file)], env=self.environment, check=True)

    def rows(self, sql: str) -> list[tuple]:
        file = self.root.profile / "rubato.sqlite3"
        try:
            with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=5)) as connection:
                return connection.execute(sql).fetchall()
        except sqlite3.OperationalError:  # there is none yet
            return []

    def until(self, sql: str, what: str) -> list[tuple]:
        """Rows, once there are some: a model on a busy machine takes its time."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if rows := self.rows(sql):
                return rows
            time.sleep(0.05)  # between two looks, not instead of one
        raise AssertionError(f"waited {PATIENCE_SECONDS} s for {what}; jobs: {self.rows('SELECT * FROM jobs')}")

    def engine(self) -> psutil.Process:
        def look() -> psutil.Process | None:
            children = psutil.Process(self.program.pid).children(recursive=True)
            return next((child for child in children if "engine" in child.cmdline()), None)

        return wait_for(look, "an engine process")

    def close(self) -> int:
        self.xdotool("windowclose", self.window)
        for child in [psutil.Process(self.program.pid), *psutil.Process(self.program.pid).children()]:
            child.terminate()
        self.program.communicate(timeout=60)
        return self.program.returncode


def report(folder: Path) -> Path:
    pages = [
        Page().paragraph(*[f"Harvest of {1900 + n}: wheat was good, rye was not."] * 12, top=760) for n in range(3)
    ]
    file = folder / "report.pdf"
    file.write_bytes(pdf(*pages))
    file.chmod(0o644)
    return file


def test_a_window_chats_takes_a_pdf_outlives_its_engine_and_leaves_the_data(
    root: BareRoot, home: Path, display: str
) -> None:
    desk = Desk(root, display)
    try:
        desk.engine()
        desk.say("What is a rubato?")
        ((reply,),) = desk.until(
            "SELECT text FROM messages WHERE role = 'assistant' AND state = 'complete'", "a whole reply"
        )
        assert reply.strip()
        file = report(home)
        desk.drop(Path("/") / HOME / file.name)
        desk.until("SELECT 1 FROM items WHERE state = 'running'", "work on the PDF")
        desk.engine().kill()
        desk.until("SELECT 1 FROM jobs WHERE state = 'done'", "the summary, by another engine")
        desk.picture("after")
        assert desk.rows("SELECT count(*) FROM items WHERE state = 'failed'") == [(0,)]
    finally:
        desk.close()
    assert not [line for line in _logs(root) if "Traceback" in line]

    root.apt("remove", "rubato")
    try:
        assert not (root.path / "usr/bin/rubato").exists()
        assert not (root.path / INSTALLED).exists()
        assert desk.rows("SELECT text FROM messages WHERE role = 'user'")[0] == ("What is a rubato?",)
    finally:
        root.apt("install", "/tmp/" + next((root.path / "tmp").glob("*.deb")).name)


def _logs(root: BareRoot) -> list[str]:
    folder = next((root.path / HOME).glob(".local/**/log*"), None)
    files = [file for file in (folder.rglob("*") if folder else ()) if file.is_file()]
    return [line for file in files for line in file.read_text(errors="replace").splitlines()]


def test_the_window_is_up_within_a_second(root: BareRoot, home: Path, display: str) -> None:
    """On a quiet machine, the files cached. The best of some starts: what else runs can only add to it."""
    seconds = []
    for _ in range(6):
        began = time.monotonic()
        desk = Desk(root, display)
        seconds.append(time.monotonic() - began)
        desk.close()
    print("window up after", ", ".join(f"{n:.2f}" for n in seconds), "s")
    assert min(seconds[1:]) <= 1.0


def test_the_desktop_knows_the_program(root: BareRoot, home: Path) -> None:
    code, out, err = root.run("rubato", "--version")
    assert (code, err) == (0, "")
    assert out.startswith("Rubato ")
    for place in (
        *("usr/share/applications/rubato.desktop", "usr/share/metainfo/rubato.metainfo.xml"),
        *("usr/share/man/man1/rubato.1.gz", "usr/share/icons/hicolor/scalable/apps/rubato.svg"),
        *("usr/share/icons/hicolor/128x128/apps/rubato.png", "usr/share/doc/rubato/LICENSES.md"),
        *("usr/share/doc/rubato/changelog.gz", "usr/share/doc/rubato/licenses/numpy"),
    ):
        assert (root.path / place).exists(), place


def answers(root: BareRoot, *program: str, before: str = "") -> str:
    """The answer of a chat in the terminal; a test fails where none comes."""
    code, out, err = root.run(*program, "--debug", "engine", "chat", "Say hello.", before=before)
    assert code == 0, err
    assert out.strip()
    return out


def computing_with(root: BareRoot) -> str:
    """What the engine said last that it computes with."""
    return [line for line in _logs(root) if "computing with" in line][-1]


def test_it_uses_what_the_processor_has(root: BareRoot, home: Path) -> None:
    answers(root, "rubato")
    flags = Path("/proc/cpuinfo").read_text()
    for flag in ("avx2", "fma", "f16c"):
        if f" {flag} " in flags:
            assert f"{flag.upper()} = 1" in computing_with(root)


@pytest.fixture
def elsewhere(root: BareRoot, home: Path) -> Path:
    """A copy of the program, in a folder whose name has spaces and letters that are not ASCII."""
    folder = home / "Räder & Bäume 音楽" / "rubato"
    folder.parent.mkdir()
    subprocess.run(["cp", "-a", str(root.path / INSTALLED), str(folder)], check=True)
    return folder


def inside(root: BareRoot, path: Path) -> str:
    return str(Path("/") / path.relative_to(root.path))


def test_without_the_newer_variants_it_runs_as_on_an_old_processor(root: BareRoot, elsewhere: Path) -> None:
    for variant in elsewhere.glob(VARIANTS):
        if variant.stem.rpartition("-")[2] not in OLD_VARIANTS:
            variant.unlink()
    answers(root, inside(root, elsewhere / "rubato"))
    assert "AVX" not in computing_with(root)
    for variant in elsewhere.glob(VARIANTS):
        variant.unlink()
    code, out, err = root.run(inside(root, elsewhere / "rubato"), "chat", "Say hello.")
    assert (code, out) == (1, "")
    assert "Install Rubato again" in err


def test_from_a_read_only_place_with_spaces_and_other_letters(root: BareRoot, elsewhere: Path) -> None:
    place = f'"$ROOT{inside(root, elsewhere.parent)}"'
    read_only = f"mount --bind {place} {place}; mount -o remount,ro,bind {place}"
    before = sorted(elsewhere.rglob("*"))
    answers(root, inside(root, elsewhere / "rubato"), before=read_only)
    assert sorted(elsewhere.rglob("*")) == before


@pytest.mark.parametrize(
    ("mount", "said"),
    [
        ("mount -t tmpfs -o size=64k,uid={uid} none {place}", "disk is full"),
        ("mount -t tmpfs -o ro none {place}", "not writable"),
    ],
)
def test_without_a_place_for_its_data_it_says_one_sentence(root: BareRoot, home: Path, mount: str, said: str) -> None:
    (home / ".local").mkdir()
    uid = home.stat().st_uid
    before = mount.format(uid=uid, place=f'"$ROOT/{HOME}/.local"')
    code, out, err = root.run("rubato", "chat", "Say hello.", before=before)
    assert (code, out) == (1, "")
    assert said in err
    assert err.count("\n") == 1
