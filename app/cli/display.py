"""Whether a window can be shown here, found out before Qt is asked: Qt ends the whole program where it can't show one.

The display is asked through the same C libraries that Qt uses, so a display that is gone, hangs or refuses this user
is found in about a millisecond, and Qt's platform plugin is loaded as Qt will load it, so a system library that is
missing is known by its name. A child process with a QGuiApplication would know no more, and would cost each start a
second import of Qt (0.2 s).
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path

ANSWER_SECONDS = 5.0  # a display on a busy machine answers within this time, or hangs
_XCB, _WAYLAND = "xcb", "wayland"  # Qt's names
_VARIABLES = {_XCB: "DISPLAY", _WAYLAND: "WAYLAND_DISPLAY"}


def why_none() -> str:
    """Why no window can be shown, to be followed by what happens instead; empty where one can."""
    if sys.platform in ("win32", "darwin"):
        return ""
    names = _platforms()
    if not names:
        return "There is no display here"
    answering = [name for name in names if _answers(name)]
    if not answering:
        asked = ", ".join(f"{_VARIABLES[name]}={os.environ.get(_VARIABLES[name], '')}" for name in names)
        return f"There is no display that answers ({asked})"
    problems = [_load_problem(name) for name in answering]
    return "" if "" in problems else problems[0]


def import_problem(error: ImportError) -> str:
    """The same for an import of Qt that failed; empty where the reason is neither Qt nor a library of the system."""
    if (error.name or "").partition(".")[0] == "PySide6":
        return "Qt is not installed (python -m pip install PySide6_Essentials)"
    return _library_problem(str(error)) if ".so" in str(error) else ""


def _platforms() -> list[str]:
    """Qt's platforms that come into question. One that needs neither X11 nor Wayland is taken at its word."""
    chosen = os.environ.get("QT_QPA_PLATFORM", "")
    if chosen:
        return [name.partition(":")[0].partition("-")[0] for name in chosen.split(";")]
    return [name for name, variable in _VARIABLES.items() if os.environ.get(variable)]


def _answers(platform: str) -> bool:
    ask = {_XCB: _x11_answers, _WAYLAND: _wayland_answers}.get(platform)
    return ask is None or _in_time(ask)


def _in_time(ask: Callable[[], bool]) -> bool:
    """`ask` on a thread: a display that hangs, or one behind a network that is down, never lets it return."""
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(ask()), name="ask the display", daemon=True)
    thread.start()
    thread.join(ANSWER_SECONDS)
    return answers == [True]


def _x11_answers() -> bool:
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True  # Qt needs it too, and its plugin names what is missing
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)  # never NULL; also shakes hands, so a refusal is seen
    is_good = bool(xcb.xcb_connection_has_error(connection) == 0)
    xcb.xcb_disconnect(connection)
    return is_good


def _wayland_answers() -> bool:
    if os.environ.get("WAYLAND_SOCKET"):
        return True  # a connection that is handed to us works once: it is Qt's
    if not os.environ.get("XDG_RUNTIME_DIR") and not os.environ.get("WAYLAND_DISPLAY", "").startswith("/"):
        return False  # the library would print that itself
    try:
        wayland = ctypes.CDLL("libwayland-client.so.0")
    except OSError:
        return True
    wayland.wl_display_connect.restype = ctypes.c_void_p
    wayland.wl_display_connect.argtypes = [ctypes.c_char_p]
    wayland.wl_display_roundtrip.argtypes = [ctypes.c_void_p]
    wayland.wl_display_disconnect.argtypes = [ctypes.c_void_p]
    display = wayland.wl_display_connect(None)
    if not display:
        return False
    is_good = bool(wayland.wl_display_roundtrip(display) >= 0)
    wayland.wl_display_disconnect(display)
    return is_good


def _load_problem(platform: str) -> str:
    """What keeps Qt's code for this platform from being loaded. It stays loaded: Qt needs it next."""
    found = importlib.util.find_spec("PySide6")
    if found is None:
        return import_problem(ImportError(name="PySide6"))
    for folder in found.submodule_search_locations or ():
        qt = Path(folder) / "Qt"
        plugin = qt / "plugins" / "platforms" / f"libq{platform}.so"
        library = plugin if platform in _VARIABLES else qt / "lib" / "libQt6Widgets.so.6"
        if library.exists():  # elsewhere where a distribution packed it, with all that it needs
            try:
                ctypes.CDLL(str(library))
            except OSError as error:
                return _library_problem(str(error))
    return ""


def _library_problem(said: str) -> str:
    """`said` by the system's loader: "libEGL.so.1: cannot open shared object file: No such file or directory"."""
    found = re.search(r"([^\s/:]+)\.so\.?([\d.]*)", said)
    if found is None:
        return f"Qt can't be loaded ({said})"
    name, version = found[1].lower(), found[2]
    package = f"{name}{'-' if name[-1].isdecimal() else ''}{version}"  # Debian's rule for the names of libraries
    return f"Qt needs the system library {found[0]} (Debian and Ubuntu: sudo apt install {package})"
