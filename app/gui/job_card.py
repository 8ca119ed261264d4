"""A job as a card: its title, how far it is, its state in words and what can be done with it. GUI thread only."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, SignalInstance
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout

from app.core.views import JobState, JobView, StatusView
from app.gui import fonts, words
from app.gui.buttons import ElidedLabel, button, label, set_tone

_GOING = (JobState.READING, JobState.QUEUED, JobState.RUNNING)
_OVER = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)
_STEPS = 1_000
_HEIRS = {  # who gets the keyboard when the button that has it goes
    "open": ("retry", "pause", "remove"),
    "pause": ("resume", "open", "retry", "remove"),
    "resume": ("pause", "open", "retry", "remove"),
    "retry": ("pause", "open", "remove"),
    "cancel": ("open", "retry", "remove"),
    "remove": ("pause", "open"),
}


class JobActions(QObject):
    """What a person can ask for on a job; signals carry its id."""

    pause = Signal(str)
    resume = Signal(str)
    cancel = Signal(str)
    retry = Signal(str)
    remove = Signal(str)
    open = Signal(str)


class JobCard(QFrame):
    """`is_slim`: the one above the composer, without actions."""

    def __init__(self, actions: JobActions, *, is_slim: bool = False) -> None:
        super().__init__()
        self.setProperty("card", True)
        self._is_slim = is_slim
        self._id = ""
        self._title = ElidedLabel()
        self._state = label(role=fonts.SMALL, tone="muted")
        self._bar = QProgressBar()
        self._bar.setRange(0, _STEPS)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress")
        self._line = label(role=fonts.SMALL, tone="muted", wraps=not is_slim)
        self._error = label(role=fonts.SMALL, tone="danger", wraps=True)
        self._buttons = {
            name: self._button(text, signal)
            for name, text, signal in (
                ("open", "Open result", actions.open),
                ("pause", "Pause", actions.pause),
                ("resume", "Resume", actions.resume),
                ("retry", "Try again", actions.retry),
                ("cancel", "Cancel", actions.cancel),
                ("remove", "Remove", actions.remove),
            )
        }
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self._title, 1)
        head.addWidget(self._state)
        foot = QHBoxLayout()
        foot.setContentsMargins(0, 0, 0, 0)
        foot.setSpacing(4)
        for made in self._buttons.values():
            foot.addWidget(made)
        foot.addStretch()
        facts = QVBoxLayout()
        facts.setContentsMargins(8, 0, 8, 0)  # so that the words of the first button stand below the others
        facts.setSpacing(8)
        facts.addLayout(head)
        for widget in (self._bar, self._line, self._error):
            facts.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 12, 8, 12 if is_slim else 8)
        column.setSpacing(4)
        column.addLayout(facts)
        if not is_slim:
            column.addLayout(foot)

    def show_job(self, job: JobView, status: StatusView, parked_seconds: float | None = None) -> None:
        """The job as it is now."""
        self._id = job.id
        state = words.job_state(job, parked_seconds)
        self._title.setText(job.title)
        self._state.setText(state)
        tones = {JobState.FAILED: "danger", JobState.DONE: "ok"}
        set_tone(self._state, tones.get(job.state, "muted"))
        self._bar.setValue(round(_STEPS * job.items_done / job.items_total) if job.items_total else 0)
        look = (job.state is JobState.PAUSED, job.state in _OVER)  # the bar stays, so that the card keeps its height
        if (self._bar.property("quiet"), self._bar.property("over")) != look:
            self._bar.setProperty("quiet", look[0])
            self._bar.setProperty("over", look[1])
            self._bar.style().unpolish(self._bar)
            self._bar.style().polish(self._bar)
        line = words.job_progress(job, status)
        has_error = bool(job.error) and not self._is_slim
        self._line.setText(line)
        self._line.setVisible(not has_error)  # also while it is empty: its place stays
        self._error.setText(job.error)
        self._error.setVisible(has_error)
        self.setAccessibleName(f"{job.title}, {state}, {line}")
        shown = {
            "open": job.state is JobState.DONE,
            "pause": job.state in _GOING,
            "resume": job.state is JobState.PAUSED,
            "retry": job.state in (JobState.FAILED, JobState.CANCELLED)
            or (job.state is JobState.DONE and job.items_failed > 0),
            "cancel": job.state not in _OVER,
            "remove": job.state in _OVER,
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

    def _button(self, text: str, signal: SignalInstance) -> QPushButton:
        kind = "link" if text == "Open result" else "quiet"
        made = button(text, lambda: signal.emit(self._id), kind=kind, role=fonts.SMALL)
        made.setParent(self)
        made.hide()
        return made
