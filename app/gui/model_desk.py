"""What the window knows of the model: it shows the menu, has another one loaded, says what is wrong and leads to one.

GUI thread only.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.core.events import EngineRestarted, ModelStateChanged
from app.core.model_views import LocalModel
from app.engine.interface import ModelState
from app.errors import ErrorKind, KnownError
from app.gui import words
from app.gui.bridge import Bridge
from app.gui.notices import Notices
from app.gui.tongue import mark, tr
from app.gui.top_bar import TopBar

if TYPE_CHECKING:
    from app.core.load_offer import LoadOffer

_LINGER_SECONDS = 2.0  # the engine may be back sooner than its notice was read
_GONE_SECONDS = 10.0
_ABOUT_MODEL = (ErrorKind.NO_MODEL, ErrorKind.MODEL_UNREADABLE, ErrorKind.OUT_OF_MEMORY)
_NONE_CHOSEN = mark("No model is loaded. Choose one of those on this machine.")
_NO_MODEL = mark("There is no model on this machine yet. Get one, or open a GGUF file.")


class ModelDesk(QObject):
    """`choose_file` opens the dialog for a model file; what was chosen there comes back to `load`."""

    page_asked = Signal()  # the page of all models

    def __init__(self, bridge: Bridge, top_bar: TopBar, notices: Notices, choose_file: Callable[[], object]) -> None:
        super().__init__(top_bar)
        self._bridge, self._top_bar, self._notices, self.choose_file = bridge, top_bar, notices, choose_file
        self.state = ModelState.ABSENT
        self.is_said: Callable[[], bool] = lambda: False  # that there is none: on the page itself
        self._wanted: Path | None = None  # what was last asked for
        top_bar.models_asked.connect(self.open_menu)
        top_bar.model_chosen.connect(self.load)
        top_bar.file_asked.connect(choose_file)
        top_bar.unload_asked.connect(lambda: self.unload())
        top_bar.page_asked.connect(self.page_asked)

    def hear(self, event: ModelStateChanged | EngineRestarted) -> None:
        """One event from the core."""
        match event:
            case ModelStateChanged():
                self._show(event)
            case EngineRestarted():
                # where no model is being loaded there is nothing whose end takes the notice away
                seconds = 0 if self.state is ModelState.LOADING else _GONE_SECONDS
                self._notices.show_notice(event.sentence, tone="warn", key="engine", seconds=seconds)

    def open_menu(self) -> None:
        """The models to choose from."""
        self._bridge.call(lambda core: core.models(), done=self._top_bar.show_models)

    def load(self, path: Path, context_tokens: int | None = None, *, anyway: bool = False) -> None:
        """Use another model from now on."""
        self._wanted = path
        self._bridge.call(
            lambda core: core.load_model(path, context_tokens=context_tokens, anyway=anyway),
            failed=lambda error: self._not_loaded(error, path),
        )

    def unload(self, path: Path | None = None) -> None:
        """Give the memory of a model back, until it is asked again: of the one in use, or of another one."""
        self._bridge.call(lambda core: core.unload(path), failed=self._say_busy)

    def _say_busy(self, error: KnownError) -> None:
        self._notices.show_notice(error.sentence, key="unload", seconds=_GONE_SECONDS)

    def _show(self, change: ModelStateChanged) -> None:
        self.state = change.state
        self._top_bar.show_model(change)
        if change.state is ModelState.FAILED:
            self._say_why(change.sentence if change.name else "")
        else:
            self._notices.dismiss("model")
        if change.state is ModelState.READY:
            self._notices.dismiss_after("engine", _LINGER_SECONDS)

    def _not_loaded(self, error: KnownError, path: Path) -> None:
        """Where the model before serves again the notice stays until it was read; else until there is a model."""
        if error.kind is ErrorKind.OUT_OF_MEMORY and path == self._wanted:
            self._bridge.call(
                lambda core: core.load_offer(path), done=lambda offer: self._offer(error.sentence, path, offer)
            )
        elif error.kind in _ABOUT_MODEL and self.state is ModelState.FAILED:
            self._say_why(error.sentence)
        else:
            action = (tr("Choose a model"), self.open_menu) if error.kind in _ABOUT_MODEL else None
            self._notices.show_notice(error.sentence, tone="danger", action=action)

    def _offer(self, sentence: str, path: Path, offer: LoadOffer | None) -> None:
        """It does not fit: what would, as a button."""
        if offer is None:
            action = (tr("Load it anyway"), lambda: self.load(path, anyway=True))
        elif offer.context_tokens:
            said = tr("Load with {tokens} of context", tokens=words.tokens(offer.context_tokens))
            action = (said, lambda: self.load(offer.path, offer.context_tokens))
        else:
            action = (tr("Load {name} instead", name=offer.name), lambda: self.load(offer.path))
        self._notices.show_notice(sentence, tone="danger", action=action, key="model")

    def _say_why(self, sentence: str) -> None:
        """There is no model to answer with: why, and the way to one. No sentence: none was ever chosen."""

        def say(models: list[LocalModel]) -> None:
            if self.state is not ModelState.FAILED or (not sentence and self.is_said()):
                return
            has_some = any(not model.problem for model in models)
            action = (tr("Choose a model"), self.open_menu) if has_some else (tr("Get a model"), self.page_asked.emit)
            said = sentence or (tr(_NONE_CHOSEN) if has_some else tr(_NO_MODEL))
            self._notices.show_notice(said, tone="danger", action=action, key="model", keeps=True)

        self._bridge.call(lambda core: core.models(), done=say)
