"""How fast the window is, measured in one: a child process of `rubato bench window`. Prints figures as JSON.

`start BEGUN PROFILE`: the program as it is started by a person; BEGUN is the time (of `time.time`) before that.
`stream PROFILE CHAT TOKENS`: a reply of so many tokens comes in, 200 of them a second.
`open PROFILE CHAT SMALL`: a long chat is opened, scrolled through and closed again.
`take PROFILE FILES`: a long text is pasted, many files are dropped.
`search PROFILE`: words are searched for in all chats that `app/lab/many_chats.py` wrote.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.gui.measured_window import MeasuredWindow
    from app.gui.window import Window

_PASTED = "A line that was copied from somewhere, as long as lines are in a file of text.\n"
_PASTED_BYTES = 2_000_000
_WHEEL_PX = 120
_STEPS = 300
_FAR_PLACES = 60
_TIMES = 9
_KEY_SECONDS = 0.03  # between the keys of somebody who types as fast as anybody can
OpenWindow = Callable[[list[str], Callable[[], Any]], int]


def main(arguments: list[str], open_window: OpenWindow) -> int:
    """`open_window` is the program's own entrance."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    what, *rest = arguments
    if what == "start":
        return _start(float(rest[0]), rest[1], open_window)
    from app.gui.measured_window import MeasuredWindow

    with MeasuredWindow(Path(rest[0])) as measured:
        match what:
            case "stream":
                figures = _stream(measured, rest[1], int(rest[2]))
            case "open":
                figures = _open(measured, rest[1], rest[2])
            case "search":
                figures = _search(measured)
            case _:
                figures = _take(measured, Path(rest[1]))
        _say({**figures, "late": float(measured.alarm.n_late)})
    return 0


def _say(figures: dict[str, float]) -> None:
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


def _start(begun: float, profile: str, open_window: OpenWindow) -> int:
    """From the first instruction to a letter that was typed, and is seen."""

    def load() -> Callable[..., int]:
        from app.gui.app import run
        from app.gui.key_press import press
        from app.gui.painted import when_painted

        def shown(window: Window) -> None:
            text = window.conversation.composer.text

            def type_letter() -> None:
                when_painted(text.viewport(), done)
                press(text, "a")

            def done() -> None:
                seconds = time.time() - begun
                _say(
                    {
                        "start_seconds": seconds,
                        "start_cpu_seconds": time.process_time(),
                        "typed": float(text.toPlainText() == "a"),
                    }
                )
                window.close()

            when_painted(text.viewport(), type_letter)

        return partial(run, shown=shown)

    return open_window(["--engine", "fake", "--profile", profile], load)


