"""The window around the chat: sidebar, jobs, drop, preset, summary, keys, names for screen readers, refcounts."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAccessible, QColor, QDragEnterEvent, QDragMoveEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QTextBrowser,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.core.events import (
    ChatDeleted,
    EngineRestarted,
    JobChanged,
    JobRemoved,
    ModelStateChanged,
    NoticeShown,
    StatusChanged,
)
from app.core.model_lists import ModelLists
from app.core.views import ItemState, JobState, MachinePhase, Paragraph, Source, StatusView, SummaryView
from app.engine.interface import ModelState
from app.engine.messages import Preset
from app.gui import job_words, screenshots, words
from app.gui.chat_row import ROW_ROLE
from app.gui.keys import KeysDialog
from app.gui.new_job.dialog import NewJobDialog
from app.gui.settings_dialog import SettingsDialog
from app.gui.source_list import SourceList
from app.gui.summary_view import SummaryParagraph
from app.gui.theme import DARK, LIGHT, Theme, Tokens
from tests.gui.conftest import Desk
from tests.gui.scripted_core import NOW, job
from tests.gui.scripted_models import local

SUMMARY = SummaryView(
    job_id="j",
    title="Summary of lease.pdf",
    coverage="35 of 36 pages",
    paragraphs=(
        Paragraph(text="All of it.", label="pages 1–36", sources=(Source(label="page 1", text="The lease."),)),
        Paragraph(text="Who pays.", label="page 12", sources=(Source(label="page 12", text="7.2 Appliances"),)),
    ),
    notes=("Page 7 has no text.",),
)


def test_the_preset_is_chosen_by_mouse_and_by_keyboard(desk: Desk) -> None:
    toggle = desk.window.status_bar.toggle
    toggle.buttons["batch"].click()
    desk.until(lambda: desk.core.called("set_preset") == [(Preset.BATCH,)])
    desk.qtbot.keyClick(toggle, Qt.Key.Key_Left)
    desk.until(lambda: desk.core.called("set_preset")[1:] == [(Preset.BALANCED,)])
    assert toggle.value == "balanced"
    desk.core.emit(StatusChanged(status=StatusView(preset="responsive")))
    desk.until(lambda: toggle.value == "responsive")


def test_news_of_jobs_do_not_take_a_chosen_preset_back(desk: Desk) -> None:
    toggle = desk.window.status_bar.toggle
    toggle.buttons["batch"].click()
    desk.core.emit(JobChanged(job=job("j", "Summary", JobState.RUNNING, 1, 9)))
    desk.until(lambda: desk.window.jobs_pane._cards)
    desk.window.show_jobs_pane(True)
    assert toggle.value == "batch"


def test_a_dropped_file_is_summarised_and_a_bar_leads_to_the_result(desk: Desk, tmp_path: Path) -> None:
    data, file = QMimeData(), tmp_path / "lease.pdf"
    data.setUrls([QUrl.fromLocalFile(str(file))])
    button, key = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(10, 10), Qt.DropAction.CopyAction, data, button, key)
    QApplication.sendEvent(desk.window, enter)
    assert enter.isAccepted()
    assert desk.window.drops.overlay.isVisible()
    QApplication.sendEvent(desk.window, QDropEvent(QPointF(10, 10), Qt.DropAction.CopyAction, data, button, key))
    assert not desk.window.drops.overlay.isVisible()
    assert desk.window.jobs_pane.isVisible()
    desk.until(lambda: [call[2] for call in desk.core.called("add_job")] == [(file,)])
    desk.until(lambda: desk.window.jobs_pane._cards)
    job_id = next(iter(desk.window.jobs_pane._cards))
    desk.core.summaries[job_id] = SUMMARY
    desk.core.emit(JobChanged(job=job(job_id, "Summary of lease.pdf", JobState.DONE, 9, 9)))
    notices = desk.window.notices
    desk.until(lambda: notices.sentences == ["Summary of lease.pdf is ready."])
    notices._bars[job_id]._act()
    desk.until(lambda: desk.window.stack.currentWidget() is desk.window.job_pages.summary)


def test_text_that_is_dragged_is_not_taken_for_files(desk: Desk) -> None:
    data = QMimeData()
    data.setText("words")
    enter = QDragEnterEvent(
        QPoint(1, 1),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    enter.ignore()
    QApplication.sendEvent(desk.window, enter)
    assert not enter.isAccepted()
    assert not desk.window.drops.overlay.isVisible()


def test_a_summary_shows_its_pages_and_the_text_they_hold(desk: Desk) -> None:
    desk.core.summaries["j"] = SUMMARY
    desk.window.job_pages.open_summary("j")
    desk.until(lambda: desk.window.stack.currentWidget() is desk.window.job_pages.summary)
    page = desk.window.job_pages.summary
    paragraph = page.findChildren(SummaryParagraph)[1]
    assert paragraph.text.toPlainText() == "Who pays.  page 12"
    assert not paragraph.shows_sources
    paragraph.text.link_clicked.emit("rubato:source")
    assert paragraph.shows_sources
    shown = [label.text() for label in page.findChildren(QLabel)]
    assert "Made from 35 of 36 pages." in shown
    assert "Page 7 has no text." in shown
    desk.window._theme.choose("dark")
    assert paragraph.text.toPlainText() == "Who pays.  page 12"
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_Escape)
    assert desk.window.stack.currentWidget() is desk.window.conversation


def test_only_the_sources_that_are_asked_for_are_built_and_a_few_a_tick(desk: Desk) -> None:
    sources = tuple(Source(label=f"page {number}", text="Who pays. " * 400) for number in range(1, 1_066))
    overview = Paragraph(text="All of it.", label="pages 1–1065", sources=sources)
    desk.core.summaries["j"] = replace(SUMMARY, paragraphs=(overview, *SUMMARY.paragraphs))
    desk.window.job_pages.open_summary("j")
    desk.until(lambda: desk.window.stack.currentWidget() is desk.window.job_pages.summary)
    page = desk.window.job_pages.summary
    paragraph = page.findChildren(SummaryParagraph)[0]
    assert sum(made.n_shown for made in page.findChildren(SourceList)) == 0
    paragraph.toggle_sources()
    assert paragraph.sources.n_shown == 0  # the window has answered before the first is there
    more = paragraph.sources._more
    desk.until(more.isVisible)
    assert paragraph.sources.n_shown == 20
    assert more.text() == "Show 20 more of 1,045"
    more.setFocus()
    more.click()
    desk.until(lambda: paragraph.sources.n_shown == 40)
    assert not more.hasFocus()  # it is at the first of the new ones
    for _ in range(2):
        paragraph.toggle_sources()
    assert paragraph.sources.n_shown == 40


def test_a_job_card_says_state_progress_and_what_can_be_done(desk: Desk) -> None:
    desk.core.emit(JobChanged(job=job("j", "Summary of a.pdf", JobState.RUNNING, 34, 120, seconds_left=38 * 60)))
    desk.core.emit(StatusChanged(status=StatusView(bulk_tokens_per_second=203, jobs_done=34, jobs_total=120)))
    desk.until(lambda: "j" in desk.window.jobs_pane._cards)
    desk.window.show_jobs_pane(True)
    card = desk.window.jobs_pane._cards["j"]
    desk.until(lambda: card._line.text() == "34 of 120  ·  203 tok/s  ·  about 38 min left")
    assert card._state.text() == "running"
    assert not desk.window.conversation._job.isVisible()  # its card is in the pane
    desk.window.show_jobs_pane(False)
    assert desk.window.conversation._job.isVisible()
    desk.window.show_jobs_pane(True)
    card._buttons["pause"].click()
    desk.until(lambda: desk.core.called("pause_job") == [("j",)])
    desk.core.emit(StatusChanged(status=StatusView(phase=MachinePhase.BULK_PARKED, jobs_done=34, jobs_total=120)))
    desk.until(lambda: card._state.text() == "paused")  # no "0 s"
    assert desk.window.sidebar._jobs.text() == "Jobs   34 of 120"
    desk.core.emit(JobChanged(job=job("j", "Summary of a.pdf", JobState.FAILED, 3, 120, error="a.pdf is encrypted.")))
    desk.until(lambda: card._error.isVisible())
    assert {name for name, button in card._buttons.items() if button.isVisible()} == {"open", "retry", "remove"}
    assert not desk.window.conversation._job.isVisible()
    desk.core.emit(JobRemoved(job_id="j"))
    desk.until(lambda: not desk.window.jobs_pane._cards)
    assert desk.window.jobs_pane._empty.isVisible()


def test_what_is_let_go_on_more_and_every_table_opens_the_dialog(desk: Desk, tmp_path: Path) -> None:
    button, key, copy = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
    for name, on_more in (("lease.pdf", True), ("tickets.csv", False)):
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(tmp_path / name))])
        QApplication.sendEvent(desk.window, QDragEnterEvent(QPoint(10, 10), copy, data, button, key))
        place = desk.window.drops.overlay._more.geometry().center() if on_more else QPoint(10, 10)
        QApplication.sendEvent(desk.window, QDragMoveEvent(place, copy, data, button, key))
        assert desk.window.drops.overlay._more.property("marked")
        QApplication.sendEvent(desk.window, QDropEvent(QPointF(place), copy, data, button, key))
        dialog = desk.window.findChildren(NewJobDialog)[-1]
        assert dialog._paths == (tmp_path / name,)
        dialog.reject()
    desk.until(lambda: len(desk.core.called("add_job")) == 2)
    assert all(is_draft for *_, is_draft in desk.core.called("add_job"))


def test_a_card_keeps_its_height_while_its_job_changes_state(desk: Desk) -> None:
    desk.window.show_jobs_pane(True)
    heights = set()
    for state in set(JobState) - {JobState.DRAFT}:  # a draft has a dialog, and no card
        n_items = 0 if state is JobState.READING else 9
        desk.core.emit(JobChanged(job=job("j", "Summary of lease.pdf", state, n_items // 3, n_items)))
        desk.until(lambda state=state: _says(desk, job_words.job_state(job("j", "", state))))
        QApplication.sendPostedEvents()
        heights.add(desk.window.jobs_pane._cards["j"].sizeHint().height())
    assert len(heights) == 1


def _says(desk: Desk, state: str) -> bool:
    card = desk.window.jobs_pane._cards.get("j")
    return card is not None and card._state.text() == state


def test_the_labels_of_the_settings_stand_beside_their_fields(desk: Desk) -> None:
    desk.window.settings.open()
    dialog = desk.window.findChild(SettingsDialog)
    assert dialog is not None
    dialog.advanced.set_open(True)
    QApplication.processEvents()
    for title in dialog.findChildren(QLabel):
        if isinstance(field := title.buddy(), QPlainTextEdit):
            assert title.mapTo(dialog, QPoint(0, 0)).y() == field.mapTo(dialog, QPoint(0, 0)).y()
        elif field is not None:
            assert abs(middle(title, dialog) - middle(field, dialog)) <= 1
    assert dialog.temperature.mapTo(dialog, QPoint(0, 0)).x() == dialog.zoom.mapTo(dialog, QPoint(0, 0)).x()
    dialog.close()


def middle(widget: QWidget, inside: QWidget) -> float:
    return widget.mapTo(inside, QPoint(0, 0)).y() + widget.height() / 2


def test_chats_stand_in_groups(desk: Desk) -> None:
    desk.core.add_chat("a", "Warranty", updated=NOW)
    desk.core.add_chat("b", "Sauerteig", updated=NOW - 40 * 86_400)
    desk.window.start()
    model = desk.window.sidebar._model
    desk.until(lambda: model.rowCount() == 4 or model.rowCount() == 3)
    assert model.index(1).data(ROW_ROLE).chat.id == "a"


def test_a_deleted_chat_can_be_taken_back(desk: Desk) -> None:
    desk.core.add_chat("a", "Warranty", ("user", "x"))
    desk.window.start()
    desk.window.open_chat("a")
    desk.until(lambda: desk.window.conversation.chat_id == "a")
    desk.window.sidebar.asked.delete.emit("a")
    desk.until(lambda: desk.window.conversation.chat_id == "")
    notices = desk.window.notices
    assert notices.sentences == ["“Warranty” is deleted."]
    notices._bars["undo"]._act()
    desk.until(lambda: desk.core.called("restore_chat") == [("a",)])
    desk.until(lambda: desk.window.sidebar._model.row_of("chat a").isValid())
    desk.core.emit(ChatDeleted(chat_id="a"))


def test_notices_are_bars_and_not_dialogs(desk: Desk) -> None:
    desk.core.emit(EngineRestarted(sentence="The engine was started again."))
    desk.core.emit(NoticeShown(sentence="The disk is nearly full.", is_error=True))
    notices = desk.window.notices
    desk.until(lambda: len(notices.sentences) == 2)
    notices.dismiss("engine")
    assert notices.sentences == ["The disk is nearly full."]


def test_a_notice_is_seen_over_every_page(desk: Desk) -> None:
    desk.core.summaries["j"] = SUMMARY
    desk.window.job_pages.open_summary("j")
    desk.until(lambda: desk.window.stack.currentWidget() is desk.window.job_pages.summary)
    desk.core.emit(NoticeShown(sentence="The disk is nearly full.", is_error=True))
    desk.until(lambda: desk.window.notices.isVisible())
    desk.window.show_conversation()
    assert desk.window.notices.isVisible()
    assert desk.window.notices.sentences == ["The disk is nearly full."]


def test_a_sentence_is_shown_once_and_a_restart_goes_when_the_model_is_back(desk: Desk) -> None:
    crash, notices = "The engine stopped unexpectedly and was restarted.", desk.window.notices
    desk.core.emit(ModelStateChanged(state=ModelState.LOADING, name="m"))
    desk.core.emit(EngineRestarted(sentence=crash))
    desk.core.emit(NoticeShown(sentence="The disk is nearly full.", is_error=True))
    desk.core.emit(NoticeShown(sentence="The disk is nearly full.", is_error=True))
    desk.core.emit(NoticeShown(sentence=crash, is_error=True))
    desk.core.emit(EngineRestarted(sentence=crash))
    desk.until(lambda: desk.window.model_desk.state is ModelState.LOADING)
    desk.until(lambda: sorted(notices.sentences) == ["The disk is nearly full.", crash])
    desk.core.emit(ModelStateChanged(state=ModelState.READY, name="m"))
    desk.until(lambda: notices.sentences == ["The disk is nearly full."])  # an error stays


def test_a_narrow_window_folds_its_sidebar_away(desk: Desk) -> None:
    assert desk.window.sidebar.isVisible()
    desk.window.resize(850, 800)
    desk.until(lambda: not desk.window.sidebar.isVisible())
    assert desk.window.top_bar.sidebar_button.isVisible()
    desk.window.top_bar.sidebar_button.click()
    assert desk.window.sidebar.isVisible()
    desk.window.resize(1_300, 800)
    desk.until(lambda: desk.window.sidebar.isVisible())


def test_keys_open_what_they_say(desk: Desk) -> None:
    control = Qt.KeyboardModifier.ControlModifier
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_J, control)
    assert desk.window.jobs_pane.isVisible()
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_B, control)
    assert not desk.window.sidebar.isVisible()
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_F1)
    keys = desk.window.findChild(KeysDialog)
    assert keys is not None
    assert len({made.height() for made in keys.findChildren(QLabel, "keyCap")}) == 1  # whatever stands beside them
    keys.close()
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_Comma, control)
    dialog = desk.window.findChild(SettingsDialog)
    assert dialog is not None
    assert not dialog.isModal()
    dialog.theme.buttons["dark"].click()
    dialog.temperature.setValue(0.3)
    dialog.slowdown.setValue(2.0)
    dialog.kv_disk.setValue(0)
    dialog._save()
    desk.until(lambda: len(desk.core.called("change_settings")) == 2)
    folded, changes = (call[0] for call in desk.core.called("change_settings"))
    assert folded == {"sidebar_shown": False}
    assert (changes["theme"], changes["temperature"], changes["max_reply_tokens"]) == ("dark", 0.3, 2_048)
    assert (changes["balanced_slowdown"], changes["kv_disk_gb"]) == (2.0, 0)
    assert desk.window._theme.is_dark


def test_keys_of_the_chat_do_nothing_behind_a_summary(desk: Desk) -> None:
    desk.core.add_chat("c", "Chat", ("user", "q"), ("assistant", "a"))
    desk.core.messages["c"][1] = replace(desk.core.messages["c"][1], n_versions=3, version=2)
    desk.core.summaries["j"] = SUMMARY
    desk.window.open_chat("c")
    desk.until(lambda: desk.window.conversation.chat_id == "c")
    control, alt = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
    keys = (
        (Qt.Key.Key_R, control),
        (Qt.Key.Key_C, control | Qt.KeyboardModifier.ShiftModifier),
        (Qt.Key.Key_Left, alt),
        (Qt.Key.Key_Right, alt),
    )
    desk.window.job_pages.open_summary("j")
    desk.until(lambda: desk.window.stack.currentWidget() is desk.window.job_pages.summary)
    QGuiApplication.clipboard().setText("untouched")
    for key, modifiers in keys:
        desk.qtbot.keyClick(desk.window, key, modifiers)
    desk.window.show_conversation()
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_Right, alt)  # calls are worked on in order: this one is the first
    desk.until(lambda: desk.core.called("choose_version") == [("c-1", 3)])
    assert not desk.core.called("regenerate")
    assert QGuiApplication.clipboard().text() == "untouched"
    for key, modifiers in keys:
        desk.qtbot.keyClick(desk.window, key, modifiers)
    desk.until(lambda: len(desk.core.called("choose_version")) == 3)
    assert desk.core.called("regenerate") == [("c-1",)]
    assert QGuiApplication.clipboard().text() == "a"


def test_everything_that_takes_focus_has_a_name(desk: Desk) -> None:
    desk.core.add_chat("a", "Warranty", ("user", "x"), ("assistant", "```\ncode\n```"))
    desk.core.emit(JobChanged(job=job("j", "Summary", JobState.RUNNING, 1, 2)))
    desk.window.show_jobs_pane(True)
    desk.window.open_chat("a")
    desk.window.settings.open()
    desk.until(lambda: desk.window.conversation.chat_id == "a" and desk.window.jobs_pane._cards)
    desk.window.job_pages.open_items("j")
    desk.window.new_job([Path("lease.pdf")])
    dialog = desk.window.findChildren(NewJobDialog)[-1]
    dialog.forms["classify"].examples.add()
    kinds = (
        QAbstractButton,
        QLineEdit,
        QPlainTextEdit,
        QTextBrowser,
        QAbstractSpinBox,
        QComboBox,
        QAbstractItemView,
        QScrollArea,
    )
    inner = "qt_"  # parts of Qt's own widgets
    nameless = [
        f"{type(widget).__name__} {widget.objectName()}"
        for kind in kinds
        for widget in desk.window.findChildren(kind)
        if not widget.objectName().startswith(inner)
        and not widget.accessibleName()
        and not isinstance(widget.window().parent(), QComboBox)  # its list, which has its name
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    ]
    dialog.reject()
    assert nameless == []
    send = QAccessible.queryAccessibleInterface(desk.window.conversation.composer._send)
    assert send.role() == QAccessible.Role.Button
    assert send.text(QAccessible.Text.Name) == "Send"


def test_the_window_ends_when_it_is_closed_and_remembers_where_it_was(desk: Desk) -> None:
    desk.window.close()
    desk.until(lambda: desk.core.called("change_settings"))
    assert desk.core.called("change_settings")[0][0]["window_geometry"]


def test_screenshots_of_every_main_screen_light_and_dark(desk: Desk, tmp_path: Path) -> None:
    desk.core.add_chat("a", "Warranty", ("user", "x"), ("assistant", "y"))
    desk.core.summaries["j"] = SUMMARY
    desk.core.lists = ModelLists(local=(local("SmolLM2"),))
    desk.core.job_views, desk.core.item_counts[ItemState.DONE] = [job("j", "Summary", JobState.DONE, 9, 9)], 9
    desk.window.start()
    desk.until(lambda: desk.window.job_desk.job("j"))
    files = screenshots.take_chat(desk.window, desk.window._theme, tmp_path, "a")
    files += screenshots.take(desk.window, desk.window._theme, tmp_path, chat_id="a", job_id="j")
    assert len(files) == 20
    assert all(file.stat().st_size > 5_000 for file in files)


def luminance(colour: QColor) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF())


@pytest.mark.parametrize("tokens", [LIGHT, DARK])
def test_text_can_be_read_on_everything_it_stands_on(tokens: Tokens) -> None:
    def contrast(front: str, back: str) -> float:
        dark, light = sorted((luminance(QColor(front)), luminance(QColor(back))))
        return (light + 0.05) / (dark + 0.05)

    for back in (tokens.bg, tokens.side, tokens.raised, tokens.code):
        for front in (tokens.text, tokens.muted, tokens.accent, tokens.danger, tokens.warn, tokens.ok):
            assert contrast(front, back) >= 4.5, (front, back)
    assert contrast(tokens.muted, tokens.sel) >= 4.5
    assert contrast(tokens.on_accent, tokens.accent) >= 4.5
    assert contrast(tokens.on_accent, tokens.accent_hover) >= 4.5


def test_the_theme_follows_the_choice(theme: Theme, qtbot: QtBot) -> None:
    with qtbot.waitSignal(theme.changed):
        theme.choose("dark")
    assert theme.tokens is DARK


def test_figures_are_plain_and_short() -> None:
    assert words.seconds(0.164) == "0.16 s"
    assert words.seconds(12.4) == "12 s"
    assert words.time_left(38 * 60) == "about 38 min left"
    assert words.time_left(20) == "less than a minute left"
    assert words.size(92_000_000) == "92 MB"
    assert words.size(2_500_000_000) == "2.5 GB"
    assert words.percent(0.999) == "99 %"


def test_a_speed_is_told_only_while_jobs_move() -> None:
    status = StatusView(phase=MachinePhase.BULK, bulk_tokens_per_second=203, jobs_done=3, jobs_total=9)
    running = job("j", "x", JobState.RUNNING, 3, 9)
    assert words.machine(status) == "Jobs 3/9  ·  jobs at 203 tok/s"
    assert job_words.job_progress(running, status) == "3 of 9  ·  203 tok/s"
    parked = replace(status, phase=MachinePhase.BULK_PARKED)
    assert words.machine(parked) == "Jobs 3/9, paused for chat"
    assert job_words.job_progress(running, parked) == "3 of 9"
    assert job_words.job_state(running, 0.9) == "paused"
    assert job_words.job_state(running, 4.9) == "paused 4 s for this reply"


def test_a_job_that_is_done_tells_its_coverage_and_not_its_items() -> None:
    done = job("j", "x", JobState.DONE, 32, 32, coverage="38 of 38 pages")
    assert job_words.job_progress(done, StatusView()) == "38 of 38 pages"
    assert job_words.job_progress(replace(done, items_failed=1), StatusView()) == "38 of 38 pages  ·  1 failed"
    assert job_words.job_progress(replace(done, coverage=""), StatusView()) == "32 of 32"


def test_qt_gives_no_reference_to_none_away(qtbot: QtBot) -> None:
    """PySide6 6.12 on Python 3.11 loses one at every call that returns nothing, and aborts after some thousand."""
    widget = QWidget()
    qtbot.addWidget(widget)
    before = sys.getrefcount(None), sys.getrefcount(True), sys.getrefcount(False)
    for _ in range(2_000):
        widget.setObjectName("x")
        widget.isEnabled()
        widget.isModal()
    after = sys.getrefcount(None), sys.getrefcount(True), sys.getrefcount(False)
    assert all(abs(new - old) < 500 for old, new in zip(before, after, strict=True))
