"""What this machine must have before Rubato can be set up, and the one line that brings what is missing.

Part of `make setup`: the standard library only, and no syntax newer than Python 3.7, so that a Python that is too
old can still say so. Nothing here changes the machine but `install`.
"""

from __future__ import annotations

import ctypes
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

OLDEST_PYTHON = (3, 11)


class Need(NamedTuple):
    """Something that a distribution's packages bring: what it is for people, and the packages by their manager."""

    what: str
    apt: str
    dnf: str
    pacman: str


# Shared libraries by the name that the loader knows. The first part is what Qt needs to load at all, the second
# what it needs besides to open a window on X11. Seen on a bare Debian 12; the names for dnf and pacman were not run.
QT_LIBRARIES = {
    "libglib-2.0.so.0": Need("GLib", "libglib2.0-0", "glib2", "glib2"),
    "libGL.so.1": Need("OpenGL", "libgl1", "libglvnd-glx", "libglvnd"),
    "libEGL.so.1": Need("EGL", "libegl1", "libglvnd-egl", "libglvnd"),
    "libxkbcommon.so.0": Need("xkbcommon", "libxkbcommon0", "libxkbcommon", "libxkbcommon"),
    "libfontconfig.so.1": Need("fontconfig", "libfontconfig1", "fontconfig", "fontconfig"),
    "libdbus-1.so.3": Need("D-Bus", "libdbus-1-3", "dbus-libs", "dbus"),
    "libgssapi_krb5.so.2": Need("Kerberos", "libgssapi-krb5-2", "krb5-libs", "krb5"),
}
X11_LIBRARIES = {
    "libxcb-cursor.so.0": Need("xcb-cursor", "libxcb-cursor0", "xcb-util-cursor", "xcb-util-cursor"),
    "libxcb-icccm.so.4": Need("xcb-icccm", "libxcb-icccm4", "xcb-util-wm", "xcb-util-wm"),
    "libxcb-keysyms.so.1": Need("xcb-keysyms", "libxcb-keysyms1", "xcb-util-keysyms", "xcb-util-keysyms"),
    "libxcb-shape.so.0": Need("xcb-shape", "libxcb-shape0", "libxcb", "libxcb"),
    "libxcb-xkb.so.1": Need("xcb-xkb", "libxcb-xkb1", "libxcb", "libxcb"),
    "libxkbcommon-x11.so.0": Need("xkbcommon-x11", "libxkbcommon-x11-0", "libxkbcommon-x11", "libxkbcommon-x11"),
}
WAYLAND_LIBRARIES = {
    "libwayland-client.so.0": Need("Wayland", "libwayland-client0", "libwayland-client", "wayland"),
    "libwayland-cursor.so.0": Need("Wayland cursors", "libwayland-cursor0", "libwayland-cursor", "wayland"),
    "libwayland-egl.so.1": Need("Wayland EGL", "libwayland-egl1", "libwayland-egl", "wayland"),
}
NEWER_PYTHON = Need("Python 3.11 or newer", "python3.11 python3.11-venv", "python3.12", "python")
COMPILER = Need("a C++ compiler", "g++", "gcc-c++", "gcc")
BINUTILS = Need("strip and objdump", "binutils", "binutils", "binutils")

# since then the 64-bit time_t is in the name of some Debian packages
_T64_SINCE = {"debian": 13.0, "ubuntu": 24.04}
_T64_NAMES = {"libglib2.0-0": "libglib2.0-0t64"}


def find_python() -> str | None:
    """A Python that is new enough: the one that runs this, or else one on the PATH."""
    if sys.version_info >= OLDEST_PYTHON:
        return sys.executable
    for minor in (13, 12, 11, 14):
        found = shutil.which(f"python3.{minor}")
        if found:
            return found
    return None


def python_version(python: str) -> str:
    """Its version, for example "3.11.2"."""
    answer = subprocess.run([python, "-c", "import platform; print(platform.python_version())"], stdout=subprocess.PIPE)
    return answer.stdout.decode().strip()


