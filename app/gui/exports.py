"""A chat goes out as a file: where to is asked, Core writes it; a PDF is printed here from Core's page.

GUI thread only. Printing runs on a thread of its own: a long chat takes seconds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from PySide6.QtCore import QMarginsF, QObject, QThreadPool, Signal
from PySide6.QtGui import QFont, QPageSize, QPdfWriter, QTextDocument
from PySide6.QtWidgets import QWidget

from app.core.chat_views import ImportReport
from app.errors import KnownError, from_os_error
from app.gui import dialogs, fonts
from app.gui.bridge import Bridge
from app.gui.core_words import retold
from app.gui.last_folder import LastFolder
from app.gui.notices import Notices
from app.gui.tongue import tr, trn

_DOTS_PER_INCH = 300
_POINTS = 10.5
_MOST_SAID = 4  # sentences about what was left out of an import
Format = Literal["markdown", "html", "pdf", "json"]


class Exports(QObject):
    """Says in a bar where the file is, or why there is none."""

    _printed = Signal(object, object)  # the file, a KnownError or None

    def __init__(self, window: QWidget, bridge: Bridge, folder: LastFolder, notices: Notices) -> None:
        super().__init__(window)
        self._window, self._bridge, self._folder, self._notices = window, bridge, folder, notices
        self._printed.connect(self._end)

    def ask(self, chat_id: str, title: str, format: Format) -> None:
        dialogs.choose_results(
            self._window, self._folder, title, format, lambda path: self.export(chat_id, path, format)
        )

    def export(self, chat_id: str, path: Path, format: Format) -> None:
        if format == "pdf":
            page = path.with_name(f"{path.name}.part")
            self._bridge.call(
                lambda core: core.export_chat(chat_id, page, "html"),
                done=lambda _: QThreadPool.globalInstance().start(lambda: self._print(page, path)),
                failed=lambda error: self._end(path, error),
            )
            return
        self._bridge.call(
            lambda core: core.export_chat(chat_id, path, format),
            done=lambda _: self._end(path, None),
            failed=lambda error: self._end(path, error),
        )

    def everything(self, path: Path) -> None:
        """All that the person has here, in one file."""
        self._bridge.call(
            lambda core: core.export_everything(path),
            done=lambda _: self._end(path, None),
            failed=lambda error: self._end(path, error),
        )

    def import_file(self, path: Path) -> None:
        """Chats of this or another program."""

        def done(report: ImportReport) -> None:
            said = [trn("{count} chat was taken over.", "{count} chats were taken over.", report.chats)]
            if report.jobs:
                said.append(trn("{count} job was taken over.", "{count} jobs were taken over.", report.jobs))
            if report.known:
                said.append(trn("{count} chat was here already.", "{count} chats were here already.", report.known))
            said += [retold(sentence) for sentence in report.skipped[:_MOST_SAID]]
            if more := len(report.skipped[_MOST_SAID:]):
                said.append(trn("{count} more thing was left out.", "{count} more things were left out.", more))
            self._notices.show_notice(" ".join(said), tone="warn" if report.skipped else "ok")

        self._bridge.call(lambda core: core.import_file(path), done=done, failed=lambda error: self._end(path, error))

    def _print(self, page: Path, path: Path) -> None:
        """Not on the GUI thread. It is told when nothing else is left in the folder."""
        problem: KnownError | None = None
        try:
            write_pdf(page, path)
        except OSError as error:
            problem = from_os_error(error, "save the PDF")
        finally:
            page.unlink(missing_ok=True)
        self._printed.emit(path, problem)

    def _end(self, path: Path, error: KnownError | None) -> None:
        if error is not None:
            self._notices.show_notice(error.sentence, tone="danger")
        else:
            self._notices.show_notice(tr("Saved to {path}.", path=path), tone="ok", seconds=10)


def write_pdf(page: Path, path: Path) -> None:
    """Print an HTML file; nothing that it names is loaded. Any thread. Raises OSError."""
    document = _Offline()
    letters = QFont(fonts.font(fonts.MESSAGE))
    letters.setPointSizeF(_POINTS)  # in pixels it would be as many dots of the paper
    document.setDefaultFont(letters)
    document.setHtml(page.read_text(encoding="utf-8"))
    path.open("wb").close()  # says why it can't be written; Qt would not
    writer = QPdfWriter(str(path))
    writer.setResolution(_DOTS_PER_INCH)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF())  # the document brings 20 mm of its own
    document.print_(writer)


class _Offline(QTextDocument):
    def loadResource(self, type: int, name: object) -> object:
        return None
