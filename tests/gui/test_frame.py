"""Which parts of the window stand side by side at its width, which give way, and which float."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QRect, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QScrollArea, QWidget

from app.core.events import JobChanged, NoticeShown
from app.core.views import JobState
from app.gui.disclosure import Disclosure
from tests.gui.conftest import Desk
from tests.gui.scripted_core import job
from tests.gui.test_window import SUMMARY


def drop(desk: Desk, file: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file))])
    button, key = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    copy = Qt.DropAction.CopyAction
    QApplication.sendEvent(desk.window, QDragEnterEvent(QPoint(10, 10), copy, data, button, key))
    QApplication.sendEvent(desk.window, QDropEvent(QPointF(10, 10), copy, data, button, key))


def place_of(desk: Desk, widget: QWidget) -> QRect:
    return QRect(widget.mapTo(desk.window, QPoint(0, 0)), widget.size())


def cut_off(desk: Desk) -> list[str]:
    """The buttons that reach over the window's left or right edge."""
    inside = range(desk.window.width() + 1)
    return [
        made.accessibleName()
        for made in desk.window.findChildren(QAbstractButton)
        if made.isVisible()
        and not {place_of(desk, made).left(), place_of(desk, made).left() + made.width()} <= set(inside)
    ]


@pytest.mark.parametrize("width", [480, 600, 760, 900, 1_124, 1_320])
def test_nothing_is_cut_off_at_any_width(desk: Desk, width: int) -> None:
    desk.core.add_chat("c", "Chat", ("user", "q"), ("assistant", "a"))
    desk.core.emit(JobChanged(job=job("j", "Summary of a long name " * 5, JobState.RUNNING, 3, 9)))
    desk.window.open_chat("c")
    desk.until(lambda: desk.window.conversation.chat_id == "c" and desk.window.jobs_pane._cards)
    desk.window.resize(width, 400)
    for shows_jobs in (False, True):
        desk.window.show_jobs_pane(shows_jobs)
        for shows_sidebar in (True, False):
            desk.window.show_sidebar(shows_sidebar)
            desk.until(lambda: not cut_off(desk))
            assert desk.window.sidebar.isVisible() is shows_sidebar
            assert desk.window.jobs_pane.isVisible() is shows_jobs
            if desk.window.conversation.isVisible():
                assert desk.window.conversation.width() >= 480


def test_in_a_narrow_window_the_jobs_take_the_place_of_the_chat_and_give_it_back(desk: Desk) -> None:
    window = desk.window
    desk.core.summaries["j"] = SUMMARY
    window.resize(600, 500)
    window.show_jobs_pane(True)
    assert not window.conversation.isVisible()
    assert window.top_bar.isVisible()
    desk.qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert window.conversation.isVisible()
    assert not desk.core.called("stop")
    window.show_jobs_pane(True)
    window.resize(900, 500)
    desk.until(window.conversation.isVisible)
    assert window.jobs_pane.isVisible()
    assert window.jobs_pane.width() == 380
    window.resize(600, 500)
    desk.until(lambda: not window.conversation.isVisible())
    window.job_pages.open_summary("j")  # as the card's button does
    desk.until(window.job_pages.summary.isVisible)
    assert not window.jobs_pane.isVisible()


