"""The window on the real Core and a real engine process: what a person does from the first word to the result."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from app.core.chat_views import MessageState
from app.core.core import Core
from app.core.events import Event, JobChanged, JobRemoved, ReplyEnded, ReplyGrew
from app.core.views import JobState
from app.engine.client import EngineClient
from app.engine.local import local_engine
from app.engine.process.fake_llama import reply_to
from app.gui.bridge import Bridge
from app.gui.new_job.dialog import NewJobDialog
from app.gui.summary_view import SummaryParagraph
from app.gui.theme import Theme
from app.gui.transcript.message_text import MessageText
from app.gui.window import Window
from app.paths import profile_paths
from app.settings import Settings
from tests.gui.conftest import add_window
from tests.processes.program import ENDLESS

PATIENCE_MS = 120_000
SLOWLY = ["--seconds-per-token", "0.0004"]


@dataclass
class Program:
    """One start of the program, and everything that its window was told."""

    window: Window
    bridge: Bridge
    engine: EngineClient
    events: list[Event]
    qtbot: QtBot

    def until(self, is_so: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(is_so()), timeout=PATIENCE_MS)

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]

    def say(self, text: str) -> None:
        composer = self.window.conversation.composer
        self.qtbot.keyClicks(composer.text, text)
        self.qtbot.keyClick(composer.text, Qt.Key.Key_Return)

    def drop(self, file: Path) -> None:
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(file))])
        button, key, copy = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
        QApplication.sendEvent(self.window, QDragEnterEvent(QPoint(300, 300), copy, mime, button, key))
        QApplication.sendEvent(self.window, QDropEvent(QPointF(300, 300), copy, mime, button, key))

    def job_is(self, state: JobState) -> bool:
        jobs = self.of(JobChanged)
        return bool(jobs) and jobs[-1].job.state is state


StartProgram = Callable[..., Program]


@pytest.fixture
def start(qtbot: QtBot, theme: Theme, tmp_path: Path) -> StartProgram:
    """Starts the program on the test's profile; ended by `Bridge.close`, as by its window."""

    def start_program(*, backend: str = "fake", options: list[str] = SLOWLY, model: Path | None = None) -> Program:
        paths = profile_paths(tmp_path / "profile")
        paths.make_folders()
        settings = Settings(max_reply_tokens=60 if backend == "llama" else 4000)
        engine = local_engine(paths.logs, backend=backend, options=options if backend == "fake" else [])
        events: list[Event] = []
        up: list[bool] = []
        bridge = Bridge(
            lambda publish: Core(paths, engine, publish, settings=settings, model=model or Path("fake.gguf"))
        )
        bridge.happened.connect(events.append)
        window = Window(bridge, theme, settings)
        add_window(window, bridge, qtbot)
        window.show()
        bridge.start(done=lambda: (window.start(), up.append(True)))
        qtbot.waitUntil(lambda: bool(up), timeout=PATIENCE_MS)
        return Program(window, bridge, engine, events, qtbot)

    return start_program


def end(bridge: Bridge, qtbot: QtBot) -> None:
    closed: list[bool] = []
    bridge.close(lambda: closed.append(True))
    qtbot.waitUntil(lambda: bool(closed), timeout=PATIENCE_MS)


@pytest.fixture
def report(tmp_path: Path) -> Path:
    file = tmp_path / "report.md"
    file.write_text(
        "\n\n".join(f"# Year {1900 + n}\n\n" + "The harvest of that year was good. " * 30 for n in range(12))
    )
    return file


def test_a_chat_beside_a_dropped_document_and_the_result_with_the_text_it_came_from(
    start: StartProgram, report: Path
) -> None:
    program = start()
    program.drop(report)
    program.say("What is a rubato?")
    program.until(lambda: program.of(ReplyEnded))
    assert program.of(ReplyEnded)[-1].message.text == reply_to("What is a rubato?")
    program.until(lambda: program.job_is(JobState.DONE))
    program.window.job_pages.open_summary(program.of(JobChanged)[-1].job.id)
    program.until(lambda: program.window.job_pages.summary.findChildren(SummaryParagraph))
    paragraph = program.window.job_pages.summary.findChildren(SummaryParagraph)[1]
    paragraph.toggle_sources()
    assert paragraph.shows_sources
    program.until(lambda: paragraph.sources.n_shown)
    texts = [text.toPlainText() for text in paragraph.findChildren(MessageText) if "Text of" in text.accessibleName()]
    assert texts
    assert all("The harvest of that year was good." in text for text in texts)


