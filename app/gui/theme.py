"""Light and dark: the tokens of the look, the palette and the one style sheet made of them. GUI thread only.

Offscreen and plain X have no theme of their own: the palette is always set here, never assumed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from string import Template

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from app.paths import resource


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """The colours of one theme, by what they are for."""

    bg: str
    side: str
    raised: str
    line: str
    text: str
    muted: str
    accent: str
    on_accent: str
    accent_hover: str
    edge: str  # of what can be filled in: seen as WCAG wants it
    ring: str  # around the box that is written in
    code: str
    sel: str
    found: str  # behind words that were looked for
    warn: str
    danger: str
    ok: str
    veil: str  # over the window while files are dragged


LIGHT = Tokens(
    bg="#FBFAF8",
    side="#F3F1EC",
    raised="#FFFFFF",
    line="#DDD8CC",
    text="#1F1D1A",
    muted="#625D53",
    accent="#0B6B63",
    on_accent="#FFFFFF",
    accent_hover="#095A53",
    edge="#8C8679",
    ring="#A9A395",
    code="#F1EEE7",
    sel="#E6E2D8",
    found="#F6E3A1",
    warn="#8A5A00",
    danger="#B3261E",
    ok="#2B6E33",
    veil="rgba(251, 250, 248, 225)",
)
DARK = Tokens(
    bg="#161513",
    side="#1D1C19",
    raised="#262420",
    line="#3B3832",
    text="#EDE9E1",
    muted="#ABA598",
    accent="#5CC8BA",
    on_accent="#0E1F1D",
    accent_hover="#79D3C7",
    edge="#7C766C",
    ring="#6B665C",
    code="#211F1B",
    sel="#2C2A25",
    found="#5A4B1B",
    warn="#E0B04B",
    danger="#F28B82",
    ok="#81C784",
    veil="rgba(22, 21, 19, 225)",
)


class Theme(QObject):
    """Which of the two is on. `changed` is emitted after the program's palette and style sheet were set."""

    changed = Signal()

    def __init__(self, app: QApplication, choice: str = "system") -> None:
        """`choice` is system, light or dark, as in the settings."""
        super().__init__(app)
        self._app = app
        self._choice = choice
        self.tokens = LIGHT
        self._sheet = Template(resource("assets", "style.qss").read_text(encoding="utf-8"))
        app.styleHints().colorSchemeChanged.connect(self._follow_system)
        app.layoutDirectionChanged.connect(self._apply)
        self._apply()

    @property
    def is_dark(self) -> bool:
        return self.tokens is DARK

    def choose(self, choice: str) -> None:
        """Take another one of system, light and dark."""
        if choice != self._choice:
            self._choice = choice
            self._apply()
            self.changed.emit()

    def _follow_system(self) -> None:
        if self._choice == "system":
            self._apply()
            self.changed.emit()

    def _apply(self) -> None:
        self.tokens = DARK if self._wants_dark() else LIGHT
        self._app.setPalette(palette(self.tokens))
        self._app.setStyleSheet(self._sheet.substitute(asdict(self.tokens), **_sides(self._app)))

    def _wants_dark(self) -> bool:
        if self._choice == "system":
            return self._app.styleHints().colorScheme() is Qt.ColorScheme.Dark
        return self._choice == "dark"


def _sides(app: QApplication) -> dict[str, str]:
    """Where the page begins and ends: style sheets know left and right only."""
    is_rtl = app.layoutDirection() is Qt.LayoutDirection.RightToLeft
    return {"start": "right", "end": "left"} if is_rtl else {"start": "left", "end": "right"}


def palette(tokens: Tokens) -> QPalette:
    """The tokens as Qt's palette, for what no style sheet reaches: documents, delegates."""
    role = QPalette.ColorRole
    colours = {
        role.Window: tokens.bg,
        role.Base: tokens.raised,
        role.AlternateBase: tokens.side,
        role.Button: tokens.raised,
        role.ToolTipBase: tokens.raised,
        role.WindowText: tokens.text,
        role.Text: tokens.text,
        role.ButtonText: tokens.text,
        role.ToolTipText: tokens.text,
        role.PlaceholderText: tokens.muted,
        role.Highlight: tokens.accent,
        role.HighlightedText: tokens.on_accent,
        role.Link: tokens.accent,
        role.LinkVisited: tokens.accent,
        role.Mid: tokens.line,
    }
    made = QPalette()
    for which, colour in colours.items():
        made.setColor(which, QColor(colour))
    for which in (role.Text, role.WindowText, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, which, QColor(tokens.muted))
    return made
