"""How full the chat's context is: a ring with figures, which explains itself. GUI thread only."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QPushButton, QSizePolicy, QToolTip

from app.core.chat_views import ContextUse
from app.gui import fonts, words
from app.gui.icons import side
from app.gui.theme import Theme
from app.gui.tongue import tr

_STROKE, _SCALE = 2.5 / 16, 3
_NEARLY_FULL = 0.85


class ContextGauge(QPushButton):
    """Hidden while the size of the context is not known; pressed, it says what hovering says."""

    changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._use: ContextUse | None = None
        self._is_short = False
        self.setProperty("kind", "quiet")
        self.setAutoDefault(False)
        self.setAccessibleName(tr("Context"))
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        fonts.set_role(self, fonts.SMALL)
        self.clicked.connect(self._explain)
        theme.changed.connect(self._paint_ring)
        self.hide()

    def show_use(self, use: ContextUse) -> None:
        self._use = use
        self.setVisible(use.limit > 0)
        if use.limit <= 0:
            return
        said = f"{words.number(used(use))} / {words.number(use.limit)}"
        self._write()
        self.setAccessibleName(tr("Context: {said} tokens", said=said))
        self.setAccessibleDescription(explained(use))
        self.setToolTip(explained(use))
        self._paint_ring()
        self.changed.emit()

    def forget(self) -> None:
        """What is known is of another chat."""
        self._use = None
        self.hide()
        self._write()
        self.changed.emit()

    def set_short(self, is_short: bool) -> None:
        """The figures alone, where there is no room for a word with them."""
        if is_short != self._is_short:
            self._is_short = is_short
            self._write()

    @property
    def px_missing(self) -> int:
        """That it would take more if it was not short."""
        metrics = self.fontMetrics()
        return metrics.horizontalAdvance(self._said(is_short=False)) - metrics.horizontalAdvance(self.text())

    def _write(self) -> None:
        self.setText(self._said(is_short=self._is_short))

    def _said(self, *, is_short: bool) -> str:
        if self._use is None:
            return ""
        figures = words.number(used(self._use)), words.number(self._use.limit)
        whole = tr("Context {used} of {limit}", used=figures[0], limit=figures[1])
        return f" {' / '.join(figures) if is_short else whole}"

    def _explain(self) -> None:
        QToolTip.showText(self.mapToGlobal(self.rect().topLeft()), self.toolTip(), self)

    def _paint_ring(self) -> None:
        if self._use is None or self._use.limit <= 0:
            return
        tokens = self._theme.tokens
        fraction = min(1.0, used(self._use) / self._use.limit)
        reserved = min(1.0 - fraction, self._use.reply / self._use.limit)
        full = fraction + reserved > _NEARLY_FULL and fraction > 0.5
        size = side()
        stroke = _STROKE * size
        pixmap = QPixmap(size * _SCALE, size * _SCALE)
        pixmap.setDevicePixelRatio(_SCALE)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ring = QRectF(stroke / 2 + 0.5, stroke / 2 + 0.5, size - stroke - 1, size - stroke - 1)
        for colour, begin, part in (
            (tokens.line, 0.0, 1.0),
            (tokens.ring, fraction, reserved),
            (tokens.warn if full else tokens.accent, 0.0, fraction),
        ):
            painter.setPen(QPen(QColor(colour), stroke, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
            painter.drawArc(ring, round((90 - 360 * begin) * 16), round(-360 * part * 16))
        painter.end()
        self.setIcon(QIcon(pixmap))
        self.setIconSize(QSize(size, size))


def used(use: ContextUse) -> int:
    """What the next message would fill, without its reply; in tokens."""
    return use.system + use.history + use.documents + use.typed


def explained(use: ContextUse) -> str:
    """One line for each part, and what is left."""
    left = max(0, use.limit - used(use) - use.reply)
    parts = (
        (tr("System prompt"), use.system),
        (tr("Conversation"), use.history),
        (tr("Documents"), use.documents),
        (tr("Your message"), use.typed),
        (tr("Kept for the reply"), use.reply),
        (tr("Free"), left),
    )
    head = tr("The model sees {limit} tokens at once.", limit=words.number(use.limit))
    lines = [f"{name}: {words.number(count)}" for name, count in parts if count or name == parts[-1][0]]
    full = (
        [tr("When it is full, the oldest messages are left out of what the model sees, and the reply says so.")]
        if left < use.limit * (1 - _NEARLY_FULL)
        else []
    )
    return "\n".join((head, *lines, *full))
