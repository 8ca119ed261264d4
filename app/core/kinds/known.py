"""A job's kind and parameters, from what is stored."""

from __future__ import annotations

from typing import Any

import msgspec

from app.core.kinds import KINDS
from app.core.kinds.kind import JobKind
from app.errors import ErrorKind, KnownError
from app.store.jobs import JobRow


def kind_of(job: JobRow) -> tuple[JobKind, Any]:
    """Raises KnownError for a kind that this version does not know."""
    kind = kind_named(job.kind)
    return kind, msgspec.json.decode(job.params, type=kind.params_type)


def kind_named(name: str) -> JobKind:
    """Raises KnownError for a kind that this version does not know."""
    kind = KINDS.get(name)
    if kind is None:
        raise KnownError(ErrorKind.BAD_REQUEST, f"There is no kind of job called {name!r}.")
    return kind
