"""Writes the pictures of the README: the real window on a real model, with a real chat and a real summary.

Runs in the environment (`make screenshots [ARGUMENTS=FILE]`), in a profile of its own that is thrown away. FILE is the
document that is summarised; without it that is the architecture page. Takes a minute or two: nothing is staged.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from app import logs
from app.core.core import Core, EventSink
from app.core.events import Event, JobChanged, ModelStateChanged, ReplyEnded
from app.core.kinds.summarize import SummarizeParams
from app.core.views import JobState
from app.engine.interface import ModelState
from app.engine.local import local_engine
from app.gui import screenshots
from app.gui.app import make_app
from app.gui.bridge import Bridge
from app.gui.theme import Theme
from app.gui.window import Window
from app.paths import Paths, profile_paths
from app.settings import Settings

SCREEN = Path(__file__).with_name("laptop.json")  # 1440 × 900
FOLDER = Path(__file__).with_name("screenshots")
DOCUMENT = Path(__file__).resolve().parent.parent / "app" / "README.md"
QUESTION = "Give me three good habits for reading a long report, as a short list."
_POLL_MS = 100
_LIMIT_MS = 900_000


class Watcher:
    """What has happened so far, for waiting on it."""

    def __init__(self, bridge: Bridge) -> None:
        self.events: list[Event] = []
        bridge.happened.connect(self.events.append)

    def wait(self, what: str, is_it: Callable[[Event], bool]) -> None:
        """Let the window work until an event was like that. Raises TimeoutError after a quarter of an hour."""
        print(f"waiting for {what} ...", flush=True)
        for _ in range(_LIMIT_MS // _POLL_MS):
            if any(is_it(event) for event in self.events):
                return
            screenshots.spin(_POLL_MS)
        raise TimeoutError(what)


def main() -> int:
    """Chat, summarise, take the pictures."""
    os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={SCREEN}"
    document = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else DOCUMENT
    with tempfile.TemporaryDirectory() as folder:
        paths = profile_paths(Path(folder))
        paths.make_folders()
        logs.start(paths.logs, "window")
        for file in _take(paths, document):
            print(file)
    return 0


def _take(paths: Paths, document: Path) -> list[Path]:
    app = make_app(sys.argv[:1])
    settings = Settings(theme="light", temperature=0.0, max_reply_tokens=200)

    def make_core(publish: EventSink) -> Core:
        return Core(paths, local_engine(paths.logs), publish, settings=settings)

    theme = Theme(app, settings.theme)
    bridge = Bridge(make_core)
    watcher = Watcher(bridge)
    window = Window(bridge, theme, settings)
    window.show()
    bridge.start(done=window.start)
    watcher.wait("the model", lambda event: isinstance(event, ModelStateChanged) and event.state is ModelState.READY)
    bridge.call(lambda core: core.send(None, QUESTION))
    watcher.wait("the reply", lambda event: isinstance(event, ReplyEnded))
    bridge.call(lambda core: core.add_job("summarize", SummarizeParams(), [document]))
    chat = next(event.message.chat_id for event in watcher.events if isinstance(event, ReplyEnded))
    watcher.wait("a part of the summary", lambda event: isinstance(event, JobChanged) and event.job.items_done > 2)
    made = screenshots.take_chat(window, theme, FOLDER, chat)
    watcher.wait("the summary", lambda event: isinstance(event, JobChanged) and event.job.state is JobState.DONE)
    job = next(event.job.id for event in watcher.events if isinstance(event, JobChanged))
    made += screenshots.take(window, theme, FOLDER, chat_id=chat, job_id=job)
    bridge.close(app.quit)
    app.exec()
    return made


if __name__ == "__main__":
    sys.exit(main())
