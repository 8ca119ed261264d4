"""Without a model that can be used the window says why and leads to one."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMenu, QPushButton

from app.core.events import ModelStateChanged
from app.core.load_offer import LoadOffer
from app.core.model_lists import ModelLists
from app.engine.interface import ModelState
from app.errors import ErrorKind, KnownError
from tests.gui.conftest import Desk
from tests.gui.scripted_models import FITS, known, local
from tests.gui.test_conversation import button

BAD = "broken.gguf is not a model that can be read."
HERE = ModelLists(local=(local("m"),))
NOT_HERE = ModelLists(catalogue=(known("s", "Starter", 135e6, 92e6, FITS),))


def test_a_bad_model_leads_to_the_menu_until_one_is_loaded(desk: Desk) -> None:
    desk.core.lists = HERE
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
    desk.core.lists = NOT_HERE
    desk.core.emit(ModelStateChanged(state=ModelState.FAILED, name="", sentence="There is no model."))
    first = desk.window.beginning.first_run
    desk.until(first.isVisible)
    assert not desk.window.notices.sentences  # the page itself says it
    button(desk, "Open a GGUF file…").click()
    dialog = desk.window.findChild(QFileDialog)
    assert dialog is not None
    dialog.fileSelected.emit(str(tmp_path / "m.gguf"))
    dialog.close()
    desk.until(lambda: desk.core.called("load_model") == [(tmp_path / "m.gguf",)])
    desk.core.emit(ModelStateChanged(state=ModelState.FAILED, name="m", sentence=BAD))
    desk.until(lambda: desk.window.notices.sentences == [BAD])  # why this file, not that there is none
    button(desk, "Get a model").click()
    desk.until(desk.window.models.page.isVisible)


def test_a_model_that_does_not_fit_comes_with_what_would(desk: Desk) -> None:
    desk.core.lists = HERE
    desk.core.error = KnownError(ErrorKind.OUT_OF_MEMORY, "It does not fit.")
    desk.core.refused = ("load_model",)
    for offer, said, then in (
        (
            LoadOffer(path=Path("m.gguf"), name="m", context_tokens=4096),
            "Load with 4096 tokens",
            ("m.gguf", 4096, False),
        ),
        (LoadOffer(path=Path("s.gguf"), name="Small"), "Load Small instead", ("s.gguf",)),
        (None, "Load it anyway", ("large.gguf", None, True)),
    ):
        desk.core.offer = offer
        desk.window.model_desk.load(Path("large.gguf"))
        desk.until(lambda: desk.window.notices.sentences == ["It does not fit."])
        desk.until(lambda said=said: any(b.text().replace(",", "").startswith(said) for b in buttons(desk)))
        next(b for b in buttons(desk) if b.text().replace(",", "").startswith(said)).click()
        wanted = (Path(then[0]), *then[1:])
        desk.until(lambda wanted=wanted: desk.core.called("load_model")[-1] == wanted)


def buttons(desk: Desk) -> list[QPushButton]:
    return desk.window.notices.findChildren(QPushButton)


def test_a_model_that_is_not_taken_while_another_serves_stays_told(desk: Desk) -> None:
    desk.core.lists = HERE
    desk.core.error = KnownError(ErrorKind.MODEL_UNREADABLE, BAD)
    desk.core.emit(ModelStateChanged(state=ModelState.FAILED, name="broken", sentence=BAD))
    desk.core.emit(ModelStateChanged(state=ModelState.LOADING, name="m"))
    desk.core.emit(ModelStateChanged(state=ModelState.READY, name="m"))
    desk.window.model_desk.load(Path("broken.gguf"))  # answered after the model before is back
    desk.until(lambda: desk.window.notices.sentences == [BAD])
    assert button(desk, "Choose a model")
