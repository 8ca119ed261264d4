"""Host and guest find each other wherever the profile lies, and nothing is left anywhere but in it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from app.engine.process.fake_llama import reply_to
from tests.processes.program import ENDLESS, Program, run, wait_for

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sockets in the file system")

FAKE = ("--engine", "fake")
HOST = (*FAKE, "chat", ENDLESS)
LONG = "a-name-as-long-as-they-come-" * 8


def surroundings(folder: Path) -> dict[str, str]:
    """A home, a runtime folder and a temporary folder below `folder`."""
    env = {}
    for name in ("HOME", "XDG_RUNTIME_DIR", "TMPDIR"):
        made = folder / name
        made.mkdir(parents=True)
        made.chmod(0o700)
        env[name] = str(made)
    return {**env, **dict.fromkeys(("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"), "")}


def everything_below(*folders: Path) -> list[Path]:
    return [path for folder in folders for path in folder.rglob("*") if not path.is_dir() or path.name[0] in "r."]


def host_answers_guest(profile: Path, host_env: dict[str, str], guest_env: dict[str, str]) -> None:
    with Program(profile, *HOST, env=host_env) as host:
        host.engine()
        code, out, err = run(profile, *FAKE, "chat", "Hello.", env=guest_env)
        assert (code, out) == (0, reply_to("Hello.") + "\n"), err
        assert len(host.children("engine")) == 1
        assert host.process.poll() is None, "the guest was answered by the host"


@pytest.mark.parametrize("name", ["profile", LONG], ids=["short", "long"])
def test_the_socket_lies_in_the_profile_for_this_user_only(tmp_path: Path, name: str) -> None:
    profile = tmp_path / name
    with Program(profile, *HOST):
        socket = profile / "running.sock"
        wait_for(socket.exists, "a socket")
        assert stat.S_ISSOCK(socket.stat().st_mode)
        assert stat.S_IMODE(socket.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["profile", LONG], ids=["short", "long"])
def test_host_and_guest_with_other_temporary_folders_meet_and_leave_nothing_there(tmp_path: Path, name: str) -> None:
    host, guest = tmp_path / "host", tmp_path / "guest"
    host_env, guest_env = surroundings(host), surroundings(guest)
    profile = tmp_path / name
    host_answers_guest(profile, host_env, guest_env)  # the host is killed at its end
    assert (profile / "running.sock").exists(), "what a killed program leaves"
    host_answers_guest(profile, guest_env, host_env)
    code, _, err = run(profile, *FAKE, "chat", "And once more.", env=host_env)
    assert code == 0, err
    assert everything_below(host, guest) == []
    assert not (profile / "running.sock").exists()


def test_a_very_long_temporary_folder_does_not_matter(tmp_path: Path) -> None:
    temporary = tmp_path / LONG / LONG
    temporary.mkdir(parents=True)
    env = {"TMPDIR": str(temporary), "XDG_RUNTIME_DIR": ""}
    host_answers_guest(tmp_path / "profile", env, {})


@pytest.mark.parametrize("temporary", ["tmp", f"{LONG}/{LONG}"], ids=["short", "long"])
def test_a_profile_that_takes_no_socket_says_where_it_lies(tmp_path: Path, temporary: str) -> None:
    profile, folder = tmp_path / "profile", tmp_path / temporary
    (profile / "running.sock" / "in the way").mkdir(parents=True)
    folder.mkdir(parents=True)
    env = {"TMPDIR": str(folder)}
    places = []
    for _ in range(2):  # the first host is killed, and the second tidies up after it
        with Program(profile, *HOST, env=env) as host:
            place = Path(wait_for(lambda: note_of(profile) not in places and note_of(profile), "a note"))
            assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
            places.append(str(place))
            code, out, err = run(profile, *FAKE, "chat", "Hello.")
            assert (code, out) == (0, reply_to("Hello.") + "\n"), err
            assert host.process.poll() is None
    assert not Path(places[0]).parent.exists()
    assert run(profile, *FAKE, "chat", "Hello.", env=env)[0] == 0
    assert not Path(places[1]).parent.exists()
    assert not (profile / "running.place").exists()


def note_of(profile: Path) -> str:
    try:
        return (profile / "running.place").read_text()
    except FileNotFoundError:
        return ""
