"""The ring around a text or a page that the keyboard has come to by Tab; buttons and fields have theirs by the sheet.

It floats over the window, so that nothing moves to make room for it, and goes with what it is around. GUI thread only.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QScrollArea, QTextBrowser, QWidget
from shiboken6 import isValid

from app.gui.lazy_page import LazyPage

_ROOM = 5  # between a text and its ring
_RINGED = QTextBrowser | QScrollArea | LazyPage
_BOXES = {"userMessage": 14, "sourceBlock": 8}  # around a text: the ring is theirs, at their radius


class FocusRing(QWidget):
    """Looks after itself."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._around: QWidget | None = None
        self._watched: list[QWidget] = []
        self._radius = 8
        self.hide()
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._focus_changed)

    def _focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        for widget in filter(isValid, self._watched):  # a message that had the keyboard may be gone
            widget.removeEventFilter(self)
        self._around = new if self._is_for(new) else None
        self._watched = self._up_to_parent(self._around)  # any of them may move: a page that scrolls, a message above
        for widget in self._watched:
            widget.installEventFilter(self)
        self._follow()

    def _up_to_parent(self, widget: QWidget | None) -> list[QWidget]:
        found = []
        while widget is not None and widget is not self.parentWidget():
            found.append(widget)
            widget = widget.parentWidget()
        return found

    def _is_for(self, widget: QWidget | None) -> bool:
        parent = self.parentWidget()
        if (
            not isinstance(widget, QTextBrowser | QScrollArea | LazyPage)
            or parent is None
            or not parent.isAncestorOf(widget)
        ):
            return False
        return widget.window().testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Hide):
            self._follow()
        return False

    def _follow(self) -> None:
        around, parent = self._around, self.parentWidget()
        if around is None or parent is None or not isValid(around) or not around.isVisible():
            self.hide()
            return
        box = around.parentWidget()
        is_boxed = box is not None and box.objectName() in _BOXES
        ringed = box if box is not None and is_boxed else around
        self._radius = _BOXES.get(ringed.objectName(), 8)
        place = QRect(ringed.mapTo(parent, QPoint(0, 0)), ringed.size())
        if isinstance(ringed, QTextBrowser):
            place = place.adjusted(-_ROOM, -_ROOM, _ROOM, _ROOM)
        place = place.intersected(_window_on(around, parent))
        if place != self.geometry():
            self.setGeometry(place)
        self.setVisible(not place.isEmpty())
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.palette().highlight().color(), 2))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), self._radius, self._radius)
        painter.end()


def _window_on(widget: QWidget, parent: QWidget) -> QRect:
    """What the page around a widget shows of its inside; a page itself is all there."""
    seen = parent.rect()
    above = widget.parentWidget()
    while above is not None and above is not parent:
        if isinstance(above, QScrollArea | LazyPage):
            view = above.viewport()
            seen = seen.intersected(QRect(view.mapTo(parent, QPoint(0, 0)), view.size()))
        above = above.parentWidget()
    return seen
