"""Whether a model fits, as an icon and a word; the figures on hover. GUI thread only."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from app.core.model_views import FitView
from app.engine.verdict import Verdict
from app.gui import fonts, words
from app.gui.buttons import IconLabel, label, set_tone
from app.gui.core_words import retold
from app.gui.theme import Theme
from app.gui.tongue import mark, tr

FIT_WORDS = {
    Verdict.FITS: (mark("Fits"), "circle-check", "ok"),
    Verdict.SLOW: (mark("Slow"), "triangle-alert", "warn"),
    Verdict.DOES_NOT_FIT: (mark("Won't fit"), "circle-alert", "danger"),
}


def fit_word(fit: FitView | None) -> str:
    """ "Fits", "Slow", "Won't fit"; nothing where it is not known."""
    return tr(FIT_WORDS[fit.word][0]) if fit is not None else ""


def expected_speed(fit: FitView | None) -> str:
    """ "about 40 tok/s"; nothing where nothing was measured that tells."""
    if fit is None or not fit.expected_tokens_per_second:
        return ""
    return tr("about {rate}", rate=words.rate(fit.expected_tokens_per_second))


class FitMark(QWidget):
    """Never by colour alone."""

    def __init__(self, theme: Theme, fit: FitView | None = None) -> None:
        super().__init__()
        self._icon = IconLabel(theme, "circle-check", "ok")
        self._word = label(role=fonts.SMALL, tone="ok")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self._icon)
        row.addWidget(self._word)
        self.show_fit(fit)

    def show_fit(self, fit: FitView | None) -> None:
        """Nothing where it is not known."""
        if fit is None:
            self.hide()
            return
        if self.parent() is not None:  # else it would be a window of its own
            self.show()
        word, icon_name, tone = FIT_WORDS[fit.word]
        self._icon.set_icon(icon_name, tone)
        self._word.setText(tr(word))
        set_tone(self._word, tone)
        sentence = retold(fit.sentence)
        self.setToolTip(sentence)
        self.setAccessibleName(tr(word))
        self.setAccessibleDescription(sentence)