def missing_for_environment(python: str) -> list[Need]:
    """What is needed to make the environment, and not here."""
    needs = []
    can_make = subprocess.run([python, "-c", "import ensurepip, venv"], stderr=subprocess.DEVNULL)
    if can_make.returncode != 0:
        minor = ".".join(python_version(python).split(".")[:2])
        needs.append(Need(f"venv for Python {minor}", f"python{minor}-venv", "python3", "python"))
    if sys.platform != "win32" and not any(map(shutil.which, (os.environ.get("CXX") or "c++", "g++", "clang++"))):
        needs.append(COMPILER)
    return needs


def missing_for_package(python: str) -> list[Need]:
    """What making a package needs besides, and is not here. The libraries are those that the package will depend on."""
    needs = [
        need for library, need in {**QT_LIBRARIES, **X11_LIBRARIES, **WAYLAND_LIBRARIES}.items() if not _loads(library)
    ]
    if not all(map(shutil.which, ("strip", "objdump"))):
        needs.append(BINUTILS)
    code = "import sysconfig; print(sysconfig.get_config_var('INSTSONAME') or '')"
    library = subprocess.run([python, "-c", code], stdout=subprocess.PIPE).stdout.decode().strip()
    minor = ".".join(python_version(python).split(".")[:2])
    if not library.endswith(".a") and not _loads(library) and not _is_beside(library, python):
        needs.append(Need(f"the library of Python {minor}", f"libpython{minor}", "python3-libs", "python"))
    return needs


def missing_libraries(*, for_window: bool) -> list[Need]:
    """What Qt needs and the loader does not find: to load at all, and `for_window` to open one."""
    if not sys.platform.startswith("linux"):
        return []
    wanted = dict(QT_LIBRARIES)
    if for_window and os.environ.get("DISPLAY"):
        wanted.update(X11_LIBRARIES)
    return [need for library, need in wanted.items() if not _loads(library)]


def has_display() -> bool:
    """Whether a window can be shown to somebody."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def can_install() -> bool:
    """Whether this user may install system packages here without being asked anything: root, with apt."""
    return os.name == "posix" and os.geteuid() == 0 and _package_manager() == "apt"


def install(needs: list[Need]) -> bool:
    """Install the packages; True where that worked. Only where `can_install`."""
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    names = _packages(needs, "apt")
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", *names]):
        print("+ " + " ".join(command), flush=True)
        if subprocess.run(command, env=environment).returncode != 0:
            return False
    return True


def install_line(needs: list[Need]) -> str:
    """One line to copy that brings all of it on this system; an instruction where no line is known."""
    manager = _package_manager()
    if manager is None:
        if sys.platform == "darwin":
            return "xcode-select --install"
        return "install " + ", ".join(need.what for need in needs) + " with this system's packages"
    names = " ".join(_packages(needs, manager))
    command = {
        "apt": f"apt-get update && apt-get install -y --no-install-recommends {names}",
        "dnf": f"dnf install -y {names}",
        "pacman": f"pacman -S --needed {names}",
    }[manager]
    if os.geteuid() == 0:
        return command
    if shutil.which("sudo"):
        return " && ".join("sudo " + part for part in command.split(" && "))
    return "su -c " + shlex.quote(command)


def _packages(needs: list[Need], manager: str) -> list[str]:
    names = list(dict.fromkeys(str(getattr(need, manager)) for need in needs))
    if manager == "apt" and _has_t64_names():
        names = [_T64_NAMES.get(name, name) for name in names]
    return names


def _package_manager() -> str | None:
    for manager, program in (("apt", "apt-get"), ("dnf", "dnf"), ("pacman", "pacman")):
        if shutil.which(program):
            return manager
    return None


def _has_t64_names() -> bool:
    release: dict[str, str] = {}
    for file in (Path("/etc/os-release"), Path("/usr/lib/os-release")):
        if file.exists():
            for line in file.read_text(encoding="utf-8").splitlines():
                key, _, value = line.partition("=")
                release.setdefault(key, value.strip("\"'"))
    try:
        version = float(release.get("VERSION_ID", "99"))  # Debian testing has none
    except ValueError:
        return False
    return version >= _T64_SINCE.get(release.get("ID", ""), float("inf"))


def _is_beside(library: str, python: str) -> bool:
    code = "import sysconfig; print(sysconfig.get_config_var('LIBDIR'))"
    folder = subprocess.run([python, "-c", code], stdout=subprocess.PIPE).stdout.decode().strip()
    return Path(folder, library).exists()


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
