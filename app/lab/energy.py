"""What this machine takes, from what the platform offers: the processor's own meter, or a battery. Else as entered."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

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


def power_of(*, rapl_watts: float | None, battery: float | None, entered: float | None) -> Power:
    """What a person entered counts most, since it may be of the plug; a battery feeds all of the machine."""
    if entered is not None:
        return Power(watts=entered, source="watts as entered", confidence=Confidence.ENTERED)
    if battery is not None:
        return Power(watts=battery, source="the battery", confidence=Confidence.MEASURED)
    if rapl_watts is not None:
        source = "the processor's own meter (RAPL), without screen and disks"
        return Power(watts=rapl_watts, source=source, confidence=Confidence.MEASURED)
    return Power(watts=None, source="nothing here measures it: enter the watts", confidence=Confidence.UNKNOWN)
