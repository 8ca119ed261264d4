"""The dialog for a new job: its draft in Core follows it, its preview tells what is known, a cancel leaves nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTime, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QFileDialog

from app.core.events import JobChanged
from app.core.job_options import JobOptions
from app.core.kinds.classify import ClassifyParams, Example
from app.core.kinds.extract import ExtractParams
from app.core.kinds.fields import Field, fields_schema, schema_fields
from app.core.kinds.prompt import PromptParams
from app.core.kinds.summarize import SummarizeParams
from app.core.views import DocumentView, JobState
from app.errors import ErrorKind, KnownError
from app.gui.new_job.dialog import NewJobDialog
from app.gui.new_job.draft import Draft, Wish
from tests.gui.conftest import Desk
from tests.gui.scripted_core import PREVIEW, job

LEASE = Path("/docs/lease.pdf")
FIELDS = (
    Field(name="number", description="as printed"),
    Field(name="total", kind="number", is_required=False),
    Field(name="state", kind="choice", choices=("open", "paid")),
)


def opened(desk: Desk, *files: Path) -> NewJobDialog:
    desk.window.new_job(files)
    return desk.window.findChildren(NewJobDialog)[-1]


def previewed(desk: Desk, dialog: NewJobDialog) -> NewJobDialog:
    desk.until(lambda: any("item" in said for said in dialog.preview.sentences))
    return dialog


def drafts(desk: Desk) -> list[tuple[str, object, tuple[Path, ...]]]:
    return [call[:3] for call in desk.core.called("add_job") if call[4]]


def test_the_preview_tells_what_is_in_and_what_it_takes(desk: Desk) -> None:
    failed = DocumentView(name="scan.pdf", state="failed", error="scan.pdf has no text.")
    read = DocumentView(name="lease.pdf", state="read", n_tokens=900)
    desk.core.preview = replace(PREVIEW, documents=(read, failed), n_documents=2, n_failed=1)
    dialog = previewed(desk, opened(desk, LEASE))
    assert dialog.preview.sentences == [
        "2 documents  ·  1 not read  ·  12 items",
        "About 13,000 tokens to read, up to 1,900 to write\nAbout 12 minutes on this machine",
    ]
    rows = dialog.preview.list.model()
    assert [rows.index(n, 0).data() for n in range(2)] == ["scan.pdf", "lease.pdf"]
    assert "The lease." in dialog.preview.prompt.toPlainText()
    dialog.reject()


def test_a_draft_is_no_card_and_a_cancelled_one_is_gone(desk: Desk) -> None:
    dialog = previewed(desk, opened(desk, LEASE))
    draft = dialog.draft.id
    assert not desk.window.jobs_pane._cards
    desk.qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    desk.until(lambda: desk.core.called("remove_job") == [(draft,)])


def test_one_that_is_cancelled_while_core_makes_its_draft_leaves_none(desk: Desk) -> None:
    opened(desk, LEASE).reject()
    desk.until(lambda: desk.core.called("remove_job") == [("job1",)])


def test_start_begins_the_job_as_it_was_filled_in_last(desk: Desk) -> None:
    dialog = previewed(desk, opened(desk, LEASE))
    dialog.forms["summarize"].focus_on.setText("warranty")
    dialog._start.click()  # before the rest after typing is over
    desk.until(lambda: desk.core.called("start_job") == [(dialog.draft.id,)])
    assert desk.core.called("change_job")[-1][1] == SummarizeParams(focus="warranty")
    desk.until(lambda: desk.window.jobs_pane._cards)
    desk.core.emit(JobChanged(job=job("job1", "Summary", JobState.DONE, 3, 3)))
    desk.until(lambda: desk.window.notices.sentences == ["Summary is ready."])
    assert desk.core.called("remove_job") == []


def test_another_kind_is_another_draft_over_the_same_documents(desk: Desk) -> None:
    dialog = previewed(desk, opened(desk, LEASE))
    dialog.kinds.buttons["classify"].click()
    desk.until(lambda: len(drafts(desk)) == 2)
    kind, params, paths = drafts(desk)[1]  # looked at already, with labels that stand for those to come
    assert (kind, paths) == ("classify", (LEASE,))
    assert isinstance(params, ClassifyParams)
    desk.until(lambda: desk.core.called("remove_job") == [("job1",)])
    desk.until(lambda: "Write at least two labels, one a line." in dialog.preview.sentences)
    assert not dialog._start.isEnabled()
    dialog.forms["classify"].labels.setPlainText("good\nbad\ngood\n")
    desk.until(lambda: desk.core.called("change_job"))
    assert desk.core.called("change_job")[-1][1] == ClassifyParams(labels=("good", "bad"))
    assert dialog._start.isEnabled()
    dialog.reject()


def test_documents_are_added_by_button_and_by_drop(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("a")
    dialog = opened(desk)
    assert dialog.preview.sentences[0] == "Nothing to work on so far"
    assert not dialog._start.isEnabled()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file))])
    button, key, copy = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
    dialog.dragEnterEvent(QDragEnterEvent(QPoint(5, 5), copy, data, button, key))
    dialog.dropEvent(QDropEvent(QPointF(5, 5), copy, data, button, key))
    dialog.add_files([LEASE, file])
    desk.until(lambda: drafts(desk)[-1:] == [("summarize", SummarizeParams(), (file, LEASE))])
    desk.until(dialog._start.isEnabled)
    dialog.reject()


def test_what_core_refuses_is_said_and_can_be_tried_again(desk: Desk) -> None:
    dialog = previewed(desk, opened(desk, LEASE))
    desk.core.error = KnownError(ErrorKind.DISK_FULL, "The disk is full.")
    dialog._start.click()
    desk.until(lambda: "The disk is full." in dialog.preview.sentences)
    assert dialog.isVisible()
    desk.core.error = None
    dialog._start.click()
    desk.until(lambda: not desk.window.findChildren(NewJobDialog))
    assert len(desk.core.called("start_job")) == 2


def test_a_problem_of_the_draft_keeps_it_from_beginning(desk: Desk) -> None:
    desk.core.preview = replace(PREVIEW, problem="There is no column “body”.")
    dialog = opened(desk, LEASE)
    desk.until(lambda: "There is no column “body”." in dialog.preview.sentences)
    assert not dialog._start.isEnabled()
    desk.core.preview = PREVIEW
    desk.core.emit(JobChanged(job=job(dialog.draft.id, "x", JobState.DRAFT)))
    desk.until(dialog._start.isEnabled)
    dialog.reject()


def test_a_storm_of_news_brings_few_previews_and_the_last_is_shown(desk: Desk) -> None:
    dialog = previewed(desk, opened(desk, LEASE))
    n_before = len(desk.core.called("preview_job"))
    for n in range(200):
        desk.core.preview = replace(PREVIEW, n_items=1_000 + n)
        desk.core.emit(JobChanged(job=job(dialog.draft.id, "x", JobState.DRAFT, 0, n)))
    desk.until(lambda: any("1,199 items" in said for said in dialog.preview.sentences))
    assert len(desk.core.called("preview_job")) - n_before <= 4
    dialog.reject()


def test_tables_open_the_dialog_and_their_columns_can_be_chosen(desk: Desk) -> None:
    desk.core.preview = replace(PREVIEW, columns=("id", "text"))
    dialog = opened(desk, Path("/docs/tickets.csv"))
    form = dialog.forms["classify"]
    desk.until(lambda: list(form.columns.chips) == ["id", "text"])
    assert form.isVisible()
    form.labels.setPlainText("a\nb")
    form.columns.chips["id"].click()
    assert form.params().columns == ("text",)
    form.columns.chips["text"].click()
    with pytest.raises(KnownError, match="at least one column"):
        form.params()
    prompt = dialog.forms["prompt"]
    prompt.template.setPlainText("Say: ")
    prompt.template.moveCursor(prompt.template.textCursor().MoveOperation.End)
    prompt._buttons.widgets()[2].click()
    assert prompt.params() == PromptParams(template="Say: {text}")
    dialog.reject()


def test_forms_show_what_they_were_given(desk: Desk) -> None:
    dialog = opened(desk)
    shown = {
        "summarize": SummarizeParams(length="line", language="German", focus="warranty"),
        "classify": ClassifyParams(
            labels=("a", "b"),
            is_multi=True,
            instruction="x",
            examples=(Example(text="t", label="a"),),
            unsure_below=0.4,
        ),
        "extract": ExtractParams(schema=fields_schema(FIELDS), instruction="x", max_tokens=64),
        "prompt": PromptParams(template="{document}?", system="x", max_tokens=64, temperature=1.0),
    }
    for kind, params in shown.items():
        dialog.forms[kind].show_params(params)
        assert dialog.forms[kind].params() == params
    dialog.reject()


def test_fields_become_a_schema_and_come_back(desk: Desk) -> None:
    dialog = opened(desk)
    form = dialog.forms["extract"]
    for number, field in enumerate(FIELDS):
        row = form.fields.rows[0] if number == 0 else form.fields.add()
        row.show_field(field)
    form.shown_as.buttons["schema"].click()
    assert schema_fields(form.schema.toPlainText()) == FIELDS
    form.schema.setPlainText(fields_schema(FIELDS[:2]))
    form.shown_as.buttons["fields"].click()
    assert [row.name.text() for row in form.fields.rows] == ["number", "total"]
    form.shown_as.buttons["schema"].click()
    nested = '{"type": "object", "properties": {"a": {"type": "object", "properties": {}}}}'
    form.schema.setPlainText(nested)
    form.shown_as.buttons["fields"].click()
    assert form.shown_as.value == "schema"
    assert "stays as it is" in form.note.text()
    assert form.params().schema == nested
    dialog.reject()


def test_a_time_of_day_is_its_next_one_and_results_have_a_place(desk: Desk, tmp_path: Path) -> None:
    dialog = opened(desk)
    options = dialog.options
    assert options.options(datetime(2026, 3, 1, 12, 0)) == JobOptions()
    options.later.setChecked(True)
    options.time.setTime(QTime(22, 30))
    before, after = datetime(2026, 3, 1, 12, 0), datetime(2026, 3, 1, 23, 0)
    assert options.options(before).not_before_seconds == datetime(2026, 3, 1, 22, 30).timestamp()
    assert options.options(after).not_before_seconds == datetime(2026, 3, 2, 22, 30).timestamp()
    options._ask("jsonl")
    chooser = options.findChild(QFileDialog)
    assert chooser is not None
    chooser.fileSelected.emit(str(tmp_path / "out.jsonl"))
    chooser.close()
    made = options.options(before)
    assert (made.output_path, made.output_format) == (str(tmp_path / "out.jsonl"), "jsonl")
    options.show_options(JobOptions(only_on_mains=True))
    assert options.options(before) == JobOptions(only_on_mains=True)
    dialog.reject()


def test_a_cloned_job_opens_with_what_it_had(desk: Desk) -> None:
    desk.core.job_kinds["j"] = "prompt"
    desk.core.params["j"], desk.core.options["j"] = PromptParams(template="{document}!"), JobOptions(only_on_mains=True)
    desk.window.jobs_pane.actions_asked.clone.emit("j")
    desk.until(lambda: desk.window.findChildren(NewJobDialog))
    (dialog,) = desk.window.findChildren(NewJobDialog)
    previewed(desk, dialog)
    assert dialog.kinds.value == "prompt"
    assert dialog.form.params() == PromptParams(template="{document}!")
    assert dialog.options.mains.isChecked()
    dialog.form.template.setPlainText("{name}!")
    dialog._start.click()
    desk.until(lambda: desk.core.called("start_job") == [("job1",)])
    assert desk.core.called("change_job")[-1][1] == PromptParams(template="{name}!")
    assert desk.core.called("remove_job") == []


WISHES = [
    Wish(kind=kind, params=SummarizeParams(focus=focus), options=JobOptions(), paths=(Path(path),))
    for kind in ("summarize", "classify")
    for focus in ("", "x")
    for path in ("a", "b")
]
REFUSED = KnownError(ErrorKind.DISK_FULL, "The disk is full.")


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.one_of(st.sampled_from(WISHES), st.sampled_from(["refuse", "accept", "settle"])), max_size=12),
    ends_with_start=st.booleans(),
)
def test_of_any_wishes_the_last_one_begins_or_nothing_stays(
    desk: Desk, steps: list[Wish | str], ends_with_start: bool
) -> None:
    core, told = desk.core, [""]
    core.calls.clear()
    core.drafts.clear()
    core.refused = ("add_job", "change_job", "start_job")
    draft = Draft(desk.bridge, desk.window)
    draft.failed.connect(told.append)
    draft.started.connect(told.append)
    for step in steps:
        match step:
            case Wish():
                draft.want(step)
            case "settle":
                answer(desk)
            case _:
                desk.bridge.call(lambda core, step=step: setattr(core, "error", REFUSED if step == "refuse" else None))
    desk.bridge.call(lambda core: setattr(core, "error", None))
    answer(desk)  # what was refused until now has been told
    if ends_with_start:
        draft.want(WISHES[-1])
        draft.start()
        desk.until(lambda: told[-1].startswith("job"))
        assert core.called("start_job") == [(told[-1],)]
        assert (core.params[told[-1]], core.job_kinds[told[-1]]) == (WISHES[-1].params, "classify")
    else:
        draft.discard()
    answer(desk)
    answer(desk)
    assert core.drafts == set()


def answer(desk: Desk) -> None:
    """Until Core has answered all that it was asked so far, and what followed from that."""
    for _ in range(3):
        done: list[bool] = []
        desk.bridge.call(lambda core: None, done=lambda _, done=done: done.append(True))
        desk.until(lambda done=done: done)


def test_what_can_not_be_used_is_said_and_never_comes_to_the_draft(desk: Desk) -> None:
    desk.core.preview = replace(PREVIEW, columns=("id", "text"))
    dialog = opened(desk, Path("/docs/tickets.csv"))
    dialog.kinds.buttons["prompt"].click()
    desk.until(lambda: len(drafts(desk)) == 2)
    dialog.forms["prompt"].template.setPlainText("Translate {txt}")
    desk.until(lambda: any("There is no {txt}." in said for said in dialog.preview.sentences))
    dialog.forms["prompt"].template.setPlainText("Translate {text}")
    desk.until(lambda: desk.core.params[dialog.draft.id] == PromptParams(template="Translate {text}"))
    asked = [params for _, params, _ in desk.core.called("change_job")] + [params for _, params, _ in drafts(desk)]
    assert all("{txt}" not in params.template for params in asked if isinstance(params, PromptParams))
    desk.until(dialog._start.isEnabled)
    dialog.reject()


def test_tab_goes_down_the_dialog_as_it_is_read(desk: Desk) -> None:
    dialog = previewed(desk, opened(desk, LEASE))
    desk.until(dialog.isActiveWindow)
    start = dialog.kinds.buttons["summarize"]
    start.setFocus()
    names = []
    while not names or not start.hasFocus():
        now = QApplication.focusWidget()
        assert now is not None
        names.append(now.accessibleName())
        desk.qtbot.keyClick(now, Qt.Key.Key_Tab)
    assert names == [
        "Kind of job: Summarise",
        "Length: A page",
        "Language",
        "Look for",
        "When it runs, and where results go, hidden",
        "Add files…",
        "Add a folder…",
        "Documents",
        "What the first item asks, hidden",
        "Cancel",
        "Start",
    ]
    dialog.reject()


def test_who_scrolls_past_a_field_does_not_change_it(desk: Desk) -> None:
    dialog = opened(desk, LEASE)
    desk.until(dialog.isActiveWindow)
    dialog.kinds.buttons["prompt"].click()
    form = dialog.forms["prompt"]
    box, place, pixels = form.longest, QPointF(5, 5), QPoint(0, 0)
    for has_keyboard, changes in ((False, False), (True, True)):
        (box if has_keyboard else form.template).setFocus()
        assert box.hasFocus() == has_keyboard
        before = box.value()
        wheel = QWheelEvent(
            place,
            QPointF(box.mapToGlobal(QPoint(5, 5))),
            pixels,
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(box, wheel)
        assert (box.value() != before) == changes
    dialog.reject()