def _stream(measured: MeasuredWindow, chat_id: str, n_tokens: int) -> dict[str, float]:
    from app.lab.long_chat import pieces

    measured.open_chat(chat_id)
    measured.settle()
    measured.busy.forget()
    tokens = pieces(n_tokens)
    costs = measured.stream(chat_id, tokens)
    busy, n_end = measured.busy, max(1, len(costs) // 10)
    first, last = sum(costs[1 : n_end + 1]) / n_end, sum(costs[-n_end:]) / n_end
    return {
        "stream_busy_seconds": busy.longest_seconds,
        "stream_busy_cpu_seconds": busy.longest_cpu_seconds,
        "stream_cpu_share": sum(costs) / (len(tokens) / 200),
        "stream_cost_ratio": last / max(first, 1e-9),
        "stream_first_token_cpu_seconds": first * len(costs) / len(tokens),
        "stream_last_token_cpu_seconds": last * len(costs) / len(tokens),
    }


def _open(measured: MeasuredWindow, chat_id: str, small_id: str) -> dict[str, float]:
    measured.open_chat(small_id)  # what is made once is made
    measured.window.new_chat()
    measured.settle()
    before = measured.memory_mb()
    opened = measured.open_chat(chat_id)
    opening = measured.busy.longest_seconds, measured.busy.longest_cpu_seconds
    measured.settle()
    bar = measured.scroll_bar
    measured.busy.forget()
    for _ in range(_STEPS):
        bar.setValue(bar.value() - _WHEEL_PX)
        measured.busy.turn_until_idle()
    wheel = measured.busy.longest_seconds, measured.busy.longest_cpu_seconds
    measured.busy.forget()
    for place in range(_FAR_PLACES):
        bar.setValue(bar.maximum() * (place * 37 % _FAR_PLACES) // _FAR_PLACES)
        measured.busy.turn_until_idle()
    far = measured.busy.longest_seconds, measured.busy.longest_cpu_seconds
    measured.settle()
    memory = measured.memory_mb()
    measured.window.new_chat()
    measured.settle()
    after = measured.memory_mb()
    return {
        "open_seconds": opened,
        "open_busy_seconds": opening[0],
        "open_busy_cpu_seconds": opening[1],
        "scroll_busy_seconds": max(wheel[0], far[0]),
        "scroll_busy_cpu_seconds": max(wheel[1], far[1]),
        "scroll_wheel_busy_seconds": wheel[0],
        "scroll_far_busy_seconds": far[0],
        "memory_mb": memory,
        "memory_before_mb": before,
        "memory_after_mb": after,
        "memory_left_ratio": after / before,
    }


def _take(measured: MeasuredWindow, folder: Path) -> dict[str, float]:
    from PySide6.QtCore import QMimeData, QUrl
    from PySide6.QtWidgets import QApplication

    text = measured.window.conversation.composer.text
    QApplication.clipboard().setText(_PASTED * (_PASTED_BYTES // len(_PASTED)))
    measured.busy.forget()
    measured.busy.do(text.paste)
    measured.settle()
    paste = measured.busy.longest_seconds, measured.busy.longest_cpu_seconds
    files = QMimeData()
    files.setUrls([QUrl.fromLocalFile(str(file)) for file in sorted(folder.iterdir())])
    measured.busy.forget()
    measured.drop(files)
    measured.settle()
    return {
        "paste_busy_seconds": paste[0],
        "drop_busy_seconds": measured.busy.longest_seconds,
        "paste_busy_cpu_seconds": paste[1],
        "drop_busy_cpu_seconds": measured.busy.longest_cpu_seconds,
    }


def _search(measured: MeasuredWindow) -> dict[str, float]:
    """From the last key of a text; of `typed` from every key; of `burst` from the last one of keys that came fast."""
    from app.gui.key_press import press
    from app.lab import many_chats

    measured.window.open_palette()
    line, busy = measured.window.palette_box.line, measured.busy
    wanted = {
        "rare": many_chats.RARE,
        "common": many_chats.COMMON,
        "ranked": many_chats.RANKED,
        "prefix": many_chats.RANKED[:3],
        "phrase": many_chats.PHRASE,
        "everywhere": many_chats.EVERYWHERE,
    }
    found: dict[str, list[float]] = {}
    longest = longest_cpu = 0.0

    def find(name: str, text: str) -> None:
        nonlocal longest, longest_cpu
        busy.forget()
        found.setdefault(name, []).append(measured.find(text))
        longest, longest_cpu = max(longest, busy.longest_seconds), max(longest_cpu, busy.longest_cpu_seconds)

    for name, text in wanted.items():
        for _ in range(_TIMES):
            line.setText(text[:-1])
            measured.until_found()
            find(name, text)
    line.clear()
    for end, letter in enumerate(many_chats.PHRASE, 1):
        if letter == " ":
            press(line, letter)
        else:
            find("typed", many_chats.PHRASE[:end])
    for _ in range(_TIMES):
        line.clear()
        for letter in many_chats.RANKED[:-1]:
            press(line, letter)
            busy.turn_for(_KEY_SECONDS)
        find("burst", many_chats.RANKED)
    figures = {
        "search_seconds": max(map(max, found.values())),
        "search_busy_seconds": longest,
        "search_busy_cpu_seconds": longest_cpu,
    }
    for name, seconds in found.items():
        figures |= {f"search_{name}_seconds": statistics.median(seconds), f"search_{name}_worst_seconds": max(seconds)}
    return figures
