"""What the window knows of the model: it shows the menu, has another one loaded, says what is wrong and leads to one.

GUI thread only.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject

from app.core.events import EngineRestarted, ModelStateChanged
from app.core.views import ModelView
from app.engine.interface import ModelState
from app.errors import ErrorKind, KnownError
from app.gui.bridge import Bridge
from app.gui.notices import Notices
from app.gui.tongue import mark, tr
from app.gui.top_bar import TopBar

_LINGER_SECONDS = 2.0  # the engine may be back sooner than its notice was read
_GONE_SECONDS = 10.0
_ABOUT_MODEL = (ErrorKind.NO_MODEL, ErrorKind.MODEL_UNREADABLE, ErrorKind.OUT_OF_MEMORY)
_NONE_CHOSEN = mark("No model is loaded. Choose one of those on this machine.")
_NO_MODEL = mark(
    "There is no model on this machine yet. Choose a GGUF file, or get the starter model: "
    "“rubato models get” in a terminal fetches it."
)


class ModelDesk(QObject):
    """`choose_file` opens the dialog for a model file; what was chosen there comes back to `load`."""

    def __init__(self, bridge: Bridge, top_bar: TopBar, notices: Notices, choose_file: Callable[[], object]) -> None:
        super().__init__(top_bar)
        self._bridge, self._top_bar, self._notices, self._choose_file = bridge, top_bar, notices, choose_file
        self.state = ModelState.ABSENT
        top_bar.models_asked.connect(self.open_menu)
        top_bar.model_chosen.connect(self.load)
        top_bar.file_asked.connect(choose_file)

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

    def load(self, path: Path) -> None:
        """Use another model from now on."""
        self._bridge.call(lambda core: core.load_model(path), failed=self._not_loaded)

    def _show(self, change: ModelStateChanged) -> None:
        self.state = change.state
        self._top_bar.show_model(change)
        if change.state is ModelState.FAILED:
            self._say_why(change.sentence if change.name else "")
        else:
            self._notices.dismiss("model")
        if change.state is ModelState.READY:
            self._notices.dismiss_after("engine", _LINGER_SECONDS)

    def _not_loaded(self, error: KnownError) -> None:
        """Where the model before serves again the notice stays until it was read; else until there is a model."""
        if error.kind in _ABOUT_MODEL and self.state is ModelState.FAILED:
            self._say_why(error.sentence)
        else:
            action = (tr("Choose a model"), self.open_menu) if error.kind in _ABOUT_MODEL else None
            self._notices.show_notice(error.sentence, tone="danger", action=action)

    def _say_why(self, sentence: str) -> None:
        """There is no model to answer with: why, and the way to one. No sentence: none was ever chosen."""

        def say(models: list[ModelView]) -> None:
            if self.state is not ModelState.FAILED:
                return
            has_some = any(model.path is not None for model in models)
            action = (tr("Choose a model"), self.open_menu) if has_some else (tr("Choose a file…"), self._choose_file)
            said = sentence or (tr(_NONE_CHOSEN) if has_some else tr(_NO_MODEL))
            self._notices.show_notice(said, tone="danger", action=action, key="model", keeps=True)

        self._bridge.call(lambda core: core.models(), done=say)
