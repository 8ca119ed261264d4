"""The kinds of job there are, by their names. A new one is one file, named here."""

from __future__ import annotations

from app.core.kinds.kind import JobKind

KINDS: dict[str, JobKind] = {}
