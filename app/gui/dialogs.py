"""The system's dialogs and the one question before a link is opened; none of them stops the program."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from app.gui.last_folder import LastFolder
from app.gui.tongue import mark, tr

_DOCUMENTS = mark(
    "Documents and tables (*.pdf *.docx *.pptx *.xlsx *.odt *.epub *.html *.htm *.rtf *.md *.txt *.eml *.csv *.tsv"
    " *.jsonl *.zip);;All files (*)"
)
_RESULTS = {
    "csv": (mark("Save as CSV"), mark("CSV (*.csv)"), "csv"),
    "jsonl": (mark("Save as JSON Lines"), mark("JSON Lines (*.jsonl)"), "jsonl"),
    "markdown": (mark("Save as Markdown"), mark("Markdown (*.md)"), "md"),
    "html": (mark("Save as HTML"), mark("HTML (*.html)"), "html"),
    "pdf": (mark("Save as PDF"), mark("PDF (*.pdf)"), "pdf"),
    "json": (mark("Save as JSON"), mark("JSON (*.json)"), "json"),
    "png": (mark("Save as PNG"), mark("PNG (*.png)"), "png"),
    "zip": (mark("Save everything"), mark("ZIP (*.zip)"), "zip"),
    "markdown_each": (mark("One Markdown file a document, in this folder"), "", ""),
}


def choose_documents(parent: QWidget, folder: LastFolder, done: Callable[[list[Path]], None]) -> None:
    """Some documents or tables to work on."""
    dialog = _file_dialog(parent, folder, tr("Choose documents"), _DOCUMENTS)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    dialog.filesSelected.connect(lambda names: done([Path(name) for name in names]))
    dialog.open()


def choose_folder(parent: QWidget, folder: LastFolder, done: Callable[[list[Path]], None]) -> None:
    """A folder with all that is in it."""
    dialog = _file_dialog(parent, folder, tr("Choose a folder"), "")
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.fileSelected.connect(lambda name: done([Path(name)]))
    dialog.open()


def choose_model(parent: QWidget, folder: LastFolder, done: Callable[[Path], None]) -> None:
    """A model file."""
    dialog = _file_dialog(parent, folder, tr("Open a model"), mark("Models (*.gguf);;All files (*)"))
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.fileSelected.connect(lambda name: done(Path(name)))
    dialog.open()


def choose_results(parent: QWidget, folder: LastFolder, name: str, format: str, done: Callable[[Path], None]) -> None:
    """Where results or a chat go: a file, whose replacing is asked about, or a folder for one file a document.

    `name` is proposed, without its ending; `format` as in JobOptions, or html, pdf, json, zip.
    """
    title, names, suffix = _RESULTS[format]
    dialog = _file_dialog(parent, folder, tr(title), names)
    if format == "markdown_each":
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    else:
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(suffix)
        dialog.selectFile(f"{name.replace('/', '-')}.{suffix}")
    dialog.fileSelected.connect(lambda chosen: done(Path(chosen)))
    dialog.open()


def choose_import(parent: QWidget, folder: LastFolder, done: Callable[[Path], None]) -> None:
    """A file with chats of this or another program."""
    dialog = _file_dialog(parent, folder, tr("Import chats"), mark("Chats (*.json *.jsonl *.zip);;All files (*)"))
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.fileSelected.connect(lambda name: done(Path(name)))
    dialog.open()


def confirm_link(parent: QWidget, address: str) -> None:
    """Say where a link of a reply leads; only then hand it to the system's browser."""
    url = QUrl(address, QUrl.ParsingMode.StrictMode)
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle(tr("Open link"))
    box.setTextFormat(Qt.TextFormat.PlainText)
    if url.scheme() not in ("http", "https", "mailto"):
        box.setText(tr("This link does not lead to a web page, so it is not opened."))
        box.setInformativeText(address[:500])
        box.setStandardButtons(QMessageBox.StandardButton.Close)
    else:
        box.setText(tr("Open this link in your browser?"))
        box.setInformativeText(address[:500])
        box.setStandardButtons(QMessageBox.StandardButton.Open | QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(QMessageBox.StandardButton.Cancel)
        box.button(QMessageBox.StandardButton.Open).clicked.connect(lambda: QDesktopServices.openUrl(url))
    box.open()


def _file_dialog(parent: QWidget, folder: LastFolder, title: str, names: str) -> QFileDialog:
    dialog = QFileDialog(parent, title, str(folder.path))
    dialog.filesSelected.connect(lambda names: folder.remember(Path(names[0])))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setNameFilter(tr(names))
    return dialog
