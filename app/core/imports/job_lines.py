"""Jobs of a file that holds everything: what the program would stumble over later is refused now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from app.core import job_options, source_facts
from app.core.imports.arrivals import JobLine, Unusable, number_in, text_in
from app.core.job_options import JobOptions
from app.core.kinds import item_input
from app.core.kinds.known import kind_named
from app.core.views import JobState
from app.errors import KnownError

_JOB_STATES = frozenset(state.value for state in JobState if state not in (JobState.DRAFT, JobState.READING))
_SOURCE_STATES = frozenset(("waiting", "read", "done", "failed", "unfolded"))
_ITEM_STATES = frozenset(("queued", "running", "done", "failed"))


def checked(lines: Iterator[bytes]) -> Iterator[JobLine]:
    """Raises Unusable."""
    try:
        for n, line in enumerate(lines):
            value = msgspec.json.decode(line)
            what, columns = next(iter(value.items()))
            if (what == "job") != (n == 0):
                raise Unusable("is damaged in the file")
            yield what, _CHECKS[what](columns)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, AttributeError, KeyError, TypeError) as error:
        raise Unusable("is damaged in the file") from error
    except StopIteration as error:
        raise Unusable("is damaged in the file") from error


def _job(columns: dict[str, Any]) -> dict[str, Any]:
    """Its results stay in the program: a file must not say where this machine is written to."""
    try:
        kind = kind_named(text_in(columns.get("kind")))
    except KnownError as error:
        raise Unusable("is of a kind that this version does not know") from error
    msgspec.json.decode(columns["params"], type=kind.params_type)
    options = job_options.decode(columns["options"])
    kept = JobOptions(only_when_idle=options.only_when_idle, only_on_mains=options.only_on_mains, is_written=True)
    _check_state(columns, _JOB_STATES)
    return {**_plain(columns), "options": job_options.encode(kept)}


def _source(columns: dict[str, Any]) -> dict[str, Any]:
    source_facts.decode(columns["facts"])
    _check_state(columns, _SOURCE_STATES)
    return {**_plain(columns), "id": columns["id"]}


def _item(columns: dict[str, Any]) -> dict[str, Any]:
    item_input.decode(columns["input"])
    _check_state(columns, _ITEM_STATES)
    return {**_plain(columns), "crashes": int(number_in(columns.get("crashes")))}


def _plain(columns: dict[str, Any]) -> dict[str, Any]:
    if not all(value is None or isinstance(value, str | int | float) for value in columns.values()):
        raise Unusable("is damaged in the file")
    return columns


def _check_state(columns: dict[str, Any], states: frozenset[str]) -> None:
    if columns.get("state") not in states:
        raise Unusable("is damaged in the file")


_CHECKS = {"job": _job, "source": _source, "item": _item}
