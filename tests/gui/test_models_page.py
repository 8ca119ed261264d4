"""The page of models and the first run, as a person uses them: by mouse, by keys, and by a screen reader's names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.core.events import ChatChanged, DownloadChanged, ModelsChanged, ModelStateChanged
from app.core.model_lists import ModelLists
from app.core.model_views import DownloadState, DownloadView, HubFile, HubModel, HubTokenState, ModelPlace
from app.engine.interface import ModelState
from app.errors import ErrorKind, KnownError
from app.gui.first_run import FirstRun
from app.gui.models.account_dialog import AccountDialog
from app.gui.models.download_row import DownloadRow
from app.gui.models.page import ModelsPage
from app.gui.models.row import ModelRow
from app.gui.theme import Theme
from tests.gui.conftest import Desk
from tests.gui.scripted_models import FITS, SLOW, TOO_LARGE, known, local

STARTER = known("s", "Starter", 135e6, 98e6, FITS)
MIDDLE = known("m", "Middle", 1.7e9, 1.1e9, replace(FITS, expected_tokens_per_second=9.1))
GATED = known("g", "Gated", 3.2e9, 2.0e9, FITS, is_gated=True)
LARGE = known("x", "Large", 70e9, 42e9, TOO_LARGE)
COMING = DownloadView(
    id="d",
    name="Middle",
    state=DownloadState.RUNNING,
    done_bytes=473_000_000,
    total_bytes=1_100_000_000,
    bytes_per_second=3.1e6,
    seconds_left=202.0,
)
REPOSITORY = "someone/Model-GGUF"
FILE = HubFile(
    repository=REPOSITORY,
    revision="0" * 40,
    name="model-Q4_K_M.gguf",
    parts=("model-Q4_K_M.gguf",),
    size_bytes=2_500_000_000,
    quantisation="Q4_K_M",
    sha256s=("",),
    fit=SLOW,
)


def open_page(desk: Desk, lists: ModelLists) -> ModelsPage:
    desk.core.lists = lists
    desk.window.models.open()
    page = desk.window.models.page
    desk.until(lambda: page.isVisible() and desk.window.models.lists is lists)
    desk.until(desk.window.isActiveWindow)
    return page


def press(widget: QWidget, name: str) -> None:
    next(b for b in widget.findChildren(QPushButton) if b.accessibleName() == name and not b.isHidden()).click()


def texts(widget: QWidget) -> str:
    return " ".join(child.text() for child in widget.findChildren(QWidget) if hasattr(child, "text"))


def test_each_model_has_its_size_its_verdict_in_a_word_and_what_can_be_done(desk: Desk) -> None:
    here = local("Here", is_loaded=True)
    other = local("Other", 4_700_000_000, fit=SLOW, place=ModelPlace.OLLAMA)
    broken = local("Broken", fit=None, problem="Broken.gguf is cut short. Download it again.")
    page = open_page(desk, ModelLists(local=(here, other, broken), catalogue=(STARTER, LARGE)))
    rows = {row.name: texts(row) for row in page.findChildren(ModelRow)}
    assert "Fits" in rows["Here"]
    assert "about 84 tok/s" in rows["Here"]
    assert "In use" in rows["Here"]
    assert "from Ollama" in rows["Other"]
    assert "Slow" in rows["Other"]
    assert "cut short" in rows["Broken"]
    assert "Won't fit" in rows["Large"]
    press(page, "Use Other")
    desk.until(lambda: desk.core.called("load_model") == [(Path("Other.gguf"),)])
    press(page, "Get Starter")
    desk.until(lambda: desk.core.called("download_model") == [("s",)])


def test_a_model_that_is_kept_says_so_and_can_be_unloaded(desk: Desk) -> None:
    lists = ModelLists(local=(local("Here", is_loaded=True), local("Other", is_kept=True)))
    page = open_page(desk, lists)
    rows = {row.name: row for row in page.findChildren(ModelRow)}
    assert "in memory" in texts(rows["Other"])
    assert "in memory" not in texts(rows["Here"])
    press(page, "More about Other")
    desk.until(lambda: rows["Other"].findChild(QMenu))
    rows["Other"].findChild(QMenu).actions()[0].trigger()
    desk.until(lambda: desk.core.called("unload") == [(Path("Other.gguf"),)])
    press(page, "More about Here")
    desk.until(lambda: rows["Here"].findChild(QMenu))
    assert [action.text() for action in rows["Here"].findChild(QMenu).actions()] == ["Unload the model"]
    rows["Here"].findChild(QMenu).actions()[0].trigger()
    desk.until(lambda: desk.core.called("unload")[-1] == (Path("Here.gguf"),))
    desk.window.model_desk.open_menu()
    desk.until(lambda: desk.window.top_bar.findChild(QMenu))
    menu = desk.window.top_bar.findChild(QMenu)
    assert "in memory" in menu.actions()[1].text()
    menu.close()


def test_what_is_peculiar_about_a_model_stands_below_what_it_is_good_at(desk: Desk) -> None:
    page = open_page(desk, ModelLists(catalogue=(replace(STARTER, quirks=("Thinks before it answers.",)),)))
    row = page.findChild(ModelRow)
    assert f"{STARTER.good_at} Thinks before it answers." in texts(row)


def test_a_download_tells_how_far_it_is_and_can_be_paused_resumed_and_cancelled(desk: Desk) -> None:
    page = open_page(desk, ModelLists(catalogue=(MIDDLE,)))
    assert not page.downloads.isVisible()
    desk.core.emit(DownloadChanged(download=COMING))
    desk.until(lambda: page.findChildren(DownloadRow))
    row = page.findChild(DownloadRow)
    assert "43 % of 1.1 GB" in texts(row)
    assert "MB/s" in texts(row)
    assert "about 3 min left" in texts(row)
    row.main.setFocus()
    row.main.click()
    desk.until(lambda: desk.core.called("pause_download") == [("d",)])
    desk.core.emit(DownloadChanged(download=replace(COMING, state=DownloadState.PAUSED)))
    desk.until(lambda: row.main.text() == "Resume")
    assert row.main.hasFocus()
    row.main.click()
    desk.until(lambda: desk.core.called("resume_download") == [("d",)])
    row.cancel.click()
    desk.until(lambda: desk.core.called("cancel_download") == [("d",)])
    desk.core.emit(DownloadChanged(download=replace(COMING, is_cancelled=True)))
    desk.until(lambda: not page.downloads.isVisible())


def test_a_download_that_failed_says_why_and_can_be_tried_again(desk: Desk) -> None:
    why = "The disk is full. Free some space and try again."
    page = open_page(desk, ModelLists(downloads=(replace(COMING, state=DownloadState.FAILED, sentence=why),)))
    assert why in texts(page.downloads)
    press(page, "Try again, Middle")
    desk.until(lambda: desk.core.called("resume_download") == [("d",)])


def test_a_model_that_has_come_is_offered_and_used_at_once_where_there_is_none(desk: Desk) -> None:
    done = replace(COMING, state=DownloadState.DONE, path=Path("Middle.gguf"))
    desk.core.emit(ModelStateChanged(state=ModelState.READY, name="other"))
    desk.core.emit(DownloadChanged(download=done))
    desk.until(lambda: any("is here" in said for said in desk.window.notices.sentences))
    assert not desk.core.called("load_model")
    desk.core.emit(ModelStateChanged(state=ModelState.FAILED, name="", sentence="None."))
    desk.core.emit(DownloadChanged(download=done))
    desk.until(lambda: desk.core.called("load_model") == [(Path("Middle.gguf"),)])


def test_the_hub_is_asked_on_enter_and_its_files_get_verdicts(desk: Desk) -> None:
    page = open_page(desk, ModelLists())
    desk.core.found = (HubModel(repository=REPOSITORY, downloads=12_000, likes=1, is_gated=False, updated_seconds=0),)
    desk.core.hub_file_views = (FILE,)
    desk.qtbot.keyClicks(page.search, "model")
    assert not desk.core.called("search_hub")
    desk.qtbot.keyClick(page.search, Qt.Key.Key_Return)
    desk.until(lambda: page.hub.rows)
    assert "12,000 downloads" in texts(page.hub)
    press(page, f"Files {REPOSITORY}")
    desk.until(lambda: "Q4_K_M" in texts(page.hub))
    desk.until(lambda: "about 84 tok/s" in texts(page.hub))  # once the file was asked what it says of itself
    press(page, "Get Q4_K_M")
    desk.until(lambda: desk.core.called("download") == [(FILE,)])


def test_a_hub_that_does_not_answer_says_so_in_its_place(desk: Desk) -> None:
    page = open_page(desk, ModelLists())
    desk.core.error = KnownError(ErrorKind.DOWNLOAD_FAILED, "The hub can't be reached. Check the network.")
    desk.core.refused = ("search_hub",)
    page.search.setText("model")
    page.search.returnPressed.emit()
    desk.until(lambda: "can't be reached" in texts(page.hub))
    desk.core.error = None
    press(page, "Try again, On the hub")
    desk.until(lambda: "no GGUF model" in texts(page.hub))


def test_an_empty_list_has_a_sentence_and_an_action(desk: Desk) -> None:
    page = open_page(desk, ModelLists())
    assert "No model yet" in texts(page.local)
    assert any(b.text() == "Add a file…" for b in page.local.findChildren(QPushButton))


def test_a_deleted_model_can_be_taken_back(desk: Desk) -> None:
    page = open_page(desk, ModelLists(local=(local("Mine"),)))
    press(page, "More about Mine")
    menu = page.findChild(QMenu)
    menu.actions()[0].trigger()
    menu.close()
    desk.until(lambda: not page.local.rows)
    next(b for b in desk.window.notices.findChildren(QPushButton) if b.text() == "Undo").click()
    desk.until(lambda: page.local.rows)
    assert not desk.core.called("delete_model")


def test_a_model_that_was_deleted_is_gone_when_the_window_closes(desk: Desk) -> None:
    page = open_page(desk, ModelLists(local=(local("Mine"),)))
    page.delete_asked.emit(desk.core.lists.local[0])
    desk.window.close()
    desk.until(lambda: desk.core.called("delete_model") == [(Path("Mine.gguf"),)])


def test_a_gated_model_leads_to_the_account_and_a_refused_token_stays_typed(desk: Desk) -> None:
    lists = ModelLists(catalogue=(GATED,), token=HubTokenState(has_token=False, endpoint="https://hub.example"))
    page = open_page(desk, lists)
    press(page, "Get Gated")
    dialog = desk.window.findChild(AccountDialog)
    assert dialog is not None
    assert "https://hub.example" in texts(dialog)
    assert not dialog.save.isEnabled()
    desk.core.error = KnownError(ErrorKind.BAD_REQUEST, "The hub did not take this token.")
    desk.core.refused = ("set_hub_token",)
    dialog.token.setText("hf_wrong")
    dialog.save.click()
    desk.until(lambda: "did not take" in texts(dialog))
    assert dialog.token.text() == "hf_wrong"
    desk.core.error = None
    desk.qtbot.keyClick(dialog.token, Qt.Key.Key_Return)
    desk.until(lambda: desk.core.called("set_hub_token")[-1] == ("hf_wrong",))
    desk.until(lambda: desk.window.findChild(AccountDialog) is None)
    assert not desk.core.called("download_model")


def test_after_a_list_is_new_the_keyboard_is_where_it_was(desk: Desk) -> None:
    lists = ModelLists(local=(local("One"), local("Two")))
    page = open_page(desk, lists)
    row = next(row for row in page.findChildren(ModelRow) if row.name == "Two")
    assert row.button is not None
    row.button.setFocus()
    desk.core.lists = replace(lists, local=(local("Zero"), *lists.local))
    desk.core.emit(ModelsChanged())
    desk.until(lambda: len(page.local.rows) == 3)
    focused = QApplication.focusWidget()
    assert focused is not None
    assert focused.accessibleName() == "Use Two"


def test_the_page_is_reached_and_left_by_keys_and_all_on_it_has_a_name(desk: Desk) -> None:
    page = open_page(desk, ModelLists(local=(local("One"),), catalogue=(STARTER,), downloads=(COMING,)))
    desk.until(page.search.hasFocus)
    desk.until(lambda: all(row.isVisible() for row in page.local.rows))
    seen = set()
    for _ in range(90):
        desk.qtbot.keyClick(QApplication.focusWidget() or page, Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
        if focused is not None and page.isAncestorOf(focused):
            seen.add(focused.accessibleName())
    assert {"Use One", "Get Starter", "Pause, Middle", "Cancel the download of Middle", "Search"} <= seen
    for child in (button for button in page.findChildren(QAbstractButton) if button.isVisible()):
        face = QAccessible.queryAccessibleInterface(child)
        assert face.text(QAccessible.Text.Name), child
    desk.qtbot.keyClick(page, Qt.Key.Key_Escape)
    desk.until(desk.window.conversation.isVisible)


def test_how_models_are_loaded_is_kept(desk: Desk) -> None:
    page = open_page(desk, ModelLists())
    page.fields.unload.setValue(10)
    page.fields.context.setValue(4096)
    desk.until(lambda: desk.core.called("change_settings"))
    (changes,) = desk.core.called("change_settings")[-1]
    assert changes == {
        "context_tokens": 4096,
        "unload_after_minutes": 10.0,
        "gpu_layers": -1,
        "kv_kind": "",
        "flash_attention": "",
    }
    page.fields.kv.setCurrentIndex(page.fields.kv.findData("Q8_0"))
    page.fields.kv.activated.emit(page.fields.kv.currentIndex())
    desk.until(lambda: desk.core.called("change_settings")[-1][0]["kv_kind"] == "Q8_0")


def test_what_gpu_is_used_and_what_is_missing_for_it_is_said_beside_the_layers(desk: Desk) -> None:
    missing = "A GPU of NVIDIA: not used, its driver for CUDA is not installed. Install that first."
    desk.core.devices = (missing,)
    page = open_page(desk, ModelLists())
    desk.until(lambda: missing in texts(page.fields))


def test_how_several_gpus_share_a_model_can_be_chosen_where_there_are_several(desk: Desk) -> None:
    page = open_page(desk, ModelLists(gpus=("Big", "Small")))
    assert page.fields.split.isVisibleTo(page.fields)
    assert "In this order: Big, Small" in texts(page.fields)
    page.fields.split.clear()
    desk.qtbot.keyClicks(page.fields.split, "3, 1")
    desk.until(lambda: desk.core.called("change_settings"))
    assert desk.core.called("change_settings")[-1][0]["gpu_split"] == [3, 1]

    desk.qtbot.keyClicks(page.fields.split, ", 2")
    desk.until(lambda: "“3, 1, 2” does not say how 2 GPUs share a model." in texts(page.fields))
    desk.until(lambda: "gpu_split" not in desk.core.called("change_settings")[-1][0])
    desk.qtbot.keyClick(page.fields.split, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    desk.qtbot.keyClick(page.fields.split, Qt.Key.Key_Delete)
    desk.until(lambda: desk.core.called("change_settings")[-1][0].get("gpu_split") == [])
    assert "does not say" not in texts(page.fields)


def test_with_one_gpu_there_is_nothing_to_share(desk: Desk) -> None:
    page = open_page(desk, ModelLists(gpus=("Big",)))
    assert not page.fields.split.isVisibleTo(page.fields)


# the first run


def first(desk: Desk, lists: ModelLists) -> QWidget:
    desk.core.lists = lists
    desk.core.emit(ModelsChanged())
    desk.until(lambda: desk.window.models.lists is lists)
    desk.until(desk.window.beginning.first_run.isVisible)
    return desk.window.beginning.first_run


def test_at_the_first_start_the_starter_is_ready_and_the_composer_has_the_keyboard(desk: Desk) -> None:
    desk.core.emit(ModelStateChanged(state=ModelState.READY, name="Starter"))
    here = replace(local("Starter"), is_loaded=True)
    shown = first(desk, ModelLists(local=(here,), catalogue=(replace(STARTER, path=here.path), MIDDLE, GATED, LARGE)))
    assert "In use" in texts(shown)
    assert "Middle" in texts(shown)
    assert "Gated" not in texts(shown)  # it would take more than three clicks
    assert "70.0 B" not in texts(shown)
    desk.until(desk.window.conversation.composer.text.hasFocus)
    desk.core.add_chat("c", "Chat")
    desk.core.emit(ChatChanged(chat=desk.core.chat_views["c"]))
    desk.until(lambda: not shown.isVisible())


def test_while_the_model_is_loaded_the_first_page_says_so(desk: Desk) -> None:
    desk.core.emit(ModelStateChanged(state=ModelState.LOADING, name="Starter"))
    here = local("Starter")
    shown = first(desk, ModelLists(local=(here,), catalogue=(replace(STARTER, path=here.path), MIDDLE)))
    assert "is being loaded" in texts(shown)
    assert "is ready" not in texts(shown)
    assert not [button for button in shown.findChildren(QAbstractButton) if button.text() == "Use"]
    desk.core.lists = ModelLists(local=(replace(here, is_loaded=True),), catalogue=(MIDDLE,))
    desk.core.emit(ModelStateChanged(state=ModelState.READY, name="Starter"))
    desk.until(lambda: "In use" in texts(shown) and "is ready" in texts(shown))


def test_the_first_page_is_empty_until_it_is_known_what_there_is(theme: Theme, qtbot: QtBot) -> None:
    page = FirstRun(theme)
    qtbot.addWidget(page)
    page.show()
    assert not [part for part in page.findChildren(QWidget) if part.isVisible()]
    page.show_lists(ModelLists(catalogue=(STARTER,)))
    assert "Starter" in texts(page)


def test_without_a_model_one_press_gets_the_starter(desk: Desk) -> None:
    desk.core.emit(ModelStateChanged(state=ModelState.FAILED, name="", sentence="None."))
    shown = first(desk, ModelLists(catalogue=(STARTER, MIDDLE)))
    assert "First, a model" in texts(shown)
    press(shown, "Get Starter")
    desk.until(lambda: desk.core.called("download_model") == [("s",)])
    coming = replace(COMING, name="Starter")
    desk.core.emit(DownloadChanged(download=coming))
    desk.until(lambda: "43 %" in texts(shown))
    assert "loaded by itself" in texts(shown)


@pytest.mark.parametrize("state", [ModelState.ASLEEP, ModelState.LOADING])
def test_the_bar_says_what_the_model_does(desk: Desk, state: ModelState) -> None:
    desk.core.emit(ModelStateChanged(state=state, name="m", fraction=0.43))
    wanted = {ModelState.ASLEEP: "Asleep", ModelState.LOADING: "Loading, 43 %"}[state]
    desk.until(lambda: wanted in texts(desk.window.top_bar))


def test_the_model_is_unloaded_from_its_menu_while_it_is_there(desk: Desk) -> None:
    desk.core.lists = ModelLists(local=(local("m"),))
    for state, can_be in ((ModelState.LOADING, False), (ModelState.READY, True)):
        desk.core.emit(ModelStateChanged(state=state, name="m", fraction=0.43))
        desk.until(lambda state=state: desk.window.model_desk.state is state)
        desk.window.model_desk.open_menu()
        desk.until(lambda: desk.window.top_bar.findChildren(QMenu))
        menu = desk.window.top_bar.findChildren(QMenu)[-1]
        unload = next(action for action in menu.actions() if action.text() == "Unload the model")
        assert unload.isEnabled() is can_be
        unload.trigger()
        menu.close()
        desk.until(lambda: not desk.window.top_bar.findChildren(QMenu))
    desk.until(lambda: desk.core.called("unload") == [(None,)])
