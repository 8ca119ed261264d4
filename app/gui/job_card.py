"""A job as a card: its title, how far it is, its state in words and what can be done with it. GUI thread only."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMimeData, QPoint, Qt, SignalInstance
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app.core.views import JobState, JobView, StatusView
from app.gui import fonts, job_words
from app.gui.buttons import ElidedLabel, IconButton, button, label, set_tone
from app.gui.core_words import retold
from app.gui.flow import FlowLayout
from app.gui.job_actions import GOING, OVER, JobActions
from app.gui.summary_drag import Draggable, mime_of
from app.gui.theme import Theme
from app.gui.tongue import tr

_STEPS = 1_000
_GAP_PX, _TITLE_PX = 12, 96  # beside the title, and what it needs to be known by
_HEIRS = {  # who gets the keyboard when the button that has it goes
    "open": ("retry", "pause", "remove"),
    "pause": ("resume", "open", "retry", "remove"),
    "resume": ("pause", "open", "retry", "remove"),
    "retry": ("pause", "open", "remove"),
    "cancel": ("open", "retry", "remove"),
    "remove": ("pause", "open"),
}


class JobCard(QFrame):
    """`is_slim`: the one above the composer, without actions; `opens`: not the one on the job's own page."""

    def __init__(self, theme: Theme, actions: JobActions, *, is_slim: bool = False, opens: bool = True) -> None:
        super().__init__()
        self.setProperty("card", True)
        self._actions, self._is_slim, self._opens = actions, is_slim, opens
        self._id = ""
        self._has_summary, self._document = False, 0
        Draggable(self, self._dragged)
        self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._title = ElidedLabel()
        self._state = label(role=fonts.SMALL, tone="muted")
        self._bar = QProgressBar()
        self._bar.setRange(0, _STEPS)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(tr("Progress"))
        self._line = label(role=fonts.SMALL, tone="muted", wraps=not is_slim)
        self._more = label(role=fonts.SMALL, tone="muted", wraps=True)
        self._waits = label(role=fonts.SMALL, tone="warn", wraps=True)
        self._error = label(role=fonts.SMALL, tone="danger", wraps=True)
        self._use_model = button(
            tr("Use the loaded model"), lambda: actions.use_model.emit(self._id), kind="link", role=fonts.SMALL
        )
        self._buttons = {
            name: self._button(name, text, signal)
            for name, text, signal in (
                ("open", tr("Open"), actions.open),
                ("pause", tr("Pause"), actions.pause),
                ("resume", tr("Resume"), actions.resume),
                ("retry", tr("Try again"), actions.retry),
                ("cancel", tr("Cancel"), actions.cancel),
                ("remove", tr("Remove"), actions.remove),
            )
        }
        self._menu = IconButton(theme, "ellipsis", tr("More about this job"), self._ask_menu, 24)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 12, 8, 12 if is_slim else 8)
        column.setSpacing(4)
        column.addLayout(self._make_facts())
        column.addWidget(self._use_model)
        column.addWidget(self._make_foot())
        self._use_model.hide()

    def show_job(self, job: JobView, status: StatusView, parked_seconds: float | None = None) -> None:
        """The job as it is now."""
        self._id = job.id
        self._has_summary = job.kind == "summarize" and job.state is JobState.DONE
        self._document = 0 if job.documents == 1 else -1
        state = job_words.job_state(job, parked_seconds)
        self._title.setText(retold(job.title))
        self._state.setText(state)
        self._fit_head()
        tones = {JobState.FAILED: "danger", JobState.DONE: "ok"}
        set_tone(self._state, tones.get(job.state, "muted"))
        self._show_bar(job)
        line = job_words.job_progress(job, status)
        self._line.setText(line)
        self._line.setVisible(not (job.error and not self._is_slim))  # also while it is empty: its place stays
        of_documents = job_words.job_documents(job) if self._opens else ""  # its own page tells more of them
        more = "\n".join(part for part in (of_documents, job_words.job_saved(job), job_words.job_output(job)) if part)
        waits, error = "" if job.state is JobState.PAUSED else retold(job.waits), retold(job.error)
        for part, text in ((self._more, more), (self._waits, waits), (self._error, error)):
            part.setText(text)
            part.setVisible(bool(text) and not self._is_slim)
        said = (retold(job.title), state, line, more, waits, error)
        self.setAccessibleName(", ".join(part for part in said if part))
        self._use_model.setVisible(job.can_change_model and not self._is_slim)
        self._offer(job)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_head()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange and hasattr(self, "_state"):
            self._fit_head()

    def focus(self) -> None:
        """Where the keyboard starts on it."""
        self._buttons["open"].setFocus()

    def _fit_head(self) -> None:
        """The state goes below a title that it would leave no room."""
        wanted = min(self._title.fontMetrics().horizontalAdvance(self._title.text()), fonts.scaled(_TITLE_PX))
        room = self._head.contentsRect().width() - self._state.sizeHint().width() - _GAP_PX
        direction = QBoxLayout.Direction
        is_below = room < wanted and not self._is_slim
        self._head.setDirection(direction.TopToBottom if is_below else direction.LeftToRight)
        self._head.setSpacing(4 if is_below else _GAP_PX)

    def _show_bar(self, job: JobView) -> None:
        through = job.items_done + job.items_failed
        self._bar.setValue(round(_STEPS * through / job.items_total) if job.items_total else 0)
        look = (job.state is JobState.PAUSED, job.state in OVER)  # the bar stays, so that the card keeps its height
        if (self._bar.property("quiet"), self._bar.property("over")) != look:
            self._bar.setProperty("quiet", look[0])
            self._bar.setProperty("over", look[1])
            self._bar.style().unpolish(self._bar)
            self._bar.style().polish(self._bar)

    def _offer(self, job: JobView) -> None:
        self._buttons["open"].setText(tr("Open result") if job.state is JobState.DONE else tr("Open"))
        shown = {
            "open": self._opens,
            "pause": job.state in GOING,
            "resume": job.state is JobState.PAUSED,
            "retry": job.state in (JobState.FAILED, JobState.CANCELLED)
            or (job.state is JobState.DONE and job.items_failed + job.documents_failed > 0),
            "cancel": job.state not in OVER,
            "remove": job.state in OVER,
        }
        self._show_buttons({name for name, is_shown in shown.items() if is_shown and not self._is_slim})

    def _show_buttons(self, shown: set[str]) -> None:
        """The keyboard stays in the place where it was: on Resume where Pause was, not on the Cancel beside it."""
        held = next((name for name, made in self._buttons.items() if made.hasFocus()), "")
        for name in shown:
            self._buttons[name].show()
        if held and held not in shown:
            heir = next((name for name in _HEIRS[held] if name in shown), "")
            if heir:
                self._buttons[heir].setFocus()
        for name in self._buttons.keys() - shown:
            self._buttons[name].hide()

    def _dragged(self) -> QMimeData | None:
        """The summary, which can be dragged into a chat."""
        return mime_of(self._id, self._document) if self._has_summary else None

    def _ask_menu(self) -> None:
        self._actions.menu.emit(self._id, self._menu.mapToGlobal(QPoint(0, self._menu.height() + 2)))

    def _button(self, name: str, text: str, signal: SignalInstance) -> QPushButton:
        kind = "link" if name == "open" else "quiet"
        made = button(text, lambda: signal.emit(self._id), kind=kind, role=fonts.SMALL)
        made.setParent(self)
        made.hide()
        return made

    def _make_facts(self) -> QVBoxLayout:
        head = self._head
        head.setSpacing(_GAP_PX)
        head.addWidget(self._title, 1)
        head.addWidget(self._state)
        facts = QVBoxLayout()
        facts.setContentsMargins(8, 0, 8, 0)  # so that the words of the first button stand below the others
        facts.setSpacing(8)
        facts.addLayout(head)
        for widget in (self._bar, self._line, self._more, self._waits, self._error):
            facts.addWidget(widget)
        return facts

    def _make_foot(self) -> QWidget:
        made = QWidget()
        foot = QHBoxLayout(made)
        foot.setContentsMargins(0, 0, 0, 0)
        foot.setSpacing(4)
        actions = QWidget()
        flow = FlowLayout(4, likes_a_line=True)
        actions.setLayout(flow)
        for each in self._buttons.values():
            flow.addWidget(each)
        foot.addWidget(actions, 1)
        foot.addWidget(self._menu, 0, Qt.AlignmentFlag.AlignTop)
        if self._is_slim:
            made.hide()
        return made
