"""What a screen reader is told, through Qt's own interface: all that takes the keyboard has a name and a role."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QComboBox, QDialog, QWidget

from app.core.events import ModelsChanged, ModelStateChanged
from app.core.model_lists import ModelLists
from app.core.model_views import HubTokenState, ModelPlace
from app.engine.interface import ModelState
from app.gui.disclosure import Disclosure
from app.gui.new_job.dialog import NewJobDialog
from app.gui.text_dialog import TextDialog
from app.gui.transcript.find_bar import FindBar
from tests.gui.conftest import Desk
from tests.gui.scripted_models import SLOW, local
from tests.gui.test_models_page import COMING, GATED, MIDDLE, STARTER

ROLES = {
    QAccessible.Role.Button, QAccessible.Role.ButtonMenu, QAccessible.Role.CheckBox, QAccessible.Role.RadioButton,
    QAccessible.Role.ComboBox, QAccessible.Role.EditableText, QAccessible.Role.SpinBox, QAccessible.Role.List,
    QAccessible.Role.Table, QAccessible.Role.Tree, QAccessible.Role.Slider, QAccessible.Role.ScrollBar,
    QAccessible.Role.StaticText, QAccessible.Role.Link, QAccessible.Role.Document, QAccessible.Role.PageTabList,
    QAccessible.Role.Dialog, QAccessible.Role.Client,
}  # fmt: skip

LISTS = ModelLists(
    local=(local("One"), local("Other", 4_700_000_000, fit=SLOW, place=ModelPlace.OLLAMA)),
    catalogue=(STARTER, MIDDLE, GATED),
    downloads=(COMING,),
    token=HubTokenState(has_token=False, endpoint="https://hub.example"),
)


def unnamed(root: QWidget) -> list[str]:
    """What the keyboard can reach below `root` and a screen reader has no name or no fitting role for."""
    found = []
    for widget in _reachable(root):
        told = QAccessible.queryAccessibleInterface(widget)
        if told is None or not _name(widget, told):
            found.append(f"{type(widget).__name__} {widget.objectName()} has no name")
        elif told.role() not in ROLES:
            found.append(f"{type(widget).__name__} {told.text(QAccessible.Text.Name)} is a {told.role().name}")
    return found


def _name(widget: QWidget, told: QAccessibleInterface) -> str:
    """What Qt gives as a combo box's name on Linux is its value: the label beside it, or its own name, says it."""
    if not isinstance(widget, QComboBox):
        return told.text(QAccessible.Text.Name).strip()
    labels = [one for one, relation in told.relations() if relation & QAccessible.RelationFlag.Label]
    return " ".join(one.text(QAccessible.Text.Name) for one in labels).strip()


def _reachable(root: QWidget) -> Iterator[QWidget]:
    for widget in root.findChildren(QWidget):
        is_part = widget.objectName().startswith("qt_") or widget.focusProxy() is not None
        if widget.isVisible() and widget.focusPolicy().value & 1 and not is_part:
            yield widget


def test_the_finder_sees_what_has_no_name(desk: Desk) -> None:
    button = desk.window.findChildren(QWidget, "composerText")[0]
    button.setAccessibleName("")
    assert any("has no name" in found for found in unnamed(desk.window))


def test_everything_in_the_window_has_a_name_and_a_role(desk: Desk) -> None:
    desk.window.show_jobs_pane(True)
    assert unnamed(desk.window) == []


@pytest.mark.parametrize("kind", ["summarize", "classify", "extract", "prompt"])
def test_everything_in_the_dialog_for_a_job_has_a_name_and_a_role(desk: Desk, kind: str) -> None:
    desk.window.new_job()
    dialog = desk.window.findChild(NewJobDialog)
    assert isinstance(dialog, NewJobDialog)
    dialog.kinds.buttons[kind].click()
    assert unnamed(dialog) == []
    dialog.reject()


@pytest.mark.parametrize(
    "name", ["settings.open", "open_keys", "open_prompts", "library.open_personas", "models.page.account_asked.emit"]
)
def test_everything_in_the_other_dialogs_has_a_name_and_a_role(desk: Desk, name: str) -> None:
    desk.core.lists = LISTS
    desk.window.models.open()
    desk.until(lambda: desk.window.models.lists is LISTS)
    operator.attrgetter(name)(desk.window)()
    desk.until(lambda: any(dialog.isVisible() for dialog in desk.window.findChildren(QDialog)))
    dialog = next(dialog for dialog in desk.window.findChildren(QDialog) if dialog.isVisible())
    assert unnamed(dialog) == []
    dialog.reject()


# what came later: pages, and what opens over them


def _lab(desk: Desk) -> QWidget:
    from tests.gui.test_lab import opened  # it takes `unnamed` from here

    page, _ = opened(desk)
    return page


def _models(desk: Desk) -> QWidget:
    desk.core.lists = LISTS
    desk.window.models.open()
    page = desk.window.models.page
    desk.until(lambda: page.isVisible() and page.local.rows and page.local.rows[0].isVisible())
    page.findChildren(Disclosure)[0].set_open(True)
    desk.until(page.fields.isVisible)
    return page


def _first_run(desk: Desk) -> QWidget:
    desk.core.lists = LISTS
    desk.core.emit(ModelStateChanged(state=ModelState.FAILED, name="", sentence="There is none."))
    desk.core.emit(ModelsChanged())
    first = desk.window.beginning.first_run
    desk.until(lambda: first.isVisible() and first.more.isVisible())
    return first


def _quick_ask(desk: Desk) -> QWidget:
    quick = desk.window.summons.quick_ask
    desk.qtbot.addWidget(quick)
    quick.summon("Hello")
    desk.until(lambda: desk.core.called("send"))
    return quick


def _find_bar(desk: Desk) -> QWidget:
    desk.window.conversation.finder.open()
    return desk.window.findChildren(FindBar)[0]


def _attachments(desk: Desk) -> QWidget:
    desk.window.conversation.desk.attach([Path("lease.pdf"), Path("letter.txt")])
    composer = desk.window.conversation.composer
    desk.until(lambda: len(composer.attachments.chips) == 2)
    return composer


def _palette(desk: Desk) -> QWidget:
    desk.window.open_palette()
    return desk.window.palette_box


def _parameters(desk: Desk) -> QWidget:
    desk.window.library.toggle_parameters()
    desk.until(desk.window.conversation.parameters.isVisible)
    return desk.window.conversation.parameters


def _title_of_chat(desk: Desk) -> QWidget:
    desk.core.add_chat("c", "Lease", ("user", "x"))
    desk.window.start()
    desk.until(lambda: desk.window.chat_desk.chat("c"))
    desk.window.chat_desk.rename("c")
    dialog = desk.window.findChild(TextDialog)
    assert isinstance(dialog, QWidget)
    return dialog


@pytest.mark.parametrize(
    "open_it", [_lab, _models, _first_run, _quick_ask, _find_bar, _attachments, _palette, _parameters, _title_of_chat]
)
def test_everything_on_what_opens_has_a_name_and_a_role(desk: Desk, open_it: Callable[[Desk], QWidget]) -> None:
    shown = open_it(desk)
    desk.until(lambda: list(_reachable(shown)))
    assert unnamed(shown) == []
