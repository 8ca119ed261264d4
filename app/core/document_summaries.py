"""Documents of chats, summarised by jobs like any other."""

from __future__ import annotations

from pathlib import Path

from app.core.job_contents import JobContents
from app.core.job_options import NO_OPTIONS
from app.core.jobs import JobService
from app.core.kinds.summarize import SummarizeParams
from app.core.views import JobView


class DocumentSummaries:
    """One job a document."""

    def __init__(self, jobs: JobService, contents: JobContents) -> None:
        self._jobs, self._contents = jobs, contents

    def begin(self, path: Path) -> str:
        """Returns the job's id. Raises KnownError."""
        job_id = self._jobs.add("summarize", SummarizeParams(length="page"), [path], NO_OPTIONS)
        self._jobs.start(job_id)
        return job_id

    def views(self) -> list[JobView]:
        return self._jobs.all()

    def text(self, job_id: str) -> str:
        """What it says, with the pages that each paragraph covers. Raises KnownError where there is nothing."""
        summary = self._contents.summary(job_id, 0)
        said = [f"[{one.label}] {one.text}" if one.label else one.text for one in summary.paragraphs]
        return "\n\n".join(said)

    def remove(self, job_id: str) -> None:
        """With all that it has read."""
        if any(job.id == job_id for job in self._jobs.all()):
            self._jobs.remove(job_id)
