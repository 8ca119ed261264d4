"""What a window does in the lab: looks, measures, stops. On the core thread."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from app.core.core import Core
from app.core.events import MeasurementAdvanced
from app.engine import tuned
from app.engine.gguf_metadata import read_metadata
from app.engine.tuned import Point, Tuned
from app.errors import ErrorKind, KnownError
from app.lab import calculator
from app.lab.calculator import Answer, Question
from app.lab.format import Trial, kind_of, make, try_kinds
from app.lab.roofline import Roofline, roofline, work_of
from app.lab.sizing import Prices
from app.lab.tune import planned, tune_model
from app.settings import Settings

TUNE, FORMAT = "tune", "format"
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class LabView:
    """`kind`: what the model's numbers are stored as; `slowdown`: that Balanced allows.

    `watts`, `prices`: as entered before; `is_whole`: nothing is left to be measured.
    """

    model: str
    kind: str
    tuned: Tuned
    roofline: Roofline | None
    slowdown: float
    watts: float | None = None
    prices: Prices = field(default_factory=Prices)
    currency: str = "€"
    is_whole: bool = False


class Session:
    """One measurement at a time, which `stop` ends; it then answers None."""

    def __init__(self) -> None:
        self._task: asyncio.Task[Any] | None = None
        self._is_stopped = False

    async def look(self, core: Core) -> LabView:
        """What is known of the model in use. Raises KnownError."""
        return await _look(core)

    async def tune(self, core: Core) -> LabView | None:
        """What is left; all of it again, where nothing is."""
        return await self._run(_tune(core))

    async def try_kinds(self, core: Core, kinds: Sequence[str]) -> list[Trial] | None:
        def said(trial: Trial, n_left: int) -> None:
            core.tell(MeasurementAdvanced(what=FORMAT, found=trial, n_left=n_left))

        return await self._run(try_kinds(core, _model(core), kinds, said))

    async def make(self, core: Core, kind: str) -> tuple[Path, float] | None:
        """A file of this kind, and what it loses."""
        return await self._run(make(core, _model(core), kind))

    def ask(self, core: Core, question: Question, currency: str) -> Answer:
        """The calculator; what was entered stays for the next time. Raises KnownError."""
        prices = question.prices
        core.change_settings(
            watts=question.watts or 0.0,
            kwh_price=prices.kilowatt_hour or 0.0,
            hosted_read_price=prices.hosted_read or 0.0,
            hosted_written_price=prices.hosted_written or 0.0,
            currency=currency,
        )
        return calculator.ask(core, question)

    def stop(self) -> None:
        if self._task is not None and not self._task.done():
            self._is_stopped = True
            self._task.cancel()

    async def _run(self, work: Coroutine[Any, Any, T]) -> T | None:
        if self._task is not None and not self._task.done():
            work.close()
            raise KnownError(ErrorKind.BAD_REQUEST, "This machine is being measured already. Wait, or stop that.")
        self._is_stopped = False
        self._task = task = asyncio.ensure_future(work)
        try:
            return await task
        except asyncio.CancelledError:
            if self._is_stopped:
                return None
            raise


async def _tune(core: Core) -> LabView:
    def said(point: Point, n_left: int) -> None:
        core.tell(MeasurementAdvanced(what=TUNE, found=point, n_left=n_left))

    found = await tune_model(core, said, is_fresh=(await _look(core)).is_whole)
    if found.is_quiet and not core.are_chats_active:
        await core.reload_model()  # the engine takes what is fast when it loads
    return await _look(core)


async def _look(core: Core) -> LabView:
    model = _model(core)
    metadata = await asyncio.to_thread(read_metadata, model)
    found = await asyncio.to_thread(tuned.load, core.paths.tuning, model)
    return LabView(
        model=model.stem.encode(errors="replace").decode(),
        kind=kind_of(metadata),
        tuned=found,
        roofline=roofline(work_of(metadata), found),
        slowdown=core.settings.balanced_slowdown,
        watts=core.settings.watts or None,
        prices=prices_of(core.settings),
        currency=core.settings.currency,
        is_whole=all(found.has(setting) for setting in planned(metadata)),
    )


def prices_of(settings: Settings) -> Prices:
    """As a person entered them; nothing where they have not."""
    return Prices(
        kilowatt_hour=settings.kwh_price or None,
        hosted_read=settings.hosted_read_price or None,
        hosted_written=settings.hosted_written_price or None,
    )


def _model(core: Core) -> Path:
    if core.model_path is None:
        raise KnownError(ErrorKind.NO_MODEL, "No model is loaded. Choose a model, then try again.")
    return core.model_path
