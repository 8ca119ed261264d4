"""A whole session by keyboard alone on the real Core: from the first start to the exported chat."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.chat_views import AttachmentState, MessageState, MessageView
from app.core.core import Core
from app.core.events import AttachmentsChanged, Event, JobChanged, ModelStateChanged, ReplyEnded, ReplyGrew
from app.core.views import JobState
from app.engine.interface import ModelState
from app.engine.local import local_engine
from app.engine.process.fake_llama import reply_to
from app.gui.bridge import Bridge
from app.gui.summary_view import SummaryParagraph
from app.gui.theme import Theme
from app.gui.transcript.find_bar import FindBar
from app.gui.window import Window
from app.paths import profile_paths
from app.settings import Settings
from tests.gui.conftest import add_window
from tests.gui.keyboard import Held, Key, Keyboard, in_view
from tests.model.tiny_models import full_attention

PATIENCE_MS = 60_000


@dataclass
class Desk:
    """The window, what it was told, and the keyboard before it."""

    window: Window
    keys: Keyboard
    events: list[Event] = field(default_factory=list)

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]

    def messages(self) -> list[MessageView]:
        return list(self.window.conversation.transcript.messages)

    def shown_reply(self) -> str:
        reply = self.window.conversation.transcript.last_reply()
        return reply.text.toPlainText() if reply is not None and in_view(reply) else ""

    def send(self, text: str, expected: str | None = None) -> None:
        """Write it, press Enter, and wait until its reply stands in the window."""
        n_ended = len(self.of(ReplyEnded))
        self.keys.write(text)
        self.keys.press(Key.Key_Return)
        self.keys.until(lambda: len(self.of(ReplyEnded)) > n_ended)
        self.keys.until(lambda: self.shown_reply() == (reply_to(text) if expected is None else expected))

    def has_keyboard(self) -> bool:
        """In the box to write in, also where a dialog has just gone and no window manager made the window active."""
        return self.window.focusWidget() is self.window.conversation.composer.text


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A new profile with one model file, which nobody has chosen yet."""
    for name in ("HOME", "USERPROFILE", "OLLAMA_MODELS"):  # models of other programs are no part of this
        monkeypatch.setenv(name, str(tmp_path / "home"))
    root = tmp_path / "profile"
    paths = replace(profile_paths(root), shared_models=root / "models", shipped_models=root / "models")
    paths.make_folders()
    full_attention(paths.models / "Tiny.gguf")
    settings = Settings(makes_titles=False)
    engine = local_engine(paths.logs, backend="fake", options=["--seconds-per-token", "0.0004"])
    bridge = Bridge(lambda publish: Core(paths, engine, publish, settings=settings))
    window = Window(bridge, theme, settings)
    desk = Desk(window, Keyboard(window, qtbot, PATIENCE_MS))
    bridge.happened.connect(desk.events.append)
    add_window(window, bridge, qtbot)
    window.show()
    bridge.start(done=window.start)
    return desk


def test_a_whole_session_by_keyboard_alone(desk: Desk, tmp_path: Path) -> None:
    start_with_a_model(desk)
    desk.send("What is a rubato?")
    go_on = tmp_path / "go on"
    long = f"Tell me everything. [[words 300]] [[until {go_on}]]"
    stop_and_regenerate(desk, long, go_on)
    branch(desk, long)
    ask_about_a_document(desk, tmp_path)
    summarize_a_document(desk, tmp_path)
    search(desk)
    export(desk, tmp_path)


def start_with_a_model(desk: Desk) -> None:
    keys = desk.keys
    keys.until(lambda: in_view(desk.window.beginning.first_run))
    keys.until(lambda: any(state.state is ModelState.FAILED for state in desk.of(ModelStateChanged)))
    keys.tab_to("Use Tiny")
    keys.press(Key.Key_Space)
    keys.until(lambda: desk.of(ModelStateChanged)[-1].state is ModelState.READY)
    keys.until(desk.has_keyboard)


def stop_and_regenerate(desk: Desk, long: str, go_on: Path) -> None:
    keys = desk.keys
    n_grown, n_ended = len(desk.of(ReplyGrew)), len(desk.of(ReplyEnded))
    keys.write(long)
    keys.press(Key.Key_Return)
    keys.until(lambda: len(desk.of(ReplyGrew)) > n_grown)
    keys.press(Key.Key_Escape)
    keys.until(lambda: len(desk.of(ReplyEnded)) > n_ended)
    stopped = desk.of(ReplyEnded)[-1].message
    assert stopped.state is MessageState.STOPPED
    assert reply_to(long).startswith(stopped.text)
    assert stopped.text != reply_to(long)
    go_on.touch()
    keys.press(Key.Key_R, Held.ControlModifier)
    keys.until(lambda: desk.shown_reply() == reply_to(long))
    keys.until(lambda: len(desk.of(ReplyEnded)) > n_ended + 1)
    keys.press(Key.Key_Left, Held.AltModifier)
    keys.until(lambda: desk.shown_reply() == stopped.text.strip())
    keys.press(Key.Key_Right, Held.AltModifier)
    keys.until(lambda: desk.shown_reply() == reply_to(long))


