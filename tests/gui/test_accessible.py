"""What a screen reader is told, through Qt's own interface: all that takes the keyboard has a name and a role."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QDialog, QWidget

from app.gui.new_job.dialog import NewJobDialog
from tests.gui.conftest import Desk

ROLES = {
    QAccessible.Role.Button, QAccessible.Role.ButtonMenu, QAccessible.Role.CheckBox, QAccessible.Role.RadioButton,
    QAccessible.Role.ComboBox, QAccessible.Role.EditableText, QAccessible.Role.SpinBox, QAccessible.Role.List,
    QAccessible.Role.Table, QAccessible.Role.Tree, QAccessible.Role.Slider, QAccessible.Role.ScrollBar,
    QAccessible.Role.StaticText, QAccessible.Role.Link, QAccessible.Role.Document, QAccessible.Role.PageTabList,
    QAccessible.Role.Dialog, QAccessible.Role.Client,
}  # fmt: skip


def unnamed(root: QWidget) -> list[str]:
    """What the keyboard can reach below `root` and a screen reader has no name or no fitting role for."""
    found = []
    for widget in _reachable(root):
        told = QAccessible.queryAccessibleInterface(widget)
        if told is None or not told.text(QAccessible.Text.Name).strip():
            found.append(f"{type(widget).__name__} {widget.objectName()} has no name")
        elif told.role() not in ROLES:
            found.append(f"{type(widget).__name__} {told.text(QAccessible.Text.Name)} is a {told.role().name}")
    return found


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


@pytest.mark.parametrize("name", ["open_settings", "open_keys"])
def test_everything_in_the_other_dialogs_has_a_name_and_a_role(desk: Desk, name: str) -> None:
    getattr(desk.window, name)()
    dialog = next(dialog for dialog in desk.window.findChildren(QDialog) if dialog.isVisible())
    assert unnamed(dialog) == []
    dialog.reject()
