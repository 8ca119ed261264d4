"""What this machine takes, from what the platform offers: the processor's own meter, or a battery. Else as entered."""

from __future__ import annotations

import contextlib
import ctypes
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from app.lab.sizing import Confidence, Power

RAPL = Path("/sys/class/powercap")
BATTERIES = Path("/sys/class/power_supply")


@dataclass(frozen=True)
class MeterReading:
    """Joules that the processor's meters have counted, and where each begins again."""

    joules: dict[str, float]
    most: dict[str, float]


def read_rapl(folder: Path = RAPL) -> MeterReading | None:
    """Of whole processors (their parts are in them). None: there is no meter, or it is not for us to read."""
    joules, most = {}, {}
    with contextlib.suppress(OSError, ValueError):
        for zone in sorted(folder.glob("*-rapl:*")):
            if zone.name.count(":") == 1:
                joules[zone.name] = int((zone / "energy_uj").read_text()) / 1e6
                most[zone.name] = int((zone / "max_energy_range_uj").read_text()) / 1e6
    return MeterReading(joules, most) if joules else None


def joules_between(before: MeterReading, after: MeterReading) -> float:
    """A meter that began again meanwhile did so once."""
    total = 0.0
    for zone, later in after.joules.items():
        sooner = before.joules.get(zone, later)
        total += later - sooner if later >= sooner else later - sooner + after.most[zone]
    return total


class Drawn(NamedTuple):
    """`watts` on the mean, 0 where nothing tells; of the whole machine, where a battery told."""

    watts: float = 0.0
    is_of_battery: bool = False


@dataclass
class Meter:
    """What the machine takes while it is measured, from the first `drawn` to the last: by its battery where that is in
    use, else by the meters of processor and GPUs.
    """

    read: Callable[[], MeterReading | None] = read_rapl
    gpu: Callable[[], float] = lambda: gpu_watts()
    battery: Callable[[], float | None] = lambda: battery_watts()
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._before, self._started = self.read(), self.clock()
        self._gpus: list[float] = []
        self._batteries: list[float] = []

    def drawn(self) -> Drawn:
        """So far."""
        if (flows := self.battery()) is not None:
            self._batteries.append(flows)
        if self._batteries:
            return Drawn(sum(self._batteries) / len(self._batteries), is_of_battery=True)
        after, seconds = self.read(), self.clock() - self._started
        self._gpus.append(self.gpu())
        joules = joules_between(self._before, after) if self._before is not None and after is not None else 0.0
        return Drawn(joules / seconds + sum(self._gpus) / len(self._gpus) if seconds > 0 else 0.0)


def gpu_watts(library: Any = None) -> float:
    """Of all NVIDIA GPUs now, through their driver's NVML; 0 where there are none. `library`: NVML itself."""
    nvml = library or _nvml()
    if nvml is None or nvml.nvmlInit_v2() != 0:
        return 0.0
    count, total = ctypes.c_uint(), 0.0
    nvml.nvmlDeviceGetCount_v2(ctypes.byref(count))
    for index in range(count.value):
        device, milliwatts = ctypes.c_void_p(), ctypes.c_uint()
        if nvml.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(device)) != 0:
            continue
        if nvml.nvmlDeviceGetPowerUsage(device, ctypes.byref(milliwatts)) == 0:
            total += milliwatts.value / 1000
    nvml.nvmlShutdown()
    return total


def _nvml() -> Any:
    with contextlib.suppress(OSError):
        return ctypes.CDLL("nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1")
    return None


def battery_watts(folder: Path = BATTERIES) -> float | None:
    """That flow out of the battery now; None on mains, or without one."""
    with contextlib.suppress(OSError, ValueError):
        for battery in sorted(folder.glob("BAT*")):
            if (battery / "status").read_text().strip() != "Discharging":
                continue
            if (battery / "power_now").exists():
                return int((battery / "power_now").read_text()) / 1e6
            amperes = int((battery / "current_now").read_text()) / 1e6
            return amperes * int((battery / "voltage_now").read_text()) / 1e6
    return None


def power_of(drawn: Drawn, entered: float | None) -> Power:
    """What a person entered counts most, since it may be of the plug; a battery feeds all of the machine."""
    if entered is not None:
        return Power(watts=entered, source="watts as entered", confidence=Confidence.ENTERED)
    if drawn.watts:
        meters = "the meters of processor and GPU, without screen and disks"
        source = "the battery, while the model was measured" if drawn.is_of_battery else meters
        return Power(watts=drawn.watts, source=source, confidence=Confidence.MEASURED)
    return Power(watts=None, source="nothing here measures it: enter the watts", confidence=Confidence.UNKNOWN)
