"""What helps to find out why: a stack dump of every thread on a signal, and facts about this machine.

psutil is imported where it is asked: the window need not wait for it.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import platform
import signal
from pathlib import Path
from typing import TextIO

from app import __version__


def dump_stacks_on_signal(log: TextIO) -> None:
    """`kill -USR1 PID` writes the stack of every thread to `log`; so does a crash. Not on Windows: no such signal."""
    faulthandler.enable(log, all_threads=True)
    if hasattr(signal, "SIGUSR1"):
        faulthandler.register(signal.SIGUSR1, log, all_threads=True)


def physical_cores() -> int:
    """Cores that this process may use, without counting hyperthreads twice."""
    import psutil

    physical = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return max(1, min(physical, len(os.sched_getaffinity(0))))
    return max(1, physical)


def processor_name() -> str:
    """As the system calls it, and how many cores may be used."""
    name = platform.processor()
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    return f"{name or platform.machine()}, {physical_cores()} cores"


def free_memory_bytes() -> int:
    """Memory that can be had now without swapping, in bytes."""
    import psutil

    return int(psutil.virtual_memory().available)


def machine_facts() -> dict[str, str]:
    """One line a fact, for `rubato doctor` and for reports."""
    import psutil

    memory = psutil.virtual_memory()
    return {
        "rubato": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": f"{physical_cores()} usable of {os.cpu_count()}",
        "memory": f"{memory.available / 1e9:.1f} GB free of {memory.total / 1e9:.1f} GB",
    }


def free_disk_bytes(folder: Path) -> int:
    """Free space on the disk that holds `folder`, in bytes."""
    import psutil

    return int(psutil.disk_usage(str(folder)).free)
