"""When a job may run, and where its results go. GUI thread only."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

from PySide6.QtCore import QTime, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core.job_options import JobOptions, OutputFormat
from app.gui import dialogs, fonts
from app.gui.buttons import ElidedLabel, button, label
from app.gui.form import Form, check, choice, time_field
from app.gui.last_folder import LastFolder
from app.gui.tongue import mark, tr

_RESULTS = (
    (mark("Stay in Rubato"), ""),
    (mark("Also as a CSV file…"), "csv"),
    (mark("Also as a JSON Lines file…"), "jsonl"),
    (mark("Also as a Markdown file…"), "markdown"),
    (mark("Also as one Markdown file a document…"), "markdown_each"),
)


class OptionsForm(QWidget):
    """`changed` whenever `options` would be others."""

    changed = Signal()

    def __init__(self, folder: LastFolder) -> None:
        super().__init__()
        self._folder = folder
        self._path, self._format = "", ""
        self.idle = check(tr("Only while nobody uses the machine"))
        self.mains = check(tr("Only on mains power"))
        self.later = check(tr("Not before"))
        self.time = time_field(tr("Not before"), QTime(22, 0))
        self.results = choice(_RESULTS)
        self.results.setAccessibleName(tr("Results"))
        self._place = ElidedLabel(role=fonts.SMALL, tone="muted")
        self._day = label(role=fonts.SMALL, tone="muted")
        self._change = button(tr("Change…"), lambda: self._ask(self._format), kind="link", role=fonts.SMALL)
        self._where = QWidget()
        self._where.setLayout(_line(self._place, self._change))
        results = _stack(self.results, self._where)
        runs = _stack(self.idle, self.mains, _line(self.later, self.time, self._day))
        form = Form()
        form.add(tr("Results"), results)
        form.add(tr("It runs"), runs)
        self.setLayout(form)
        for box in (self.idle, self.mains, self.later):
            box.toggled.connect(lambda _: self._changed())
        self.time.timeChanged.connect(lambda _: self._changed())
        self.results.activated.connect(lambda _: self._choose(self.results.currentData()))
        self._show()

    def options(self, now: datetime) -> JobOptions:
        """As they are chosen now; a time of day is its next one."""
        return JobOptions(
            only_when_idle=self.idle.isChecked(),
            only_on_mains=self.mains.isChecked(),
            not_before_seconds=self._moment(now).timestamp() if self.later.isChecked() else 0.0,
            output_path=self._path,
            output_format=cast(OutputFormat, self._format or "csv"),
        )

    def show_options(self, options: JobOptions) -> None:
        self.idle.setChecked(options.only_when_idle)
        self.mains.setChecked(options.only_on_mains)
        self.later.setChecked(options.not_before_seconds > 0)
        if options.not_before_seconds:
            moment = datetime.fromtimestamp(options.not_before_seconds)
            self.time.setTime(QTime(moment.hour, moment.minute))
        self._path = options.output_path
        self._format = options.output_format if options.output_path else ""
        self._show()

    def _moment(self, now: datetime) -> datetime:
        time = self.time.time()
        moment = now.replace(hour=time.hour(), minute=time.minute(), second=0, microsecond=0)
        return moment if moment > now else moment + timedelta(days=1)

    def _changed(self) -> None:
        self._show()
        self.changed.emit()

    def _choose(self, format: str) -> None:
        if format:
            self._ask(format)
        else:
            self._path = self._format = ""
            self._changed()

    def _ask(self, format: str) -> None:
        """The list goes back to what it was until a place is chosen."""
        self._show()
        dialogs.choose_results(self, self._folder, tr("Results"), format, lambda path: self._chosen(path, format))

    def _chosen(self, path: Path, format: str) -> None:
        self._path, self._format = str(path), format
        self._changed()

    def _show(self) -> None:
        now = datetime.now()
        self.results.setCurrentIndex(self.results.findData(self._format))
        self._place.setText(self._path)
        self._where.setVisible(bool(self._path))
        self.time.setEnabled(self.later.isChecked())
        is_today = self._moment(now).date() == now.date()
        self._day.setText((tr("today") if is_today else tr("tomorrow")) if self.later.isChecked() else "")


def _line(*widgets: QWidget) -> QHBoxLayout:
    line = QHBoxLayout()
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(8)
    for widget in widgets:
        line.addWidget(widget, 1 if isinstance(widget, ElidedLabel) else 0)
    if not any(isinstance(widget, ElidedLabel) for widget in widgets):
        line.addStretch()
    return line


def _stack(*parts: QWidget | QHBoxLayout) -> QWidget:
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(6)
    for part in parts:
        if isinstance(part, QWidget):
            column.addWidget(part)
        else:
            column.addLayout(part)
    return made
