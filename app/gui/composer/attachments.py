"""The documents that go with the next message, as chips: name, size, state, and how each is used. GUI thread only."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.core.chat_views import AttachmentState, AttachmentUse, AttachmentView
from app.gui import fonts, words
from app.gui.buttons import IconButton
from app.gui.core_words import retold
from app.gui.flow import FlowLayout
from app.gui.icons import set_icon
from app.gui.theme import Theme
from app.gui.tongue import tr, trn

_MOST_SAID = 90  # characters of what stands after the name


class Attachments(QWidget):
    """Asks with the id of an attachment."""

    use_chosen = Signal(str, object)  # an AttachmentUse
    removed = Signal(str)
    text_wanted = Signal(str)  # a pasted one is to be text again

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._shown: tuple[AttachmentView, ...] = ()
        self._pasted: frozenset[str] = frozenset()
        self._flow = FlowLayout(6)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._flow)
        self.hide()
        theme.changed.connect(self._build)

    def show_attachments(self, attachments: Sequence[AttachmentView], pasted: frozenset[str] = frozenset()) -> None:
        """`pasted`: ids of those whose text can be put back."""
        before, self._shown, self._pasted = (self._shown, self._pasted), tuple(attachments), pasted
        if before == (self._shown, self._pasted):
            return
        if [view.id for view in before[0]] == [view.id for view in self._shown] and len(self.chips) == len(before[0]):
            for chip, view in zip(self.chips, self._shown, strict=True):
                chip.show_view(view, view.id in pasted)
        else:
            self._build()

    @property
    def chips(self) -> list[AttachmentChip]:
        return [made for made in self._flow.widgets() if isinstance(made, AttachmentChip)]

    def _build(self) -> None:
        held = next((chip.view.id for chip in self.chips if chip.has_keyboard()), "")
        self._flow.clear()
        for view in self._shown:
            chip = AttachmentChip(self._theme, view, self, view.id in self._pasted)
            self._flow.addWidget(chip)
            chip.show()
            if view.id == held:
                chip.main.setFocus()
        self.setVisible(bool(self._shown))
        self.updateGeometry()


class AttachmentChip(QFrame):
    """Pressed, it shows how the document can be used, and what each means."""

    def __init__(self, theme: Theme, view: AttachmentView, asked: Attachments, is_pasted: bool) -> None:
        super().__init__()
        self.setObjectName("attachment")
        self._asked, self._theme = asked, theme
        self.main = QPushButton()
        self.main.setProperty("kind", "flat")
        self.main.setAutoDefault(False)
        self.main.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        fonts.set_role(self.main, fonts.SMALL)
        self.main.clicked.connect(self._show_menu)
        self.show_view(view, is_pasted)
        remove = tr("Take {name} away", name=view.name)
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 1, 2, 1)
        row.setSpacing(0)
        row.addWidget(self.main)
        row.addWidget(IconButton(theme, "x", remove, lambda: asked.removed.emit(view.id), 24))

    def show_view(self, view: AttachmentView, is_pasted: bool) -> None:
        """What is known of it now."""
        self.view, self._is_pasted = view, is_pasted
        failed = bool(view.error)
        colour = self._theme.tokens.danger if failed else self._theme.tokens.muted
        said = described(view)
        self.main.setText(f" {shortened(view.name, 32)}  {shortened_end(said, _MOST_SAID)}")
        set_icon(self.main, "file-warning" if failed else "file-text", colour)
        self.main.setAccessibleName(f"{view.name}, {said}")
        more = [retold(sentence) for sentence in (view.error, *view.notes) if sentence]
        self.main.setToolTip("\n".join((view.name, *more)))

    def has_keyboard(self) -> bool:
        focus = self.window().focusWidget()
        return focus is not None and self.isAncestorOf(focus)

    def menu(self) -> QMenu:
        """The uses, each with its meaning; the one that is on is checked."""
        made = QMenu(self)
        made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        view = self.view
        if view.state is AttachmentState.READY:
            for use, meaning in uses(view):
                action = made.addAction(meaning)
                action.setCheckable(True)
                action.setChecked(use is view.use)
                action.setEnabled(use is view.use or can_be_used(view, use))
                action.triggered.connect(lambda _=False, use=use: self._asked.use_chosen.emit(view.id, use))
            made.addSeparator()
        if self._is_pasted:
            made.addAction(tr("Put it into the message as text")).triggered.connect(
                lambda: self._asked.text_wanted.emit(view.id)
            )
        made.addAction(tr("Take it away")).triggered.connect(lambda: self._asked.removed.emit(view.id))
        return made

    def _show_menu(self) -> None:
        self.menu().popup(self.main.mapToGlobal(self.main.rect().bottomLeft()))


def described(view: AttachmentView) -> str:
    """What stands on the chip after the name."""
    match view.state:
        case AttachmentState.READING:
            return tr("reading…")
        case AttachmentState.FAILED:
            return _without_name(retold(view.error), view.name) or tr("not read")
    size = trn("{count} token", "{count} tokens", view.n_tokens)
    match view.use:
        case AttachmentUse.WHOLE:
            how = tr("whole") if view.fits else tr("whole: does not fit")
        case AttachmentUse.PASSAGES:
            how = tr("passages")
        case AttachmentUse.SUMMARY:
            how = _summary_state(view)
    parts = [size, how]
    if view.notes:
        parts.append(tr("not all of it could be read"))
    return words.DOT.join(parts)


def _without_name(sentence: str, name: str) -> str:
    """The name stands before it already. In some languages it is not what a sentence begins with."""
    return re.sub(rf"\A[“„«]\u2068?{re.escape(name)}\u2069?[”“»] ", "", sentence)


def _summary_state(view: AttachmentView) -> str:
    if view.error:
        return tr("no summary: {reason}", reason=retold(view.error))
    if view.summary_fraction is None:
        return tr("summary in background")
    if view.summary_fraction >= 1:
        return tr("summary is ready")
    return tr("summary in background, {percent}", percent=words.percent(view.summary_fraction))


def uses(view: AttachmentView) -> list[tuple[AttachmentUse, str]]:
    """Each use with what it means for this document."""
    tokens = words.number(view.n_tokens)
    whole = (
        tr("Whole: the model reads all {tokens} tokens of it", tokens=tokens)
        if view.fits
        else tr("Whole: does not fit, it has {tokens} tokens", tokens=tokens)
    )
    return [
        (AttachmentUse.WHOLE, whole),
        (AttachmentUse.PASSAGES, tr("Passages: only what matches the question goes with it")),
        (
            AttachmentUse.SUMMARY,
            tr("Summary in background: all of it is read, and its summary goes in")
            if view.can_summarize
            else tr("Summary in background: not in a temporary chat, for jobs are kept on the disk"),
        ),
    ]


def can_be_used(view: AttachmentView, use: AttachmentUse) -> bool:
    """Whether a use can be chosen for a document."""
    if use is AttachmentUse.WHOLE:
        return view.fits
    return use is not AttachmentUse.SUMMARY or view.can_summarize


def shortened_end(text: str, most: int) -> str:
    """A sentence that is too long for a chip: its tip has all of it."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def shortened(name: str, most: int) -> str:
    """A file name with … in its middle where it is long: its ending tells what it is."""
    return name if len(name) <= most else f"{name[: most - 13]}…{name[-12:]}"
