"""How the next word is chosen, and how long a reply may be, as fields; each may be left as it would be anyway.

GUI thread only.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QFormLayout, QSpinBox, QVBoxLayout, QWidget

from app.core.chat_views import ChatOptions, SamplingChoice
from app.gui import fonts
from app.gui.buttons import button, label
from app.gui.disclosure import Disclosure
from app.gui.form import settle_spin
from app.gui.theme import Theme
from app.gui.tongue import mark, tr

_LONGEST = "max_reply_tokens"


@dataclass(frozen=True)
class _Field:
    """From `least` to `most`; one step below the least is "as it would be anyway"."""

    name: str
    title: str
    means: str
    least: float
    most: float
    step: float
    is_whole: bool = False


_FIELDS = (
    _Field(
        "temperature", mark("Temperature"), mark("0 always takes the likeliest word; higher is more varied."), 0, 2, 0.1
    ),
    _Field(
        _LONGEST, mark("Longest reply"), mark("In tokens: about three quarters of a word each."), 16, 131_072, 1, True
    ),
)
_ADVANCED = (
    _Field("top_p", mark("Top-p"), mark("Only the likeliest words that together have this probability."), 0, 1, 0.05),
    _Field("top_k", mark("Top-k"), mark("Only so many of the likeliest words; 0: all."), 0, 1_000, 1, True),
    _Field("min_p", mark("Min-p"), mark("Only words at least this likely, beside the likeliest."), 0, 1, 0.01),
    _Field("typical_p", mark("Typical-p"), mark("Leaves out words that are too surprising; 1: none."), 0, 1, 0.05),
    _Field(
        "repeat_penalty", mark("Repeat penalty"), mark("Above 1, words that were used are less likely."), 0.5, 2, 0.05
    ),
    _Field("presence_penalty", mark("Presence penalty"), mark("Against each word that was used at all."), -2, 2, 0.1),
    _Field("frequency_penalty", mark("Frequency penalty"), mark("Against words, the more they were used."), -2, 2, 0.1),
    _Field("dry_multiplier", mark("DRY"), mark("Against repeating whole phrases; 0: off."), 0, 5, 0.1),
    _Field("xtc_probability", mark("XTC"), mark("How often the likeliest words are left out; 0: never."), 0, 1, 0.05),
    _Field("mirostat", mark("Mirostat"), mark("Holds the surprise of a text level: 0 off, 1 or 2."), 0, 2, 1, True),
    _Field("seed", mark("Seed"), mark("The same seed gives the same reply."), 0, 2_147_483_646, 1, True),
)


class OptionFields(QWidget):
    """`changed` when the person has changed one."""

    changed = Signal()

    def __init__(self, theme: Theme, otherwise: str) -> None:
        """`otherwise`: what a field says that sets nothing."""
        super().__init__()
        self._otherwise = otherwise
        self._boxes: dict[str, QDoubleSpinBox | QSpinBox] = {}
        self._advanced = QWidget()
        self._disclosure = Disclosure(theme, tr("Advanced"), self._advanced)
        self._reset = button(tr("Reset all"), self._reset_all, kind="link", role=fonts.SMALL)
        first = QWidget()
        self._fill(first, _FIELDS)
        self._fill(self._advanced, _ADVANCED)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(first)
        column.addWidget(self._disclosure)
        column.addWidget(self._reset)
        self._refresh()

    def show_options(self, options: ChatOptions) -> None:
        """Without a word about it."""
        for name, box in self._boxes.items():
            value = options.max_reply_tokens if name == _LONGEST else getattr(options.sampling, name)
            box.blockSignals(True)
            if value is None:
                box.setValue(box.minimum())  # type: ignore[arg-type]
            elif isinstance(box, QSpinBox):
                box.setValue(int(value))
            else:
                box.setValue(float(value))
            box.blockSignals(False)
        self._refresh()

    def options(self) -> ChatOptions:
        """What the fields say; the system prompt and the model are not among them."""
        values = {name: None if box.value() == box.minimum() else box.value() for name, box in self._boxes.items()}
        longest = values.pop(_LONGEST)
        return ChatOptions(
            max_reply_tokens=None if longest is None else int(longest),
            sampling=SamplingChoice(**values),  # type: ignore[arg-type]
        )

    def _fill(self, part: QWidget, fields: tuple[_Field, ...]) -> None:
        form = QFormLayout(part)
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(8)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)  # long words, large type
        for field in fields:
            box = self._boxes[field.name] = self._box(field)
            title = label(tr(field.title), role=fonts.SMALL)
            title.setToolTip(tr(field.means))
            title.setBuddy(box)
            title.setMinimumHeight(box.sizeHint().height())
            form.addRow(title, box)

    def _box(self, field: _Field) -> QDoubleSpinBox | QSpinBox:
        made: QDoubleSpinBox | QSpinBox
        if field.is_whole:
            made = QSpinBox()
            made.setRange(int(field.least) - 1, int(field.most))
            made.setGroupSeparatorShown(field.name == _LONGEST)
        else:
            made = QDoubleSpinBox()
            made.setDecimals(2)
            made.setRange(round(field.least - field.step, 2), field.most)
            made.setSingleStep(field.step)
        made.setStepType(QAbstractSpinBox.StepType.DefaultStepType)
        made.setSpecialValueText(self._otherwise)
        made.setValue(made.minimum())  # type: ignore[arg-type]
        made.setAccessibleName(tr(field.title))
        made.setAccessibleDescription(tr(field.means))
        made.setToolTip(tr(field.means))
        settle_spin(made)
        made.valueChanged.connect(self._tell)
        return made

    def _tell(self) -> None:
        self._refresh()
        self.changed.emit()

    def _reset_all(self) -> None:
        self.show_options(ChatOptions())
        self.changed.emit()

    def _refresh(self) -> None:
        self._reset.setVisible(self.options() != ChatOptions())
