"""One download: how far it is, how fast, and pause, go on, try again, cancel. GUI thread only."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout

from app.core.model_views import DownloadState, DownloadView
from app.gui import fonts
from app.gui.buttons import ElidedLabel, button, label, set_tone
from app.gui.models import model_words
from app.gui.tongue import mark, tr

_GOES_ON = (DownloadState.RUNNING, DownloadState.WAITING, DownloadState.CHECKING)
_STEPS = 1000
_WORDS = (mark("Pause"), mark("Resume"), mark("Try again"), mark("Use"))


class DownloadRow(QFrame):
    """`show_download` tells what is new of it. The buttons keep their places, and the keyboard with them."""

    pause_asked = Signal(str)
    resume_asked = Signal(str)
    cancel_asked = Signal(str)
    use_asked = Signal(object)  # Path

    def __init__(self, download: DownloadView) -> None:
        super().__init__()
        self.setObjectName("modelRow")
        self.download = download
        self._title = ElidedLabel(role=fonts.UI_STRONG)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, _STEPS)
        self._said = label(role=fonts.SMALL, tone="muted", wraps=True)
        self.main = button("", self._do)
        self.cancel = button(tr("Cancel"), self._ask_cancel)
        texts = QVBoxLayout()
        texts.setSpacing(6)
        texts.addWidget(self._title)
        texts.addWidget(self._bar)
        texts.addWidget(self._said)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 10, 0, 10)
        row.setSpacing(12)
        row.addLayout(texts, 1)
        row.addWidget(self.main)
        row.addWidget(self.cancel)
        self.main.setMinimumWidth(max(self._width_of(tr(word)) for word in _WORDS))  # bars of a list end alike
        self.show_download(download)

    def show_download(self, download: DownloadView) -> None:
        """As it is now."""
        self.download = download
        name, state = download.name, download.state
        self.setAccessibleName(name)
        self._title.setText(name)
        self._bar.setAccessibleName(tr("Download of {name}", name=name))
        if download.total_bytes:
            self._bar.setValue(round(_STEPS * download.done_bytes / download.total_bytes))
        self._bar.setVisible(state is not DownloadState.DONE)
        stands = "true" if state in (DownloadState.PAUSED, DownloadState.FAILED) else "false"
        if self._bar.property("quiet") != stands:
            self._bar.setProperty("quiet", stands)
            self._bar.style().unpolish(self._bar)
            self._bar.style().polish(self._bar)
        self._said.setText(model_words.of_download(download))
        set_tone(self._said, "danger" if state is DownloadState.FAILED else "muted")
        if state in _GOES_ON:
            said = tr(_WORDS[0])
        elif state is DownloadState.PAUSED:
            said = tr(_WORDS[1])
        elif state is DownloadState.FAILED:
            said = tr(_WORDS[2])
        else:
            said = tr(_WORDS[3])
        self.main.setText(said)
        self.main.setAccessibleName(f"{said}, {name}")
        self.main.setEnabled(state is not DownloadState.CHECKING)
        self.cancel.setAccessibleName(tr("Cancel the download of {name}", name=name))
        self.cancel.setVisible(state is not DownloadState.DONE)

    def _width_of(self, word: str) -> int:
        self.main.setText(word)
        return self.main.sizeHint().width()

    def _do(self) -> None:
        download = self.download
        if download.state in _GOES_ON:
            self.pause_asked.emit(download.id)
        elif download.state is DownloadState.DONE and download.path is not None:
            self.use_asked.emit(download.path)
        else:
            self.resume_asked.emit(download.id)

    def _ask_cancel(self) -> None:
        self.cancel_asked.emit(self.download.id)
