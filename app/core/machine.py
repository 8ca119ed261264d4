"""What a job's conditions depend on: whether somebody chats, other programs work, the mains are there, the hour."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil

from app.core.job_options import JobOptions

QUIET_SECONDS = 60.0  # without a chat, for a job that is to run when nobody works
BUSY_CORES = 0.5  # used by other programs: somebody works here
LEAST_SECONDS = 2.0  # between two looks at the clocks


@dataclass(frozen=True, kw_only=True)
class MachineState:
    """`on_mains` None: the machine can't tell, or has no battery. `quiet_seconds`: since the last chat."""

    now_seconds: float
    on_mains: bool | None = None
    quiet_seconds: float = 1e9
    other_cores: float = 0.0


def why_not(options: JobOptions, machine: MachineState) -> str:
    """One sentence: why a job with these options does not run now. Empty: it may."""
    if machine.now_seconds < options.not_before_seconds:
        return f"Waits until {time.strftime('%H:%M', time.localtime(options.not_before_seconds))}."
    if options.only_on_mains and machine.on_mains is False:
        return "Waits until the machine is on mains power."
    if options.only_when_idle and machine.quiet_seconds < QUIET_SECONDS:
        return "Waits until nobody has chatted for a minute."
    if options.only_when_idle and machine.other_cores > BUSY_CORES:
        return "Waits until other programs leave the machine alone."
    return ""


def is_conditional(options: JobOptions) -> bool:
    return options.only_when_idle or options.only_on_mains or options.not_before_seconds > 0


@dataclass
class Machine:
    """Looks at the machine; at most every two seconds."""

    clock: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    _chatted: float = -1e9
    _looked: float = -1e9
    _busy: float = 0.0
    _other_cores: float = 0.0
    _own: psutil.Process = field(default_factory=psutil.Process)

    def chatted(self) -> None:
        """Somebody sends or reads a reply now."""
        self._chatted = self.monotonic()

    def state(self) -> MachineState:
        self._look()
        return MachineState(
            now_seconds=self.clock(),
            on_mains=_on_mains(),
            quiet_seconds=self.monotonic() - self._chatted,
            other_cores=self._other_cores,
        )

    def _look(self) -> None:
        now = self.monotonic()
        if now - self._looked < LEAST_SECONDS:
            return
        busy = _busy_seconds() - _own_seconds(self._own)
        if self._looked > 0:
            self._other_cores = max(0.0, (busy - self._busy) / (now - self._looked))
        self._looked, self._busy = now, busy


def _on_mains() -> bool | None:
    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    return None if battery is None or battery.power_plugged is None else bool(battery.power_plugged)


def _busy_seconds() -> float:
    times = psutil.cpu_times()
    guest = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)  # counted in user already
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - guest)


def _own_seconds(process: psutil.Process) -> float:
    """Of this program and its children, those that have ended included."""
    times = process.cpu_times()
    total = times.user + times.system + times.children_user + times.children_system
    for child in process.children(recursive=True):
        try:
            own = child.cpu_times()
        except psutil.Error:
            continue  # it has ended meanwhile
        total += own.user + own.system
    return float(total)
