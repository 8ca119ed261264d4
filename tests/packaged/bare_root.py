"""A bare Debian 12 in a folder, and commands in it: as root with the network, or as an ordinary user without any.

Needs root and debootstrap. Every command has a mount namespace of its own, so that no mount is left behind.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

PERSON = "person"
HOME = Path("home") / PERSON
_ENTER = """
set -e
mount --bind "$ROOT" "$ROOT"
mount -t proc proc "$ROOT/proc"
mount --rbind /sys "$ROOT/sys"
mount --rbind /dev "$ROOT/dev"
[ ! -d /tmp/.X11-unix ] || { mkdir -p "$ROOT/tmp/.X11-unix"; mount --bind /tmp/.X11-unix "$ROOT/tmp/.X11-unix"; }
eval "$BEFORE"
exec chroot --userspec="$WHO:$WHO" "$ROOT" /usr/bin/env -i "$@"
"""
_NETWORK = ("http_proxy", "https_proxy", "no_proxy")


class BareRoot:
    """One root. `path`: its folder as this machine sees it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def make(cls, base: Path, path: Path) -> BareRoot:
        """A copy of `base`, which is made by debootstrap where it is not there yet."""
        ready = base / "ready"
        if not ready.exists():
            shutil.rmtree(base, ignore_errors=True)
            subprocess.run(["debootstrap", "--variant=minbase", "bookworm", str(base)], check=True)
            subprocess.run(["chroot", str(base), "useradd", "--create-home", PERSON], check=True)
            ready.touch()
        shutil.rmtree(path, ignore_errors=True)
        subprocess.run(["cp", "-a", "--reflink=auto", str(base), str(path)], check=True)
        shutil.copyfile("/etc/resolv.conf", path / "etc/resolv.conf")
        return cls(path)

    def start(self, *command: str, is_root: bool = False, before: str = "", **variables: str) -> subprocess.Popen[str]:
        """Start a command. The user has no network, root has. `before`: shell, run as root in the command's mounts,
        where $ROOT is this root."""
        who, home = ("root", "/root") if is_root else (PERSON, f"/{HOME}")
        settings = {"HOME": home, "USER": who, "LANG": "C.UTF-8", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        settings |= {name: os.environ[name] for name in _NETWORK if is_root and name in os.environ} | variables
        namespaces = ["--mount"] if is_root else ["--mount", "--net"]
        return subprocess.Popen(
            [
                "unshare",
                *namespaces,
                "bash",
                "-c",
                _ENTER,
                "enter",
                *(f"{k}={v}" for k, v in settings.items()),
                *command,
            ],
            env={**os.environ, "ROOT": str(self.path), "WHO": who, "BEFORE": before},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *command: str, seconds: float = 300, **options: object) -> tuple[int, str, str]:
        """(exit code, standard output, standard error) of a command."""
        process = self.start(*command, **options)  # type: ignore[arg-type]
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        return process.returncode, out, err

    def apt(self, *arguments: str) -> None:
        """apt-get, as root; a test fails where it does."""
        options = ["-y", "--no-install-recommends"]
        code, out, err = self.run(
            "apt-get", *arguments, *options, is_root=True, seconds=900, DEBIAN_FRONTEND="noninteractive"
        )
        assert code == 0, out + err

    @property
    def profile(self) -> Path:
        """The person's data folder."""
        return self.path / HOME / ".local/share/rubato"