def test_a_table_from_the_dialog_through_its_items_to_a_file(start: StartProgram, tmp_path: Path) -> None:
    table, out = tmp_path / "tickets.csv", tmp_path / "out.csv"
    table.write_text("id,text\n" + "".join(f"{n},ticket {n} [[say answer {n}]]\n" for n in range(1, 251)))
    program = start(options=[])
    program.drop(table)
    (dialog,) = program.window.findChildren(NewJobDialog)
    dialog.kinds.buttons["prompt"].click()
    program.until(lambda: "{text}" in [field.text() for field in dialog.form._buttons.widgets()])
    dialog.form.template.setPlainText("What is {txt}?")
    program.until(lambda: any("There is no {txt}." in said for said in dialog.preview.sentences))
    dialog.form.template.setPlainText("What is {text}?")
    program.until(lambda: any("250 items" in said for said in dialog.preview.sentences))
    program.until(lambda: "What is ticket 1 " in dialog.preview.prompt.toPlainText())
    draft = dialog.draft.id
    dialog._start.click()
    program.until(lambda: program.job_is(JobState.DONE))
    assert program.of(JobChanged)[-1].job.id == draft
    page = program.window.job_pages.items
    program.window.jobs_pane.actions_asked.open.emit(draft)
    program.until(lambda: page.model.rowCount() == 250)
    page.table.setCurrentIndex(page.model.index(120, 0))
    program.until(lambda: page.pane._text.toPlainText() == "answer 121")
    assert "ticket 121" in page.pane._source.shown.toPlainText()
    program.window.job_pages._export_to(draft, out, "csv")
    program.until(lambda: program.window.notices.sentences[-1:] == [f"Saved to {out}."])
    assert "answer 250" in out.read_text()


def test_a_cancelled_dialog_leaves_no_job(start: StartProgram, report: Path) -> None:
    program = start(options=[])
    program.window.new_job([report])
    (dialog,) = program.window.findChildren(NewJobDialog)
    program.until(lambda: any("item" in said for said in dialog.preview.sentences))
    dialog.reject()
    program.until(lambda: program.of(JobRemoved))
    jobs: list = []
    program.bridge.call(lambda core: core.jobs(), done=jobs.append)
    program.until(lambda: jobs)
    assert jobs == [[]]


def test_kill_of_the_engine_in_the_middle_of_both_keeps_the_window_the_text_and_the_job(
    start: StartProgram, report: Path, tmp_path: Path
) -> None:
    program, go_on = start(), tmp_path / "go on"
    prompt = f"Tell me everything. [[until {go_on}]]"
    report.write_text(f"{report.read_text()}\n\n[[until {go_on}]]")
    program.drop(report)
    program.until(lambda: any(event.job.items_done >= 1 for event in program.of(JobChanged)))
    program.say(prompt)
    program.until(lambda: program.of(ReplyGrew))
    assert program.engine.pid is not None
    os.kill(program.engine.pid, signal.SIGKILL)
    program.until(lambda: program.of(ReplyEnded))
    message = program.of(ReplyEnded)[-1].message
    assert message.state is MessageState.INTERRUPTED
    assert message.text
    assert reply_to(prompt).startswith(message.text)
    go_on.touch()
    program.qtbot.mouseClick(button(program.window, "Continue"), Qt.MouseButton.LeftButton)
    program.until(lambda: len(program.of(ReplyEnded)) == 2)
    whole = program.of(ReplyEnded)[-1].message
    assert whole.text == reply_to(prompt)
    assert whole.state is MessageState.COMPLETE
    program.until(lambda: program.job_is(JobState.DONE))
    assert program.of(JobChanged)[-1].job.items_failed == 0


def test_quitting_in_the_middle_of_both_goes_on_at_the_next_start(
    start: StartProgram, report: Path, tmp_path: Path
) -> None:
    program, go_on = start(), tmp_path / "go on"
    report.write_text(f"{report.read_text()}\n\n[[until {go_on}]]")
    program.drop(report)
    program.until(lambda: any(event.job.items_done >= 2 for event in program.of(JobChanged)))
    program.say(ENDLESS)
    program.until(lambda: program.of(ReplyGrew))
    end(program.bridge, program.qtbot)
    shown = "".join(event.text for event in program.of(ReplyGrew))
    go_on.touch()
    again = start(options=[])
    again.until(lambda: again.job_is(JobState.DONE))
    assert again.of(JobChanged)[0].job.items_done >= 2
    chats: list = []
    again.bridge.call(lambda core: core.open_chat(core.chats()[0].id), done=chats.append)
    again.until(lambda: chats)
    reply = chats[0].messages[-1]
    assert reply.state is MessageState.INTERRUPTED
    assert reply.text.startswith(shown)


def test_the_real_model_answers_in_the_window_while_a_document_is_summarised(
    start: StartProgram, report: Path, starter_model: Path
) -> None:
    program = start(backend="llama", model=starter_model)
    report.write_text("\n\n".join(report.read_text().split("\n\n")[:6]))  # three of its years: a model takes its time
    program.drop(report)
    program.until(lambda: any(event.job.items_running for event in program.of(JobChanged)))
    program.say("Say hello.")
    program.until(lambda: program.of(ReplyEnded))
    message = program.of(ReplyEnded)[-1].message
    assert message.text.strip()
    assert message.figures is not None
    program.until(lambda: program.job_is(JobState.DONE))


def button(window: Window, text: str) -> QPushButton:
    return next(button for button in window.findChildren(QPushButton) if button.text() == text and button.isVisible())
