"""What is asked of the person for one kind of job: its parameters as fields. GUI thread only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.errors import ErrorKind, KnownError
from app.gui.form import Form


class KindForm(QWidget):
    """`changed` whenever `params` would be others."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.form = Form()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addLayout(self.form)

    def params(self) -> msgspec.Struct:
        """As they are filled in now. Raises KnownError, whose sentence says what is missing."""
        raise NotImplementedError

    def blank(self) -> msgspec.Struct:
        """Parameters that can be used with anything: the documents are looked at with them while others are missing."""
        raise NotImplementedError

    def show_params(self, params: Any) -> None:
        """Fill the fields in. `params` are of the kind's type."""
        raise NotImplementedError

    def set_columns(self, columns: Sequence[str]) -> None:
        """The columns of the tables that were given; none where documents were."""

    def focus(self) -> None:
        """Where the keyboard starts."""


def missing(sentence: str) -> KnownError:
    return KnownError(ErrorKind.BAD_REQUEST, sentence)
