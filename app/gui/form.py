"""Fields under each other, their names at the left: what every dialog with fields is made of. GUI thread only."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, Qt, QTime, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QFormLayout,
    QGridLayout,
    QLabel,
    QLayout,
    QPlainTextEdit,
    QSizePolicy,
    QSpinBox,
    QStyle,
    QStyleOptionButton,
    QTimeEdit,
    QVBoxLayout,
    QWidget,
)

from app.gui import fonts
from app.gui.buttons import label
from app.gui.empty_text import begin_with_the_page
from app.gui.icons import icon
from app.gui.icons import side as icon_side
from app.gui.tongue import is_right_to_left, tr

_NAME_WIDTH, _LINE_HEIGHT, _LEAST_HEIGHT = 116, 36, 24
_LINE_PX, _FRAME_PX = 20, 14  # of an editor
_CHEVRON_MOST = 20  # what the style sheet keeps free for it


class Form(QGridLayout):
    """`add` puts a field below those that are there."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: dict[QWidget, tuple[QWidget, QWidget]] = {}
        self.setContentsMargins(0, 0, 0, 0)
        self.setHorizontalSpacing(24)
        self.setVerticalSpacing(16)
        self.setColumnMinimumWidth(0, _NAME_WIDTH)
        self.setColumnStretch(1, 1)

    def stand_below(self, other: Form) -> None:
        """Have the fields of both begin in one line."""
        widest = max(title.sizeHint().width() for form in (self, other) for title, _ in form._parts.values())
        for form in (self, other):
            form.setColumnMinimumWidth(0, max(_NAME_WIDTH, widest))

    def add(self, name: str, field: QWidget, hint: str = "") -> None:
        """`hint`: a sentence below it."""
        field.setAccessibleName(name)
        if (inside := field.focusProxy()) is not None:
            inside.setAccessibleName(name)
        field.setAccessibleDescription(hint)
        title: QLabel = label(name)
        title.setBuddy(field)
        _Beside(title, field)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(field)
        if hint:
            column.addWidget(label(hint, role=fonts.SMALL, tone="muted", wraps=True))
        column.addStretch()
        row = self.rowCount()
        self.addWidget(title, row, 0, Qt.AlignmentFlag.AlignTop)
        self.addWidget(right, row, 1)
        self._parts[field] = (title, right)

    def set_shown(self, field: QWidget, is_shown: bool) -> None:
        """Show a field with its name and hint, or hide them."""
        for part in self._parts[field]:
            part.setVisible(is_shown)


class _Beside(QObject):
    """A name as high as the first line of its field, also when the type grows."""

    def __init__(self, title: QLabel, field: QWidget) -> None:
        super().__init__(title)
        self._title, self._field = title, field
        title.installEventFilter(self)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.FontChange:
            QTimer.singleShot(0, self, self._fit)  # the field's may come after it
        return False

    def _fit(self) -> None:
        self._title.setFixedHeight(max(_first_line(self._field), _LEAST_HEIGHT))


def _first_line(field: QWidget) -> int:
    if isinstance(field, QPlainTextEdit):
        return fonts.scaled(_LINE_PX) + _FRAME_PX
    layout = field.layout() if type(field) is QWidget else None  # fields that stand together
    if layout is not None and layout.count():
        return _first_line_of(layout)
    return min(field.sizeHint().height(), fonts.scaled(_LINE_HEIGHT))


def _first_line_of(layout: QLayout) -> int:
    """The first of those below each other, the highest of those beside each other."""
    is_stacked = isinstance(layout, QVBoxLayout | QGridLayout | QFormLayout)
    items = [layout.itemAt(place) for place in range(1 if is_stacked else layout.count())]
    heights = [0]
    for item in items:
        if item is not None and (widget := item.widget()) is not None:
            heights.append(_first_line(widget))
        elif item is not None and (inside := item.layout()) is not None and inside.count():
            heights.append(_first_line_of(inside))
    return max(heights)


def editor(lines: int, placeholder: str = "", *, is_code: bool = False) -> QPlainTextEdit:
    """A box for a few lines of text; Tab leaves it."""
    made = _Editor(lines)
    made.setObjectName("editor")
    made.setTabChangesFocus(True)
    made.setPlaceholderText(placeholder)
    if is_code:
        fonts.set_role(made, fonts.CODE)
    return made