def branch(desk: Desk, long: str) -> None:
    keys = desk.keys
    keys.until(desk.has_keyboard)
    keys.press(Key.Key_Up)
    assert keys.place == "Edit your message"
    keys.press(Key.Key_A, Held.ControlModifier)
    desk.send("Tell me a word: [[say harvest]]", "harvest")
    keys.until(desk.has_keyboard)
    keys.press(Key.Key_Left, Held.AltModifier)
    keys.until(lambda: desk.shown_reply() == reply_to(long))
    assert [message.text for message in desk.messages()][2] == long
    keys.press(Key.Key_Right, Held.AltModifier)
    keys.until(lambda: desk.shown_reply() == "harvest")


def ask_about_a_document(desk: Desk, tmp_path: Path) -> None:
    keys = desk.keys
    lease = tmp_path / "lease.txt"
    lease.write_text("The rent is due on the third day of each month.")
    keys.tab_to("Add documents, jobs and prompts")
    keys.press(Key.Key_Space)
    keys.choose("Add documents to this chat")
    keys.answer_file_dialog(lease)
    keys.until(lambda: _is_read(desk))
    assert in_view(desk.window.conversation.composer.attachments)
    desk.send("When is it due? [[say on the third]]", "on the third")
    assert [document.name for document in desk.messages()[-2].attachments] == ["lease.txt"]


def _is_read(desk: Desk) -> bool:
    changes = desk.of(AttachmentsChanged)
    states = [view.state for view in changes[-1].attachments] if changes else []
    return states == [AttachmentState.READY]


def summarize_a_document(desk: Desk, tmp_path: Path) -> None:
    keys = desk.keys
    report = tmp_path / "report.md"
    report.write_text("\n\n".join(f"# Year {1900 + n}\n\n" + "The harvest was good. " * 200 for n in range(4)))
    keys.press(Key.Key_O, Held.ControlModifier)
    keys.answer_file_dialog(report)
    keys.until(lambda: desk.of(JobChanged) and desk.of(JobChanged)[-1].job.state is JobState.DONE)
    pane = desk.window.jobs_pane
    keys.press(Key.Key_J, Held.ControlModifier)
    if not in_view(pane):  # it had opened by itself
        keys.press(Key.Key_J, Held.ControlModifier)
    keys.until(lambda: in_view(pane))
    keys.tab_to("Open")
    assert pane.isAncestorOf(QApplication.focusWidget())
    keys.press(Key.Key_Space)
    keys.until(lambda: in_view(desk.window.job_pages.summary))
    page = desk.window.job_pages.summary
    keys.until(lambda: page.findChildren(SummaryParagraph))
    keys.tab_to("Paragraph")
    keys.press(Key.Key_Tab)  # its link to the text it came from
    keys.press(Key.Key_Return)
    paragraph = page.findChildren(SummaryParagraph)[0]
    keys.until(lambda: paragraph.shows_sources)
    keys.press(Key.Key_Escape)
    keys.until(lambda: in_view(desk.window.conversation))
    keys.until(desk.has_keyboard)
    keys.press(Key.Key_J, Held.ControlModifier)
    assert not pane.isVisible()


def search(desk: Desk) -> None:
    keys = desk.keys
    chat_id = desk.window.conversation.chat_id
    keys.press(Key.Key_N, Held.ControlModifier)
    keys.until(lambda: desk.window.conversation.chat_id == "")
    keys.press(Key.Key_K, Held.ControlModifier)
    keys.write("rubato")
    palette = desk.window.palette_box
    keys.until(lambda: any("rubato" in entry.below for entry in palette.entries))
    place = next(n for n, entry in enumerate(palette.entries) if "rubato" in entry.below)
    keys.press(Key.Key_Down, times=place)
    keys.press(Key.Key_Return)
    keys.until(lambda: desk.window.conversation.chat_id == chat_id)
    keys.until(desk.has_keyboard)
    keys.press(Key.Key_F, Held.ControlModifier)
    keys.write("third")
    (bar,) = desk.window.findChildren(FindBar)
    keys.until(lambda: bar.count.text().endswith(" of 2"))
    before = bar.count.text()
    keys.press(Key.Key_Return)
    keys.until(lambda: bar.count.text() != before)
    keys.press(Key.Key_Escape)
    assert not bar.isVisible()
    keys.until(desk.has_keyboard)


def export(desk: Desk, tmp_path: Path) -> None:
    keys = desk.keys
    out = tmp_path / "chat.md"
    keys.press(Key.Key_K, Held.ControlModifier)
    keys.write("export markdown")
    keys.press(Key.Key_Return)
    keys.answer_file_dialog(out)
    keys.until(lambda: f"Saved to {out}." in desk.window.notices.sentences)
    text = out.read_text()
    assert "What is a rubato?" in text
    assert "on the third" in text
    keys.until(desk.has_keyboard)
