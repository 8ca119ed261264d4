"""What the lab's page asks of Core, and what comes back. GUI thread only.

The page is made when it is first opened: pyqtgraph is imported by another thread meanwhile.
"""

from __future__ import annotations

import asyncio
import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from app.core.events import MeasurementAdvanced, ModelStateChanged
from app.engine.interface import ModelState
from app.engine.tuned import Point, Tuned
from app.errors import KnownError, from_os_error
from app.gui import dialogs, words
from app.gui.bridge import Bridge
from app.gui.last_folder import LastFolder
from app.gui.notices import Notices
from app.gui.theme import Theme
from app.gui.tongue import apart, tr
from app.lab.calculator import Answer, Question
from app.lab.curve import csv
from app.lab.format import Trial
from app.lab.session import LabView, Session

if TYPE_CHECKING:
    from app.gui.lab.page import LabPage

_PAGE = "app.gui.lab.page"


class LabDesk(QObject):
    """`shown` with the page that is wanted."""

    shown = Signal(object)
    left = Signal()
    model_made = Signal(Path)

    def __init__(
        self,
        window: QWidget,
        bridge: Bridge,
        theme: Theme,
        folder: LastFolder,
        notices: Notices,
        session: Session | None = None,
    ) -> None:
        super().__init__(window)
        self._window, self._bridge, self._theme = window, bridge, theme
        self._folder, self._notices = folder, notices
        self.session = session or Session()
        self._tuned = Tuned(model="")
        self._slowdown = 1.5
        self._is_running = self._has_filled = False
        self.page: LabPage | None = None

    def open(self) -> None:
        """Show it, with what is known of the model in use."""
        self._bridge.call(lambda core: asyncio.to_thread(_import_page), done=lambda _: self._open())

    def _open(self) -> None:
        if self.page is None:
            self.page = self._make_page()
        self.shown.emit(self.page)
        self._look()

    def _look(self) -> None:
        if not self._is_running:
            self._bridge.call(lambda core: self.session.look(core), done=self._show, failed=self._say)

    def hear(self, event: MeasurementAdvanced | ModelStateChanged) -> None:
        """Of this window's own measurement; or another model is there."""
        if isinstance(event, ModelStateChanged):
            if event.state is ModelState.READY and self.page is not None and self.page.isVisible():
                self._look()
            return
        if self.page is None or not self._is_running:
            return
        if isinstance(event.found, Point):
            self._tuned = self._tuned.with_point(event.found)
            self.page.curve.show_tuned(self._tuned, self._slowdown)
            self.page.curve.advance(event.found, event.n_left)
        elif isinstance(event.found, Trial):
            self.page.format.advance(event.found, event.n_left)

    # what is asked for

    def measure(self) -> None:
        if self.page is None or self._is_running:
            return
        self._is_running = True
        self.page.curve.began()
        self._bridge.call(lambda core: self.session.tune(core), done=self._tune_ended, failed=self._failed)

    def try_kinds(self) -> None:
        from app.lab.format import BITS

        if self.page is None or self._is_running:
            return
        self._is_running = True
        self.page.format.begin_trials()
        self._bridge.call(
            lambda core: self.session.try_kinds(core, tuple(BITS)), done=self._trials_ended, failed=self._failed
        )

    def make(self, kind: str) -> None:
        if self.page is None or self._is_running:
            return
        self._is_running = True
        self.page.format.began(tr("Making it, and comparing it with your file."))
        self._bridge.call(lambda core: self.session.make(core, kind), done=self._made, failed=self._failed)

    def stop(self) -> None:
        self._bridge.call(lambda core: self.session.stop())

    def choose_slowdown(self, slowdown: float) -> None:
        self._slowdown = slowdown
        self._bridge.call(lambda core: core.change_settings(balanced_slowdown=slowdown), failed=self._say)

    def ask(self, question: Question, currency: str) -> None:
        self._bridge.call(lambda core: self.session.ask(core, question, currency), done=self._answer, failed=self._say)

    def save_picture(self) -> None:
        if self.page is not None:
            image = self.page.curve.chart.image()
            dialogs.choose_results(self._window, self._folder, "curve", "png", lambda path: self._save(path, image))

    def save_figures(self) -> None:
        text = csv(self._tuned.points)
        dialogs.choose_results(self._window, self._folder, "curve", "csv", lambda path: self._save(path, text))

    def _save(self, path: Path, content: QImage | str) -> None:
        self._bridge.call(
            lambda core: asyncio.to_thread(_write, path, content),
            done=lambda _: self._notices.show_notice(tr("Saved as {path}.", path=apart(str(path)))),
            failed=self._say,
        )

    # what comes back

    def _show(self, view: LabView) -> None:
        self._tuned, self._slowdown = view.tuned, view.slowdown
        if self.page is not None and not self._is_running:
            self.page.show_view(view)
            if not self._has_filled:
                self.page.calculator.fill(view.watts, view.prices, view.currency)
                self._has_filled = True

    def _tune_ended(self, view: LabView | None) -> None:
        self._end()
        if view is not None:
            self._show(view)
        else:
            self._look()

    def _trials_ended(self, trials: list[Trial] | None) -> None:
        self._end(tr("Stopped. Nothing was left behind.") if trials is None else "")

    def _made(self, made: tuple[Path, float] | None) -> None:
        if made is None:
            self._end(tr("Stopped. Nothing was left behind."))
            return
        path, loss = made
        self._end(
            tr(
                "{name} is there, with a loss of {loss}. Choose it above as any other model; your file stays.",
                name=apart(path.name),
                loss=words.decimal(loss, 3),
            )
        )
        self.model_made.emit(path)

    def _answer(self, found: Answer) -> None:
        if self.page is not None:
            self.page.calculator.show_answer(found)

    def _failed(self, error: KnownError) -> None:
        self._end()
        self._say(error)
        self._look()

    def _end(self, sentence: str = "") -> None:
        self._is_running = False
        if self.page is not None:
            self.page.curve.ended()
            self.page.format.ended(sentence)

    def _say(self, error: KnownError) -> None:
        self._notices.show_notice(error.sentence, tone="danger")

    def _make_page(self) -> LabPage:
        from app.gui.lab.page import LabPage

        page = LabPage(self._theme)
        page.back_asked.connect(self.left)
        page.curve.measure_asked.connect(self.measure)
        page.curve.stop_asked.connect(self.stop)
        page.curve.slowdown_chosen.connect(self.choose_slowdown)
        page.curve.picture_asked.connect(self.save_picture)
        page.curve.table_asked.connect(self.save_figures)
        page.calculator.asked.connect(self.ask)
        page.format.try_asked.connect(self.try_kinds)
        page.format.make_asked.connect(self.make)
        page.format.stop_asked.connect(self.stop)
        return page


def _import_page() -> None:
    """Its charts' library takes half a second to import, which the window must not wait for."""
    importlib.import_module(_PAGE)


def _write(path: Path, content: QImage | str) -> None:
    try:
        if isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        elif not content.save(str(path), "PNG"):  # type: ignore[call-overload]
            raise OSError(f"Qt could not write {path.name}")
    except OSError as error:
        raise from_os_error(error, f"write {path.name}") from error
