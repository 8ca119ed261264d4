"""Without a model that can be used the window says why and leads to one."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMenu

from app.core.events import ModelStateChanged
from app.core.views import ModelView
from app.engine.interface import ModelState
from app.errors import ErrorKind, KnownError
from tests.gui.conftest import Desk
from tests.gui.test_conversation import button

BAD = "broken.gguf is not a model that can be read."
HERE = ModelView(id="m", name="m", path=Path("m.gguf"), size_bytes=1)
NOT_HERE = ModelView(id="s", name="Starter", path=None, size_bytes=92_000_000)


def test_a_bad_model_leads_to_the_menu_until_one_is_loaded(desk: Desk) -> None:
    desk.core.model_views = [HERE, NOT_HERE]
    notices = desk.window.notices
    desk.core.emit(ModelStateChanged(state=ModelState.FAILED, name="broken", sentence=BAD))
    desk.until(lambda: notices.sentences == [BAD])
    button(desk, "Choose a model").click()
    desk.until(lambda: desk.window.top_bar.findChild(QMenu))
    desk.window.top_bar.findChild(QMenu).close()
    assert notices.sentences == [BAD]  # nothing was chosen yet
    desk.core.emit(ModelStateChanged(state=ModelState.LOADING, name="m"))
    desk.until(lambda: not notices.sentences)


def test_without_any_model_a_file_can_be_chosen(desk: Desk, tmp_path: Path) -> None:
    desk.core.model_views = [NOT_HERE]
    desk.core.emit(ModelStateChanged(state=ModelState.FAILED, name="", sentence="There is no model."))
    desk.until(lambda: desk.window.notices.sentences)
    assert desk.window.notices.sentences[0].startswith("There is no model on this machine yet. Choose a GGUF file")
    button(desk, "Choose a file…").click()
    dialog = desk.window.findChild(QFileDialog)
    assert dialog is not None
    dialog.fileSelected.emit(str(tmp_path / "m.gguf"))
    dialog.close()
    desk.until(lambda: desk.core.called("load_model") == [(tmp_path / "m.gguf",)])
    desk.core.emit(ModelStateChanged(state=ModelState.FAILED, name="m", sentence=BAD))
    desk.until(lambda: desk.window.notices.sentences == [BAD])  # why this file, not that there is none
    assert button(desk, "Choose a file…")


def test_a_model_that_is_not_taken_while_another_serves_stays_told(desk: Desk) -> None:
    desk.core.model_views = [HERE]
    desk.core.error = KnownError(ErrorKind.MODEL_UNREADABLE, BAD)
    desk.core.emit(ModelStateChanged(state=ModelState.FAILED, name="broken", sentence=BAD))
    desk.core.emit(ModelStateChanged(state=ModelState.LOADING, name="m"))
    desk.core.emit(ModelStateChanged(state=ModelState.READY, name="m"))
    desk.window.model_desk.load(Path("broken.gguf"))  # answered after the model before is back
    desk.until(lambda: desk.window.notices.sentences == [BAD])
    assert button(desk, "Choose a model")