def at_least(width: int, *fields: QWidget) -> None:
    """No wider than its content needs: a language may have longer words, and type may be larger."""
    for field in fields:
        field.setMinimumWidth(width)
        field.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)


def settle_spin(*boxes: QAbstractSpinBox) -> None:
    """The style sheet's padding does not reach the text of these; and see `_WheelScrolls`."""
    for box in boxes:
        is_rtl = box.layoutDirection() is Qt.LayoutDirection.RightToLeft
        line = box.lineEdit()
        line.setTextMargins(*((0, 0, -4, 0) if is_rtl else (9, 0, 0, 0)))  # Qt does not mirror the room it leaves
        side = Qt.AlignmentFlag.AlignRight if is_rtl else Qt.AlignmentFlag.AlignLeft
        line.setAlignment(side | Qt.AlignmentFlag.AlignAbsolute)  # figures alone have no direction
        _WheelScrolls(box)


def token_spin(value: int) -> QSpinBox:
    """How many tokens something may have."""
    made = QSpinBox()
    made.setRange(1, 131_072)
    made.setSingleStep(128)
    made.setGroupSeparatorShown(True)
    made.setSuffix(tr(" tokens"))
    made.setValue(value)
    settle_spin(made)
    at_least(150, made)
    return made


def time_field(name: str, value: QTime) -> QTimeEdit:
    """A time of day. Written from the left on every page: Qt would turn 22:00 into 00:22 on an Arabic one."""
    made = QTimeEdit(value)
    made.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    made.setDisplayFormat("HH:mm")
    made.setAccessibleName(name)
    settle_spin(made)
    at_least(80, made)
    return made


def check(text: str) -> QCheckBox:
    """Something that is so or not."""
    made = _Check(text)
    made.setAccessibleName(text)
    return made


def choice(options: Iterable[tuple[str, str]]) -> QComboBox:
    """A list of (name, value), names marked for `tr`, of which one is taken; `currentData` is its value."""
    made = _Choice()
    _WheelScrolls(made)
    for name, value in options:
        made.addItem(tr(name), value)
    return made


class _Editor(QPlainTextEdit):
    """As high as its lines, at each size of the type."""

    def __init__(self, lines: int) -> None:
        super().__init__()
        self._lines = lines
        begin_with_the_page(self)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        self.setFixedHeight(self._lines * fonts.scaled(_LINE_PX) + _FRAME_PX)


class _WheelScrolls(QObject):
    """Who scrolls past a field that has not the keyboard does not want to change it."""

    def __init__(self, field: QWidget) -> None:
        super().__init__(field)
        field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # with Qt's own the wheel would give it the keyboard
        field.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        is_passing = event.type() is QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus()
        if is_passing:
            event.ignore()
        return is_passing


class _Check(QCheckBox):
    """Its box in the colours of the theme: Qt's own has an edge that can't be seen in the dark."""

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        place = self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self)
        colours = self.palette()
        is_on = self.isChecked() and self.isEnabled()
        edge = colours.highlight() if is_on or self.hasFocus() else colours.placeholderText()
        painter = QPainter(self)
        painter.fillRect(place, colours.window())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(edge.color(), 1))
        painter.setBrush(colours.highlight() if is_on else colours.base())
        painter.drawRoundedRect(QRectF(place).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        if self.isChecked():
            tick = colours.highlightedText() if is_on else colours.placeholderText()
            icon("check", tick.color().name()).paint(painter, place.adjusted(1, 1, -1, -1))
        painter.end()


class _Choice(QComboBox):
    """With an arrow in the colour of the theme: the style sheet takes Qt's own away.

    On Linux Qt tells a screen reader its value instead of its name: what it is called has to stand on a label of it.
    """

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        parent, name = self.parentWidget(), self.accessibleName()
        if parent is None or not name:
            return
        beside = parent.findChildren(QLabel, options=Qt.FindChildOption.FindDirectChildrenOnly)
        if not any(made.buddy() is self for made in beside):
            unseen = QLabel(name, parent)
            unseen.hide()
            unseen.setBuddy(self)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        side = min(icon_side(), _CHEVRON_MOST)
        left = 8 if is_right_to_left() else self.width() - side - 8
        place = QRect(left, (self.height() - side) // 2, side, side)
        icon("chevron-down", self.palette().placeholderText().color().name()).paint(painter, place)
        painter.end()
