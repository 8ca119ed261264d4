"""The child processes of a test. Other tests of the same process may have left some of their own."""

from __future__ import annotations

import psutil


def processes(role: str) -> list[psutil.Process]:
    """Those of this role that run."""
    alive = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in alive if role in child.cmdline()]
