"""File dialogs open where the last file was chosen, at first among the person's documents."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.gui.last_folder import LastFolder
from tests.gui.conftest import Desk


def folder_of_open_dialog(desk: Desk) -> tuple[QFileDialog, Path]:
    dialog = desk.window.findChild(QFileDialog)
    assert dialog is not None
    return dialog, Path(dialog.directory().absolutePath())


def close(desk: Desk, dialog: QFileDialog) -> None:
    dialog.close()
    desk.until(lambda: desk.window.findChild(QFileDialog) is None)


def test_a_dialog_opens_in_the_folder_of_the_last_file(desk: Desk, tmp_path: Path) -> None:
    lease = tmp_path / "lease.txt"
    lease.write_text("The lease.")
    desk.window.choose_documents()
    dialog, folder = folder_of_open_dialog(desk)
    documents = Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation))
    assert folder == (documents if documents.is_dir() else Path.home())
    dialog.setDirectory(str(tmp_path))
    dialog.selectFile(lease.name)
    dialog.accept()
    desk.until(lambda: [call[2] for call in desk.core.called("add_job")] == [(lease,)])
    desk.until(lambda: desk.window.findChild(QFileDialog) is None)
    desk.window.choose_file()
    dialog, folder = folder_of_open_dialog(desk)
    assert folder == tmp_path
    close(desk, dialog)
    desk.window.job_pages._save_text("Summary", "text")
    dialog, folder = folder_of_open_dialog(desk)
    assert folder == tmp_path
    close(desk, dialog)


def test_a_folder_that_is_gone_is_not_opened(qtbot: QtBot, tmp_path: Path) -> None:
    gone = LastFolder()
    gone.remember(tmp_path / "away" / "lease.txt")
    assert gone.path.is_dir()
