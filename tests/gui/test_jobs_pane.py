"""Cards of jobs: what they say, the order they stand in, and what their menu asks of Core."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QMenu, QPushButton
from pytestqt.qtbot import QtBot

from app.core.events import JobChanged
from app.core.views import JobState, JobView, MachinePhase, StatusView
from app.gui import job_words
from app.gui.job_actions import JobActions
from app.gui.job_card import JobCard
from app.gui.theme import Theme
from tests.gui.conftest import Desk
from tests.gui.scripted_core import NOW, job

QUEUE = [
    job("done", "Old", JobState.DONE, 3, 3, created_seconds=NOW - 50),
    job("a", "A", JobState.RUNNING, 1, 3),
    job("over", "Between", JobState.CANCELLED, 1, 3, created_seconds=NOW - 10),
    job("b", "B", JobState.QUEUED, 0, 3),
    job("c", "C", JobState.PAUSED, 0, 3),
]


def shown(desk: Desk) -> list[str]:
    """The titles of the cards as they stand below each other."""
    column = desk.window.jobs_pane._list
    widgets = [column.itemAt(index).widget() for index in range(column.count())]
    return [card._title.text() for card in widgets if isinstance(card, JobCard)]


def start(desk: Desk, jobs: list[JobView]) -> None:
    desk.core.job_views = jobs
    desk.window.start()
    desk.window.show_jobs_pane(True)
    desk.until(lambda: len(desk.window.jobs_pane._cards) == len(jobs))


def choose(menu: QMenu, text: str) -> None:
    next(action for action in menu.actions() if action.text() == text).trigger()


def test_the_queue_stands_above_what_is_over(desk: Desk) -> None:
    start(desk, QUEUE)
    assert shown(desk) == ["A", "B", "C", "Between", "Old"]
    desk.core.emit(JobChanged(job=replace(QUEUE[1], state=JobState.DONE, items_done=3)))
    desk.until(lambda: shown(desk) == ["B", "C", "A", "Between", "Old"])
    desk.core.emit(JobChanged(job=job("d", "D", JobState.READING)))
    desk.until(lambda: shown(desk) == ["B", "C", "D", "A", "Between", "Old"])


def test_a_job_that_was_begun_here_says_that_it_is_over_and_others_do_not(desk: Desk) -> None:
    start(desk, QUEUE)
    said: list[str] = []
    desk.window.job_desk.over.connect(said.append)
    desk.window.job_desk.await_job(QUEUE[1].id)
    for one in QUEUE[1:3]:
        desk.core.emit(JobChanged(job=replace(one, state=JobState.DONE, items_done=3)))
    desk.until(lambda: bool(said))
    assert said == ["A is ready."]


def test_a_job_moves_past_its_neighbour_in_the_queue(desk: Desk) -> None:
    start(desk, QUEUE)
    pane = desk.window.jobs_pane
    choose(pane.menu_for("b"), "Move up")
    desk.until(lambda: desk.core.called("move_job") == [("b", -2)])  # past the one that is over, too
    desk.core.job_views = [QUEUE[3], *QUEUE[:3], QUEUE[4]]
    choose(pane.menu_for("b"), "Move down")
    desk.until(lambda: shown(desk)[:3] == ["B", "A", "C"])
    enabled = {action.text(): action.isEnabled() for action in pane.menu_for("b").actions()}
    assert (enabled["Move up"], enabled["Move down"]) == (False, True)


def test_the_menu_asks_for_what_is_seldom(desk: Desk) -> None:
    start(desk, [*QUEUE, job("f", "F", JobState.DONE, 2, 3, items_failed=1)])
    pane = desk.window.jobs_pane
    choose(pane.menu_for("a"), "Put first")
    desk.until(lambda: desk.core.called("put_job_first") == [("a", True)])
    assert "Move up" not in [action.text() for action in pane.menu_for("f").actions()]
    texts = {action.text(): action for action in pane.menu_for("done").actions()}
    assert not texts["Edit, and run the failed ones again…"].isEnabled()


def test_a_job_that_waits_says_why_and_takes_the_loaded_model(desk: Desk) -> None:
    waiting = job("w", "W", JobState.QUEUED, 0, 3, waits="Waits for its model, Big.", can_change_model=True)
    start(desk, [waiting])
    card = desk.window.jobs_pane._cards["w"]
    assert card._waits.text() == "Waits for its model, Big."
    assert "Waits for its model, Big." in card.accessibleName()
    card._use_model.click()
    desk.until(lambda: desk.core.called("use_loaded_model") == [("w",)])
    desk.core.emit(JobChanged(job=replace(waiting, waits="", can_change_model=False)))
    desk.until(lambda: not card._use_model.isVisible())


def test_a_card_tells_its_pace_its_documents_and_what_was_saved() -> None:
    running = job(
        "j", "x", JobState.RUNNING, 34, 120, items_per_second=1.24, tokens_per_second=203, seconds_left=38 * 60
    )
    moving = StatusView(phase=MachinePhase.BULK, bulk_tokens_per_second=150)
    assert job_words.job_progress(running, moving) == "34 of 120  ·  1.2 items/s  ·  203 tok/s  ·  about 38 min left"
    assert job_words.pace(0.02) == "1.2 items/min"
    assert job_words.job_documents(running) == ""
    some = replace(running, documents=40, documents_read=38, documents_failed=2)
    assert job_words.job_documents(some) == "38 of 40 documents, 2 not read"
    assert job_words.job_documents(replace(some, documents_read=12, documents_failed=0)) == "12 of 40 documents"
    assert job_words.job_documents(replace(some, documents_read=40, documents_failed=0)) == "40 documents"
    assert job_words.job_lacks(some) == ", but 2 documents were not read"
    assert job_words.job_lacks(replace(some, items_failed=1)) == ", but 2 documents were not read and 1 item failed"
    assert job_words.job_state(replace(running, is_first=True)) == "first, running"
    assert job_words.job_state(replace(running, is_first=True, state=JobState.DONE)) == "done"
    assert job_words.job_output(replace(running, output_path="/x/out.csv")) == "Results also go to /x/out.csv"
    assert job_words.job_lacks(running) == ""
    assert job_words.job_saved(replace(running, saved_tokens=61_000)) == "61,000 prompt tokens shared"
    assert job_words.duration(3.5 * 3600) == "about 3.5 hours"


def test_a_card_says_beside_each_other_what_a_job_was_to_take_and_what_it_took(desk: Desk) -> None:
    running = job("j", "x", JobState.RUNNING, 34, 120)
    start(desk, [running])
    card = desk.window.jobs_pane._cards["j"]
    done = replace(running, state=JobState.DONE, items_done=120, coverage="120 of 120 rows")
    desk.core.emit(JobChanged(job=replace(done, estimated_seconds=61 * 60, took_seconds=3.2 * 3600)))
    desk.until(lambda: "estimated" in card._line.text())
    assert card._line.text() == "120 of 120 rows  ·  estimated 61 min, took 3.2 h"
    assert card._line.isVisible()
    assert "estimated 61 min, took 3.2 h" in card.accessibleName()


def test_of_hundreds_of_jobs_that_are_over_the_newest_have_cards(desk: Desk) -> None:
    old = [job(f"d{n}", f"D{n}", JobState.DONE, 1, 1, created_seconds=NOW - n) for n in range(300)]
    desk.core.job_views = [*old, job("a", "A", JobState.RUNNING, 1, 3)]
    desk.window.start()
    desk.window.show_jobs_pane(True)
    desk.until(lambda: shown(desk) == ["A", *(f"D{n}" for n in range(20))])
    more = desk.window.jobs_pane._more
    assert more.text() == "Show 20 more of 280"
    more.setFocus()
    more.click()
    assert len(shown(desk)) == 41
    assert desk.window.jobs_pane._cards["d20"]._buttons["open"].hasFocus()


def test_while_there_is_no_job_one_button_offers_one(desk: Desk) -> None:
    desk.window.toggle_jobs()
    offers = [made for made in desk.window.jobs_pane.findChildren(QPushButton) if made.text() == "New job…"]
    assert [made.accessibleName() for made in offers if made.isVisible()] == ["Make a new job…"]
    assert desk.window.focusWidget() in offers
    start(desk, QUEUE[1:2])
    assert [made.accessibleName() for made in offers if made.isVisible()] == ["New job…"]


def test_a_state_that_is_long_goes_below_a_title_it_would_leave_no_room(theme: Theme, qtbot: QtBot) -> None:
    card = JobCard(theme, JobActions())
    qtbot.addWidget(card)
    running = job("j", "Summary of annual report.pdf", JobState.RUNNING, 1, 3)
    card.resize(420, 120)
    card.show()
    card.show_job(running, StatusView(), 43)
    assert card._state.y() < card._title.geometry().bottom()
    card.resize(260, 140)
    qtbot.waitUntil(lambda: card._state.y() > card._title.geometry().bottom())
    assert card._title.width() > 200
    card.resize(420, 120)
    qtbot.waitUntil(lambda: card._state.y() < card._title.geometry().bottom())


def test_the_keyboard_stays_on_new_job_when_the_first_one_appears_and_the_last_one_goes(desk: Desk) -> None:
    pane = desk.window.jobs_pane
    desk.window.toggle_jobs()
    assert pane._first.hasFocus()
    pane.show_job(QUEUE[0])
    assert pane._new.hasFocus()
    pane.remove("done")
    assert pane._first.hasFocus()
