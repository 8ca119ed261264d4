"""The page of one job: its items come a page at a time, one of them opens beside the table, and results go out."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QFont, QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from app.core.events import JobChanged, JobRemoved
from app.core.kinds.prompt import PromptParams
from app.core.views import DocumentView, ItemPage, ItemState, ItemView, JobState, JobView
from app.errors import ErrorKind, KnownError
from app.gui.chat_row import ROW_ROLE
from app.gui.job_page.item_model import KEPT, NAME, PAGE, RESULT, STATE, ItemModel
from app.gui.job_page.item_words import in_one_line
from app.gui.job_page.page import JobPage
from app.gui.new_job.edit_dialog import EditDialog
from app.gui.segments import Segments
from app.gui.summary_drag import mime_of
from app.gui.theme import Theme
from tests.gui.conftest import Desk
from tests.gui.scripted_core import job
from tests.gui.test_window import SUMMARY

COUNTS = {ItemState.DONE: 300, ItemState.FAILED: 5, ItemState.RUNNING: 4, ItemState.QUEUED: 99_691}
BIG = job("j", "100,000 rows", JobState.RUNNING, 300, 100_000, kind="prompt", items_failed=5, items_running=4)


def opened(desk: Desk, shown: JobView = BIG) -> JobPage:
    """The page of a job, its first items read."""
    desk.core.item_counts = dict(COUNTS)
    desk.core.job_kinds[shown.id], desk.core.params[shown.id] = shown.kind, PromptParams(template="{text}?")
    desk.core.job_views = [shown]
    desk.window.start()
    desk.until(lambda: desk.window.job_desk.job(shown.id))
    desk.window.jobs_pane.actions_asked.open.emit(shown.id)
    page = desk.window.job_pages.items
    desk.until(lambda: page.model.item(0) is not None)
    return page


def cell(page: JobPage, row: int, column: int) -> str:
    return page.model.index(row, column).data()


def test_of_a_hundred_thousand_items_only_those_in_view_are_read(desk: Desk) -> None:
    page = opened(desk)
    assert desk.window.stack.currentWidget() is page
    assert page.model.rowCount() == 100_000
    assert (cell(page, 0, NAME), cell(page, 0, STATE)) == ("tickets.csv, row 1", "Done")
    assert cell(page, 70_000, NAME) == "…"
    bar = page.table.verticalScrollBar()
    for value in range(0, bar.maximum(), bar.maximum() // 300):  # a drag of the scroll bar
        bar.setValue(value)
    bar.setValue(bar.maximum())
    desk.until(lambda: page.model.item(99_999) is not None)
    assert cell(page, 99_999, STATE) == "Waiting"
    assert len(desk.core.called("items")) < 20


def test_when_the_job_is_over_its_page_says_what_it_was_to_take_and_what_it_took(desk: Desk) -> None:
    page = opened(desk)
    over = replace(BIG, state=JobState.DONE, items_done=99_995, estimated_seconds=50.0, took_seconds=43.0)
    desk.core.emit(JobChanged(job=over))
    desk.until(lambda: "estimated 50 s, took 43 s" in page.card._line.text())
    assert page.card._line.isVisible()


def test_a_filter_shows_one_state_with_its_count(desk: Desk) -> None:
    page = opened(desk)
    assert page.filter.buttons["failed"].text() == "Failed 5"
    assert page.filter.buttons["queued"].text() == "Waiting 99,691"
    page.filter.buttons["failed"].click()
    desk.until(lambda: page.model.rowCount() == 5)
    assert desk.core.called("items")[-1][1] is ItemState.FAILED
    assert cell(page, 0, RESULT) == "The answer was cut after 64 tokens."
    desk.core.item_counts[ItemState.RUNNING] = 0
    page.filter.buttons["running"].click()
    desk.until(page._empty.isVisible)
    assert page._empty.text() == "No item is running now."


def test_an_item_opens_beside_its_source_and_can_be_tried_again(desk: Desk) -> None:
    page = opened(desk)
    page.table.setFocus()
    desk.qtbot.keyClick(page.table, Qt.Key.Key_Down)
    desk.until(page.pane.isVisible)
    assert page.pane._text.toPlainText() == desk.core.output
    assert page.pane._source.shown.toPlainText() == f"Row {page.pane.item_id} as it was given."
    assert not page.pane._prompt.isVisible()
    page.pane._asked._button.click()
    assert "What is row" in page.pane._prompt.shown.toPlainText()
    page.pane._copy.click()
    assert QGuiApplication.clipboard().text() == desk.core.output
    page.table.setCurrentIndex(page.model.index(302, 0))
    desk.until(page.pane._error.isVisible)
    assert page.pane._error.text() == "The answer was cut after 64 tokens."
    page.pane._again.click()
    desk.until(lambda: desk.core.called("retry_item") == [(302,)])
    desk.qtbot.keyClick(page.table, Qt.Key.Key_Escape)
    assert not page.pane.isVisible()
    desk.qtbot.keyClick(page.table, Qt.Key.Key_Escape)
    assert desk.window.conversation.isVisible()


def test_data_is_shown_over_several_lines_and_in_one(desk: Desk) -> None:
    desk.core.output = json.dumps({"label": "question", "confidence": 0.934, "scores": {"question": 0.934}})
    page = opened(desk)
    assert cell(page, 0, RESULT) == "question  ·  93 %"
    page.table.setCurrentIndex(page.model.index(0, 0))
    desk.until(page.pane.isVisible)
    assert '\n  "label": "question",' in page.pane._data.shown.toPlainText()
    assert in_one_line('{"labels": ["a", "b\\"c"], "confidence": 0.5, "scores": {"a"') == 'a, b"c  ·  50 %'
    assert in_one_line('{"total": 12.5, "state": null, "name": "x"}') == "total: 12.5, state: –, name: x"
    assert in_one_line('{"total": 12.5, "na…') == '{"total": 12.5, "na…'


def test_what_is_in_view_follows_the_job_and_the_open_item_with_it(desk: Desk) -> None:
    page = opened(desk)
    page.table.setCurrentIndex(page.model.index(306, 0))  # runs
    desk.until(lambda: page.pane.isVisible() and page.pane.item_id == 306)
    assert page.pane._waiting.isVisible()
    desk.core.item_counts = {ItemState.DONE: 310, ItemState.FAILED: 0, ItemState.RUNNING: 4, ItemState.QUEUED: 99_686}
    desk.core.emit(JobChanged(job=replace(BIG, items_done=310, items_failed=0)))
    desk.until(lambda: page.pane._text.isVisible())
    assert page.table.currentIndex().row() == 306
    assert cell(page, 306, STATE) == "Done"
    assert page.filter.buttons["done"].text() == "Done 310"
    assert not page._edit.isVisible()


def test_a_page_that_can_not_be_read_is_said_once_and_asked_for_when_somebody_looks(desk: Desk) -> None:
    page = opened(desk)
    desk.core.error = KnownError(ErrorKind.BAD_REQUEST, "This job is not there any more.")
    page.table.scrollToBottom()
    desk.until(lambda: desk.window.notices.sentences == ["This job is not there any more."])
    assert cell(page, 99_990, NAME) == "…"
    desk.core.error = None
    desk.until(lambda: page.model.look_at(99_970, 99_999) or page.model.item(99_990))
    assert desk.window.notices.sentences == ["This job is not there any more."]


def test_the_prompt_is_edited_and_the_failed_ones_run_again(desk: Desk) -> None:
    page = opened(desk)
    page._edit.click()
    desk.until(lambda: desk.window.findChildren(EditDialog))
    (dialog,) = desk.window.findChildren(EditDialog)
    assert dialog.form.params() == PromptParams(template="{text}?")
    dialog.form.template.setPlainText("")
    dialog._run()
    assert dialog._problem.isVisible()
    dialog.form.template.setPlainText("{text}!")
    dialog._run()
    desk.until(lambda: desk.core.called("retry_job") == [("j",)])
    assert desk.core.called("change_job") == [("j", PromptParams(template="{text}!"), None)]
    desk.until(lambda: not desk.window.findChildren(EditDialog))


def test_results_go_to_a_file_half_way_through(desk: Desk, tmp_path: Path) -> None:
    opened(desk)
    desk.window.jobs_pane.actions_asked.export.emit("j", "csv")
    chooser = desk.window.findChild(QFileDialog)
    assert chooser is not None
    chooser.fileSelected.emit(str(tmp_path / "out.csv"))
    chooser.close()
    desk.until(lambda: desk.core.called("export_job") == [("j", tmp_path / "out.csv", "csv")])
    desk.until(lambda: desk.window.notices.sentences == [f"Saved to {tmp_path / 'out.csv'}."])


def test_the_documents_of_a_job_are_named_with_what_is_wrong(desk: Desk) -> None:
    failed = DocumentView(name="scan.pdf", state="failed", error="scan.pdf has no text.")
    desk.core.job_documents["j"] = [DocumentView(name="a.csv", state="done"), failed]
    page = opened(desk, replace(BIG, documents=2, documents_read=1, documents_failed=1))
    page._documents._button.click()
    desk.until(lambda: page.list.model().rowCount() == 2)
    assert page.list.model().index(0, 0).data() == "scan.pdf"


def test_a_job_that_is_removed_gives_way_to_the_chat(desk: Desk) -> None:
    opened(desk)
    desk.core.emit(JobRemoved(job_id="j"))
    desk.until(desk.window.conversation.isVisible)


# summaries


def test_a_summary_of_several_documents_offers_each_that_could_be_read(desk: Desk) -> None:
    done = job("s", "Summary of 3 documents", JobState.DONE, 9, 9, documents=3, kind="summarize")
    desk.core.summaries["s"] = replace(SUMMARY, job_id="s")
    desk.core.job_documents["s"] = [
        DocumentView(name="a.pdf", state="done"),
        DocumentView(name="b.pdf", state="failed", error="b.pdf is encrypted."),
        DocumentView(name="c.pdf", state="done"),
    ]
    desk.core.job_views = [done]
    desk.window.start()
    desk.until(lambda: desk.window.job_desk.job("s"))
    pages = desk.window.job_pages
    pages.open("s")
    desk.until(pages.summary.isVisible)
    assert desk.core.called("summary") == [("s", -1)]
    names = [pages.summary.documents.itemText(n) for n in range(pages.summary.documents.count())]
    assert names == ["All documents together", "a.pdf", "c.pdf"]
    pages.summary.documents.setCurrentIndex(2)
    pages.summary.documents.activated.emit(2)
    desk.until(lambda: desk.core.called("summary")[1:] == [("s", 2)])
    desk.until(lambda: pages.summary.documents.currentText() == "c.pdf")
    pages.summary._items.click()
    desk.until(pages.items.isVisible)
    pages.items._summary.click()
    desk.until(pages.summary.isVisible)


def test_a_summary_is_asked_about_in_a_new_chat(desk: Desk) -> None:
    desk.core.summaries["j"] = SUMMARY
    desk.window.job_pages.open_summary("j")
    desk.until(desk.window.job_pages.summary.isVisible)
    desk.window.job_pages.summary._ask.click()
    text = desk.window.conversation.composer.text
    assert text.hasFocus()
    assert text.toPlainText().startswith("> # Summary of lease.pdf\n>\n> *35 of 36 pages*\n>\n> All of it.")
    assert text.toPlainText().endswith("\n\n")


def test_a_summary_is_dropped_into_the_chat_and_onto_another(desk: Desk) -> None:
    desk.core.summaries["j"] = SUMMARY
    desk.core.add_chat("a", "Warranty", ("user", "x"))
    desk.window.start()
    side = desk.window.sidebar
    desk.until(lambda: side._model.row_of("chat a").isValid())
    mime, text = mime_of("j", 0), desk.window.conversation.composer.text
    text.setPlainText("Who pays?")
    drop(desk.window, mime, QPoint(700, 300))
    desk.until(lambda: text.toPlainText().startswith("> # Summary of lease.pdf"))
    assert text.toPlainText().endswith("\n\nWho pays?")
    assert not desk.window.drops.overlay.isVisible()
    text.clear()
    drop(side.list.viewport(), mime, side.list.visualRect(side._model.row_of("chat a")).center())
    desk.until(lambda: desk.window.conversation.chat_id == "a" and text.toPlainText())
    assert side._model.row_of("chat a").data(ROW_ROLE).chat.id == "a"
    assert not text.canInsertFromMimeData(mime)


def drop(target: QWidget, mime: QMimeData, place: QPoint) -> None:
    button, key, copy = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
    enter = QDragEnterEvent(place, copy, mime, button, key)
    QApplication.sendEvent(target, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(target, QDropEvent(QPointF(place), copy, mime, button, key))


# the model


class Shelf:
    """The items of a job, from which pages are taken by hand."""

    def __init__(self) -> None:
        self.items: list[int] = []
        self.asked: list[int] = []

    def ask(self, _job_id: str, _state: ItemState | None, offset: int) -> None:
        assert not self.asked  # one at a time
        self.asked.append(offset)

    def give(self, model: ItemModel) -> None:
        if self.asked:
            offset = self.asked.pop()
            shown = self.items[offset : offset + PAGE]
            views = tuple(
                ItemView(id=id, job_id="j", name=str(id), state=ItemState.DONE, input="", output="") for id in shown
            )
            model.take(ItemPage(job_id="j", state=None, offset=offset, total=len(self.items), items=views))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_after_any_scrolling_and_changing_what_is_in_view_is_as_it_is(theme: Theme, data: st.DataObject) -> None:
    shelf = Shelf()
    shelf.items = list(range(data.draw(st.integers(0, 1_500))))
    model = ItemModel(theme, shelf.ask)
    model.show_items("j", None)
    view, noise = (0, 0), random.Random(1)
    for step in data.draw(st.lists(st.sampled_from(["look", "change", "give", "late"]), max_size=20)):
        match step:
            case "look" if model.rowCount():
                first = data.draw(st.integers(0, model.rowCount() - 1))
                view = (first, min(first + 30, model.rowCount() - 1))
                model.look_at(*view)
            case "change":
                shelf.items = [noise.randrange(10**6) for _ in range(data.draw(st.integers(0, 1_500)))]
                model.refresh()
            case "give":
                shelf.give(model)
            case "late":  # of another filter, or asked for before
                model.take(ItemPage(job_id="j", state=ItemState.DONE, offset=0, total=1, items=()))
    for _ in range(40):
        shelf.give(model)
    first, last = view[0], min(view[1], len(shelf.items) - 1)
    model.look_at(first, last)
    for _ in range(40):
        shelf.give(model)
    assert model.rowCount() == len(shelf.items)
    shown = [item.id if (item := model.item(row)) is not None else None for row in range(first, last + 1)]
    assert shown == shelf.items[first : last + 1]
    assert len(model._pages) <= KEPT


def test_a_long_text_shows_its_beginning_and_then_all(desk: Desk) -> None:
    page = opened(desk)
    source = page.pane._source
    source.show_text("word " * 20_000)
    assert len(source.shown.toPlainText()) < 10_000
    assert source._more.text() == "Show all of it, 100,000 characters"
    source._more.click()
    assert len(source.shown.toPlainText()) == 100_000
    assert not source._more.isVisible()


def test_a_row_of_segments_stays_marked_with_another_theme(theme: Theme, qtbot: QtBot) -> None:
    segments = Segments("Length", {"line": ("A line", ""), "page": ("A page", "")})
    qtbot.addWidget(segments)
    segments.show()
    segments.buttons["page"].click()
    theme.choose("dark")
    bold = [value for value, button in segments.buttons.items() if button.font().weight() > QFont.Weight.Normal]
    assert bold == ["page"]
