"""The kinds of job there are, by their names. A new one is one file, named here."""

from __future__ import annotations

from app.core.kinds.batch import BATCH
from app.core.kinds.classify import CLASSIFY
from app.core.kinds.extract import EXTRACT
from app.core.kinds.kind import JobKind
from app.core.kinds.prompt import PROMPT
from app.core.kinds.summarize import SUMMARIZE

KINDS: dict[str, JobKind] = {kind.name: kind for kind in (SUMMARIZE, CLASSIFY, EXTRACT, PROMPT, BATCH)}
