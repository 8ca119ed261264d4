"""A page that scrolls over many items, of which only those near the view are widgets. GUI thread only.

Each item has a height, guessed until it was a widget once. What is being read stays where it is, whatever is built or
grows above it; while the end is followed, the end does.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, islice

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from app.gui.page import COLUMN_WIDTH, MARGIN

_ABOVE_PX, _BELOW_PX = 12, 24
_NEAR_END_PX = 24
_SLICE_SECONDS = 0.008
_AT_ONCE_SECONDS = 0.05
_KEPT_VIEWS = 3  # so many heights of the view away, what was built is kept
_LAYOUT_PASSES = 4
_STEP_PX = 40


class LazyPage(QAbstractScrollArea):
    """Items go by keys. `make` makes the widget of one; `guess` says how high it may be at a width; both in pixels.

    `is_held` says of a widget that it may not be taken away though it is far: something in it would be lost.
    """

    moved = Signal()  # what is seen is another part, or `follows` is another
    built = Signal(str)  # the widget of this item has just been made

    def __init__(
        self,
        name: str,
        spacing: int,
        *,
        make: Callable[[str], QWidget],
        guess: Callable[[str, int], int],
        is_held: Callable[[QWidget], bool],
    ) -> None:
        super().__init__()
        self._make, self._guess, self._is_held, self._spacing = make, guess, is_held, spacing
        self._keys: list[str] = []
        self._places: dict[str, int] = {}  # of keys
        self._heights: dict[str, int] = {}
        self._tops: list[int] = [_ABOVE_PX]  # of all items, and of what would follow them
        self._widgets: dict[str, QWidget] = {}
        self._follows = True
        self._anchor: tuple[str, int] | None = None  # an item, and how far above the view its top is
        self._is_own = False  # the bar is moved by this page, not by a person
        self._is_building = False
        self._filling = QTimer(self, interval=0)
        self._filling.timeout.connect(self._fill_slice)
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click beside the text leaves the keyboard where it is
        self.setViewport(_View(self._contents_changed))
        self.verticalScrollBar().setSingleStep(_STEP_PX)

    # what is asked from outside

    @property
    def follows(self) -> bool:
        """True while the end is in view."""
        return self._follows

    @property
    def keys(self) -> Sequence[str]:
        return self._keys

    def built_widgets(self) -> dict[str, QWidget]:
        """Those that are built, as they stand on the page."""
        return {key: self._widgets[key] for key in sorted(self._widgets, key=self._places.__getitem__)}

    def widget_of(self, key: str) -> QWidget | None:
        """The widget of an item where it is built."""
        return self._widgets.get(key)

    def build(self, key: str) -> QWidget:
        """The widget of an item, built now where it is not."""
        if key not in self._widgets:
            self._build(key)
        return self._widgets[key]

    def set_items(self, keys: Sequence[str], *, anew: frozenset[str] = frozenset()) -> None:
        """Other items, or another order. Widgets are kept but for those that are gone or to be made `anew`."""
        kept = set(keys) - anew
        for key in [key for key in self._widgets if key not in kept]:
            self._take_away(key)
        self._keys = list(keys)
        self._places = {key: place for place, key in enumerate(self._keys)}
        width = self._column_width()
        self._heights = {key: self._heights.get(key) or self._guess(key, width) for key in self._keys}
        if self._anchor is not None and self._anchor[0] not in self._places:
            self._anchor = None
        self._arrange()
        self._fill(_AT_ONCE_SECONDS)

    def go_to_end(self) -> None:
        """Show the end, and follow it from now on."""
        self._follows = True
        self._arrange()
        self._fill(_AT_ONCE_SECONDS)
        self.moved.emit()

    def go_to(self, key: str) -> None:
        """Show one item at the top of the view."""
        if key not in self._places:
            return
        self._follows, self._anchor = False, (key, 0)
        self._arrange()
        self._fill(_AT_ONCE_SECONDS)
        self.moved.emit()

    def scroll_pages(self, by: int) -> None:
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + by * bar.pageStep() * 9 // 10)

    def ensureWidgetVisible(self, widget: QWidget) -> None:
        """As QScrollArea does."""
        top = widget.mapTo(self.viewport(), QPoint(0, 0)).y()
        bottom, view = top + widget.height(), self.viewport().height()
        by = top - MARGIN if top < MARGIN else min(bottom + MARGIN - view, top - MARGIN) if bottom > view else 0
        self.verticalScrollBar().setValue(self.verticalScrollBar().value() + by)

    def ensure_place_visible(self, widget: QWidget, y: int, room: int) -> None:
        """A place in a widget, with so much of what is around it; nothing moves where it is seen already."""
        there, view = widget.mapTo(self.viewport(), QPoint(0, y)).y(), self.viewport().height()
        room = min(room, view // 2)
        by = min(there - room, 0) or max(there + room - view, 0)
        self.verticalScrollBar().setValue(self.verticalScrollBar().value() + by)

    def first_in_view(self) -> str:
        """The key of the item at the top; empty where there is none."""
        return self._keys[self._place_at(self.verticalScrollBar().value())] if self._keys else ""

    # where everything stands

    def _column_width(self) -> int:
        return max(1, min(COLUMN_WIDTH, self.viewport().width() - 2 * MARGIN + self._bar_width()))

    def _bar_width(self) -> int:
        bar = self.verticalScrollBar()
        return bar.sizeHint().width() if bar.maximum() > 0 else 0

    def _left(self) -> int:
        """The column stays in the middle of the page, with a scroll bar and without."""
        margin = MARGIN - (self._bar_width() if self.isRightToLeft() else 0)
        room = self.viewport().width() - 2 * MARGIN + self._bar_width()
        return margin + (room - self._column_width()) // 2

    def _arrange(self, begin: int = 0) -> None:
        """Everything to its place, and the view to what is read or followed; nothing is new before `begin`."""
        steps = (self._heights[key] + self._spacing for key in islice(self._keys, begin, None))
        self._tops[begin:] = accumulate(steps, initial=self._tops[begin] if begin else _ABOVE_PX)
        view, bar = self.viewport().height(), self.verticalScrollBar()
        most = max(0, self._tops[-1] - (self._spacing if self._keys else 0) + _BELOW_PX - view)
        was_own, self._is_own = self._is_own, True
        try:
            bar.setPageStep(view)
            bar.setRange(0, most)
            if self._follows:
                bar.setValue(most)
            elif self._anchor is not None:
                key, above = self._anchor  # what is still being written has not all of its height yet
                bar.setValue(self._tops[self._places[key]] + min(above, self._heights[key]))
        finally:
            self._is_own = was_own
        self._place()

    def _place(self) -> None:
        left, width, value = self._left(), self._column_width(), self.verticalScrollBar().value()
        for key, widget in self._widgets.items():
            rect = QRect(left, self._tops[self._places[key]] - value, width, self._heights[key])
            if widget.geometry() != rect:
                widget.setGeometry(rect)

    def _measure(self) -> int | None:
        """The first place whose widget has another height than it had."""
        width, first = self._column_width(), len(self._keys)
        for key, widget in self._widgets.items():
            height = _natural_height(widget, width)
            if height != self._heights[key]:
                self._heights[key] = height
                first = min(first, self._places[key])
        return first if first < len(self._keys) else None

    def _contents_changed(self) -> None:
        if not self._is_building and (first := self._measure()) is not None:
            self._arrange(first)
            self._fill_soon()

    def _remember(self) -> None:
        """What is read now: the first item in view."""
        bar = self.verticalScrollBar()
        self._follows = bar.value() >= bar.maximum() - _NEAR_END_PX
        if self._keys:
            place = self._place_at(bar.value())
            self._anchor = (self._keys[place], bar.value() - self._tops[place])

    def _place_at(self, y: int) -> int:
        return min(max(bisect_right(self._tops, y) - 1, 0), len(self._keys) - 1)

    # building

    def _near(self, n_views: int) -> tuple[int, int]:
        """The first and the last place within so many heights of the view, and their neighbours: Tab goes there."""
        top, view = self.verticalScrollBar().value(), self.viewport().height()
        first, last = self._place_at(top - n_views * view), self._place_at(top + (1 + n_views) * view)
        before, behind = self._place_at(top) - 1, self._place_at(top + view) + 1
        return max(0, min(first, before)), min(len(self._keys) - 1, max(last, behind))

    def _wanted(self) -> Iterator[str]:
        """What is in view, where one reads first; then what is near."""
        if not self._keys:
            return
        top = self.verticalScrollBar().value()
        first, last = self._place_at(top), self._place_at(top + self.viewport().height())
        seen = range(first, last + 1)
        yield from (self._keys[place] for place in (reversed(seen) if self._follows else seen))
        above, below = self._near(1)
        yield from self._keys[last + 1 : below + 1]
        yield from reversed(self._keys[above:first])

    def _fill(self, seconds: float) -> None:
        """Build what is wanted, for so long at most and one item at least; the rest soon."""
        end = time.perf_counter() + seconds
        while (key := next((key for key in self._wanted() if key not in self._widgets), None)) is not None:
            self._build(key)
            if time.perf_counter() >= end:
                self._fill_soon()
                return
        self._fill_soon(is_needed=self._far() is not None)

    def _fill_slice(self) -> None:
        self._fill(_SLICE_SECONDS)
        far = self._far()
        if far is not None:
            self._take_away(far)

    def _fill_soon(self, *, is_needed: bool = True) -> None:
        if is_needed != self._filling.isActive():
            self._filling.start() if is_needed else self._filling.stop()

    def _far(self) -> str | None:
        """Something that was built and is far from the view now."""
        first, last = self._near(_KEPT_VIEWS)
        for key, widget in self._widgets.items():
            if not first <= self._places[key] <= last and not self._is_held(widget):
                return key
        return None

    def _build(self, key: str) -> None:
        """Its texts find their heights at once: nothing is seen that is put right later."""
        self._is_building = True
        try:
            widget = self._widgets[key] = self._make(key)
            widget.setParent(self.viewport())
            widget.setGeometry(self._left(), self.viewport().height(), self._column_width(), max(1, self._heights[key]))
            widget.show()
            for _ in range(_LAYOUT_PASSES):
                QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
                height = _natural_height(widget, self._column_width())
                if height == widget.height():
                    break
                widget.resize(self._column_width(), height)
        finally:
            self._is_building = False
        first = self._measure()
        self._arrange(self._places[key] if first is None else min(first, self._places[key]))
        self.built.emit(key)

    def _take_away(self, key: str) -> None:
        widget = self._widgets.pop(key)
        widget.hide()
        widget.deleteLater()

    # events

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """A person scrolls, or the page itself follows what grows."""
        if not self._is_own:
            self._remember()
        if not self._is_own or self._follows:
            self.viewport().scroll(0, dy)
            self._place()
        if not self._is_own:
            self._fill(_SLICE_SECONDS)
        self.moved.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._is_building = True
            try:
                self._place()
                QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
            finally:
                self._is_building = False
            self._measure()
        self._arrange()
        self._fill_soon()


class _View(QWidget):
    """What the items stand in. It is opaque, so that scrolling moves what was painted."""

    def __init__(self, changed: Callable[[], None]) -> None:
        super().__init__()
        self._changed = changed
        self.setAutoFillBackground(True)

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.LayoutRequest:
            self._changed()
        return super().event(event)


def _natural_height(widget: QWidget, width: int) -> int:
    layout = widget.layout()
    if layout is None:
        return widget.sizeHint().height()
    return layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else layout.totalSizeHint().height()