def test_in_a_narrow_window_the_sidebar_floats_until_something_is_chosen(desk: Desk) -> None:
    desk.core.add_chat("c", "Chat", ("user", "q"))
    window = desk.window
    window.start()
    window.resize(600, 500)
    desk.until(lambda: not window.sidebar.isVisible())
    window.top_bar.sidebar_button.click()
    assert window.sidebar.isVisible()
    assert window.conversation.width() == 600  # nothing has moved
    desk.qtbot.mouseClick(window.frame._scrim, Qt.MouseButton.LeftButton, pos=QPoint(500, 250))
    assert not window.sidebar.isVisible()
    for _ in range(2):
        desk.qtbot.keyClick(window, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    assert not window.sidebar.isVisible()
    window.show_sidebar(True)
    window.sidebar.chosen.emit("c")
    desk.until(lambda: window.conversation.chat_id == "c")
    assert not window.sidebar.isVisible()
    assert window.conversation.composer.text.hasFocus()
    assert not desk.core.called("change_settings")  # it is no choice for a wide window
    window.show_sidebar(True)
    window.resize(1_320, 700)
    desk.until(lambda: not window.frame._scrim.isVisible())
    assert window.sidebar.isVisible()


def test_a_low_window_shows_the_newest_notice_and_then_the_others(desk: Desk) -> None:
    notices = desk.window.notices
    desk.core.emit(JobChanged(job=job("j", "Summary", JobState.RUNNING, 3, 9)))
    desk.core.emit(NoticeShown(sentence="The disk is nearly full.", is_error=True))
    desk.core.emit(NoticeShown(sentence="A chat could not be written.", is_error=True))
    desk.until(lambda: len(notices.sentences) == 2)

    def seen() -> list[str]:
        return [bar.sentence for bar in notices._bars.values() if bar.isVisible()]

    assert len(seen()) == 2
    desk.window.resize(480, 400)
    desk.until(lambda: seen() == ["A chat could not be written."])
    desk.until(lambda: desk.window.frame.minimumSizeHint().height() <= 400)
    notices.dismiss("A chat could not be written.")
    assert seen() == ["The disk is nearly full."]


def test_a_dropped_file_opens_the_jobs_only_where_the_chat_stays_in_view(desk: Desk, tmp_path: Path) -> None:
    desk.window.resize(700, 600)
    drop(desk, tmp_path / "lease.pdf")
    desk.until(lambda: len(desk.core.called("add_job")) == 1)
    assert not desk.window.jobs_pane.isVisible()
    desk.until(desk.window.conversation._job.isVisible)  # how far it is stands above the composer
    desk.window.resize(900, 600)
    drop(desk, tmp_path / "lease.pdf")
    assert desk.window.jobs_pane.isVisible()
    assert desk.window.conversation.isVisible()


def test_in_a_narrow_window_the_settings_of_a_chat_take_its_place_and_give_it_back(desk: Desk) -> None:
    window, panel = desk.window, desk.window.conversation.parameters
    window.resize(560, 500)
    desk.qtbot.keyClick(window, Qt.Key.Key_Period, Qt.KeyboardModifier.ControlModifier)
    desk.until(panel.isVisible)
    assert not window.conversation.composer.isVisible()
    desk.until(lambda: panel.width() == window.conversation.width() and not cut_off(desk))
    desk.qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert not panel.isVisible()
    assert window.conversation.composer.isVisible()
    assert window.conversation.composer.text.hasFocus()
    window.toggle_parameters()
    window.resize(1_100, 500)
    desk.until(window.conversation.composer.isVisible)
    assert panel.isVisible()
    assert panel.width() == panel.beside_width
    window.resize(560, 500)
    desk.until(lambda: not window.conversation.composer.isVisible())
    window.new_chat()
    assert window.conversation.composer.isVisible()
    assert not panel.isVisible()


def test_the_settings_of_a_chat_are_never_higher_than_the_window(desk: Desk) -> None:
    desk.window.resize(1_200, 500)
    desk.window.toggle_parameters()
    panel = desk.window.conversation.parameters
    for part in panel.findChildren(Disclosure):
        part.set_open(True)
    desk.until(lambda: panel.findChild(QScrollArea).verticalScrollBar().maximum() > 0)
    assert desk.window.height() == 500


def test_the_button_of_the_settings_brings_the_chat_along(desk: Desk) -> None:
    desk.window.models.open()
    desk.until(lambda: desk.window.models.is_shown)
    desk.window.top_bar.parameters_button.click()
    assert desk.window.conversation.parameters.isVisible()
    desk.window.models.open()
    desk.window.top_bar.parameters_button.click()
    assert desk.window.conversation.parameters.isVisible()
    assert desk.window.conversation.composer.isVisible()


def test_the_keyboard_goes_along_where_a_narrow_window_hides_the_chat(desk: Desk) -> None:
    window, composer = desk.window, desk.window.conversation.composer.text
    window.resize(1_320, 860)
    window.show_jobs_pane(True)
    composer.setFocus()
    window.resize(600, 860)
    desk.until(lambda: window.jobs_pane.has_keyboard)
    window.show_jobs_pane(False)
    window.resize(1_320, 860)
    window.toggle_parameters()
    composer.setFocus()
    window.resize(600, 860)
    desk.until(lambda: window.conversation.parameters.persona.hasFocus())
