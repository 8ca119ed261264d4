"""A key that the system gives to this program wherever the keyboard is. The only file that speaks to the X server.

X11 only. Elsewhere the system's settings bind `rubato ask` to a key. It has a connection and a thread of its own: the
GUI thread waits for nothing.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
from functools import reduce
from operator import or_
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence

from app.logs import topic

log = topic("window")

_MODIFIERS = {"Ctrl": 4, "Alt": 8, "Shift": 1, "Meta": 64}  # ControlMask, Mod1Mask, ShiftMask, Mod4Mask
_LOCKS = (0, 2, 16, 18)  # CapsLock and NumLock, which change nothing
_NAMES = {"Space": "space", "Esc": "Escape", "Return": "Return", "Enter": "KP_Enter", "Tab": "Tab", "Ins": "Insert"}


class GlobalKey(QObject):
    """`pressed` comes on the GUI thread; `refused` with a key that could not be had."""

    pressed = Signal()
    refused = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wake: int | None = None
        self._thread: threading.Thread | None = None

    @staticmethod
    def is_offered() -> bool:
        return QGuiApplication.platformName() == "xcb"

    def choose(self, shortcut: str) -> None:
        """From now on this one, as Qt writes it ("Ctrl+Alt+Space"); empty: none."""
        self.close()
        if not shortcut or not self.is_offered():
            return
        read, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._listen, args=(shortcut, read), name="global key", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """The key is free again."""
        if self._wake is not None:
            os.close(self._wake)
            self._wake = None

    def _listen(self, shortcut: str, wake: int) -> None:
        import xcffib

        try:
            self._serve(shortcut, wake)
        except (xcffib.ConnectionException, xcffib.ProtocolException, xcffib.XcffibException) as error:
            log.info("the key %s can't be had: %s", shortcut, type(error).__name__)
            with contextlib.suppress(RuntimeError):  # the window is gone
                self.refused.emit(shortcut)
        finally:
            os.close(wake)

    def _serve(self, shortcut: str, wake: int) -> None:
        import xcffib
        from xcffib import xproto

        connection: Any = xcffib.connect()  # type: ignore[no-untyped-call]
        try:
            core = connection.core
            modifiers, symbol = parsed(shortcut)
            code = _code_of(connection, symbol)
            if code is None:
                raise xcffib.XcffibException(f"no key makes {shortcut}")
            for screen in connection.get_setup().roots:
                for lock in _LOCKS:
                    core.GrabKeyChecked(
                        True, screen.root, modifiers | lock, code, xproto.GrabMode.Async, xproto.GrabMode.Async
                    ).check()
            socket = connection.get_file_descriptor()
            while True:
                while (event := connection.poll_for_event()) is not None:
                    if isinstance(event, xproto.KeyPressEvent):
                        self.pressed.emit()
                ready, _, _ = select.select([socket, wake], [], [])
                if wake in ready:
                    return
        finally:
            connection.disconnect()


def parsed(shortcut: str) -> tuple[int, int]:
    """X's modifiers, and the symbol of the key (0: none that is known)."""
    from xcffib import keysymdef

    *held, key = QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.PortableText).split("+")
    modifiers = reduce(or_, (_MODIFIERS.get(name, 0) for name in held), 0)
    name = _NAMES.get(key, key.lower() if len(key) == 1 else key)
    return modifiers, int(getattr(keysymdef, f"XK_{name}", ord(name) if len(name) == 1 else 0))


def _code_of(connection: Any, symbol: int) -> int | None:
    """The key of this keyboard that makes a symbol by itself."""
    setup = connection.get_setup()
    count = setup.max_keycode - setup.min_keycode + 1
    reply = connection.core.GetKeyboardMapping(setup.min_keycode, count).reply()
    symbols, width = list(reply.keysyms), reply.keysyms_per_keycode
    found = (n for n in range(count) if symbol and symbol in symbols[n * width : n * width + 1])
    place = next(found, None)
    return None if place is None else setup.min_keycode + place
