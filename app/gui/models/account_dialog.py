"""The token with which the hub knows a person, for models that ask for an account. Not modal. GUI thread only.

What is typed goes to Core and nowhere else; the hub's own library keeps it.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.core.model_views import HubTokenState
from app.gui import fonts
from app.gui.buttons import button, label
from app.gui.core_words import retold
from app.gui.tongue import tr


class AccountDialog(QDialog):
    """`given` with a token, or empty to forget the one there is. `say` what was wrong with it."""

    given = Signal(str)

    def __init__(self, parent: QWidget, state: HubTokenState | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Account at the hub"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(480)
        has_token = state is not None and state.has_token
        endpoint = (state.endpoint if state is not None else "") or "https://huggingface.co"
        self.token = QLineEdit()
        self.token.setEchoMode(QLineEdit.EchoMode.Password)
        self.token.setAccessibleName(tr("Access token"))
        self.token.setPlaceholderText(tr("Access token"))
        self._problem = label(role=fonts.SMALL, tone="danger", wraps=True)
        self._problem.hide()
        self.save = button(tr("Save"), self._give, kind="main", role=fonts.UI_STRONG)
        self.forget = button(tr("Forget the token"), lambda: self.given.emit(""))
        self.forget.setVisible(has_token)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addWidget(label(tr("Account at the hub"), role=fonts.TITLE))
        said = tr(
            "Some publishers ask for an account, and for consent to their terms on the model's page. Make an access "
            "token that may read at {endpoint}, and paste it here. It is kept where only you can read it, and sent to "
            "{endpoint} alone.",
            endpoint=endpoint,
        )
        column.addWidget(label(said, tone="muted", wraps=True))
        if has_token and state is not None:
            who = tr("There is a token of {account}.", account=state.account) if state.account else ""
            column.addWidget(label(retold(state.sentence) or who or tr("There is a token."), wraps=True))
        column.addWidget(self.token)
        column.addWidget(self._problem)
        row = QHBoxLayout()
        row.addWidget(self.forget)
        row.addStretch()
        row.addWidget(button(tr("Cancel"), self.reject))
        row.addWidget(self.save)
        column.addLayout(row)
        self.token.textChanged.connect(self._refresh)
        self.token.returnPressed.connect(self._give)
        self._refresh()
        self.token.setFocus()

    def say(self, sentence: str) -> None:
        """Why it was not taken; what was typed stays."""
        self._problem.setText(retold(sentence))
        self._problem.show()
        self.save.setEnabled(True)
        self.token.setFocus()

    def _give(self) -> None:
        if text := self.token.text().strip():
            self._problem.hide()
            self.save.setEnabled(False)
            self.given.emit(text)

    def _refresh(self) -> None:
        self.save.setEnabled(bool(self.token.text().strip()))
