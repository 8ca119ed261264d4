"""Pictures of the main screens of a running window with real content, light and dark. GUI thread only.

`make screenshots` drives it: open chats and finish jobs first, then call `take`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, QSize, QTimer
from PySide6.QtWidgets import QDialog, QWidget

from app.gui.keys import KeysDialog
from app.gui.new_job.dialog import NewJobDialog
from app.gui.settings_dialog import SettingsDialog
from app.gui.summary_view import SummaryParagraph
from app.gui.theme import Theme
from app.gui.window import Window

SIZE = QSize(1320, 860)
NARROW = QSize(850, 860)
_SETTLE_MS = 150
_WAIT_MS = 10_000


def take_chat(window: Window, theme: Theme, folder: Path, chat_id: str) -> list[Path]:
    """Only the chat, light and dark: quick enough to be taken while a job is at work beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    window.resize(SIZE)
    window.show_jobs_pane(False)
    window.open_chat(chat_id)
    wait_until(lambda: window.conversation.chat_id == chat_id)
    made = []
    for choice in ("dark", "light"):
        theme.choose(choice)
        spin(_SETTLE_MS)
        made.append(folder / f"chat-{choice}.png")
        window.grab().save(str(made[-1]))
    return made


def take(window: Window, theme: Theme, folder: Path, *, chat_id: str = "", job_id: str = "") -> list[Path]:
    """PNGs of all other screens. `chat_id` is shown as the chat, `job_id` as a finished summary."""
    folder.mkdir(parents=True, exist_ok=True)
    made: list[Path] = []

    def grab(name: str, widget: QWidget | None = None) -> None:
        spin(_SETTLE_MS)
        file = folder / f"{name}-{'dark' if theme.is_dark else 'light'}.png"
        (widget or window).grab().save(str(file))
        made.append(file)

    for choice in ("light", "dark"):
        theme.choose(choice)
        window.resize(SIZE)
        window.show_jobs_pane(False)
        window.new_chat()
        grab("empty")
        if chat_id:
            window.open_chat(chat_id)
            wait_until(lambda: window.conversation.chat_id == chat_id)
        window.show_jobs_pane(True)
        grab("jobs")
        window.resize(NARROW)
        window.show_jobs_pane(False)
        grab("narrow")
        window.resize(SIZE)
        window.models.open()
        wait_until(lambda: bool(window.models.lists.local))
        grab("models")
        window.show_conversation()
        if job_id:
            _open_summary(window, job_id)
            grab("summary")
            _open_items(window, job_id)
            grab("job")
            window.show_conversation()
        for name, open_dialog, kind in (
            ("new-job", window.new_job, NewJobDialog),
            ("settings", window.settings.open, SettingsDialog),
            ("keys", window.open_keys, KeysDialog),
        ):
            open_dialog()
            dialog = window.findChild(kind)
            assert isinstance(dialog, QDialog)
            grab(name, dialog)
            dialog.reject()
            spin(1)
    return made


def spin(milliseconds: int) -> None:
    """Let the window work for a while."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def wait_until(is_so: Callable[[], bool]) -> None:
    """Let the window work until something is so. Raises TimeoutError after ten seconds."""
    for _ in range(_WAIT_MS // 10):
        if is_so():
            return
        spin(10)
    raise TimeoutError("the window did not get there")


def _open_summary(window: Window, job_id: str) -> None:
    window.job_pages.open_summary(job_id)
    wait_until(lambda: window.stack.currentWidget() is window.job_pages.summary)
    paragraphs = window.job_pages.summary.findChildren(SummaryParagraph)
    if len(paragraphs) > 1:
        paragraphs[1].toggle_sources()


def _open_items(window: Window, job_id: str) -> None:
    """With its first item open."""
    page = window.job_pages.items
    window.job_pages.open_items(job_id)
    wait_until(lambda: page.model.item(0) is not None)
    page.table.setCurrentIndex(page.model.index(0, 0))
    wait_until(page.pane.isVisible)
