"""How long the GUI thread is busy with what a person does to a long job: a child process of `rubato bench jobs`."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

_PLACES = 300
_LIMIT_SECONDS = 30.0


def main(arguments: list[str]) -> int:
    """`PROFILE JOB`: opens the profile in a window of its own, and prints the seconds of each action as JSON."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.stdout.write(json.dumps(_measured(Path(arguments[0]), arguments[1])))
    return 0


def _measured(profile: Path, job_id: str) -> dict[str, float]:
    from PySide6.QtWidgets import QApplication

    from app.core.core import Core
    from app.engine.local import local_engine
    from app.gui.app import make_app
    from app.gui.bridge import Bridge
    from app.gui.screenshots import spin, wait_until
    from app.gui.theme import Theme
    from app.gui.window import Window
    from app.paths import profile_paths
    from app.settings import Settings

    paths = profile_paths(profile)
    application = make_app(["rubato"])
    theme = Theme(application, "light")
    bridge = Bridge(lambda sink: Core(paths, local_engine(paths.logs, backend="fake"), sink, settings=Settings()))
    window = Window(bridge, theme, Settings())
    window.show()
    bridge.start(done=window.start)
    wait_until(lambda: window.job_desk.job(job_id) is not None)
    spin(300)
    page = window.job_pages.items
    model, bar = page.model, page.table.verticalScrollBar()
    seconds: dict[str, float] = {}

    def do(name: str, action: Callable[[], object], is_shown: Callable[[], bool]) -> None:
        """The longest that the thread did not come back to its events, until it is shown."""
        started = last = time.perf_counter()
        worst = 0.0
        action()
        while True:
            now = time.perf_counter()
            worst, last = max(worst, now - last), now
            if is_shown():
                break
            if now - started > _LIMIT_SECONDS:
                raise RuntimeError(f"“{name}” was never shown")
            QApplication.processEvents()
        seconds[f"window_{name}_seconds"] = worst

    do("open", lambda: window.jobs_pane.actions_asked.open.emit(job_id), lambda: model.item(0) is not None)
    n = model.rowCount()
    do("scroll_end", lambda: bar.setValue(bar.maximum()), lambda: model.item(n - 1) is not None)
    do("scroll_middle", lambda: bar.setValue(n // 2), lambda: model.item(n // 2) is not None)
    places = []
    for place in range(_PLACES):
        started = time.perf_counter()
        bar.setValue(place * 337 % n)
        QApplication.processEvents()
        places.append(time.perf_counter() - started)
    seconds["window_drag_seconds"] = max(places)
    seconds["window_drag_median_seconds"] = statistics.median(places)
    spin(300)
    for name, state in (("filter_waiting", "queued"), ("filter_done", "done"), ("filter_all", "all")):
        do(name, page.filter.buttons[state].click, lambda: model.rowCount() > 0 and model.item(0) is not None)
    do("item", lambda: page.table.setCurrentIndex(model.index(4, 0)), page.pane.isVisible)
    page.close_item()
    do("back", window.show_conversation, window.conversation.isVisible)
    closed: list[bool] = []
    bridge.close(lambda: closed.append(True))
    wait_until(lambda: bool(closed))
    return seconds
