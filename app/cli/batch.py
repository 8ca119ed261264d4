"""`rubato batch run`: the same command again goes on with the job that it began."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

from app.core.core import Core
from app.core.instance import Console
from app.core.kinds.batch import BatchParams
from app.core.views import JobState
from app.errors import ErrorKind, KnownError


async def batch_params(file: Path) -> BatchParams:
    """They name the file and what is in it, so that the same command is known again. Raises KnownError."""
    file = file.absolute()
    return BatchParams(file=str(file), digest=await asyncio.to_thread(_digest, file))


async def go_on(core: Core, params: BatchParams, output: Path, console: Console) -> str | None:
    """The job that an earlier command like this one made; it goes on. None: there is none.

    One that is done has its output written again where that is gone. Raises KnownError where the file has changed
    since an unfinished job began.
    """
    for job in reversed(core.jobs()):
        if job.kind != "batch" or job.output_path != str(output):
            continue
        earlier = core.job_params(job.id)
        if earlier.file != params.file or (earlier.digest != params.digest and job.state is JobState.DONE):
            continue
        if earlier.digest != params.digest:
            raise KnownError(
                ErrorKind.BAD_REQUEST,
                f"{Path(params.file).name} has changed since the job {job.id[:8]} began with it. Put it back, or drop "
                f"that job with “rubato jobs remove {job.id[:8]}”, and try again.",
            )
        if job.state is JobState.DONE:
            console.err(
                f"This was done already. “rubato jobs retry {job.id[:8]}” tries again what failed; to do all of it "
                f"again, use “rubato jobs remove {job.id[:8]}” first.\n"
            )
            if not output.exists():
                await core.export_job(job.id, output, "jsonl")
        elif job.state is JobState.PAUSED:
            core.resume_job(job.id)
        elif job.state in (JobState.FAILED, JobState.CANCELLED):
            core.retry_job(job.id)
        return job.id
    return None


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise KnownError(
            ErrorKind.BAD_REQUEST, f"{file} could not be read ({error.strerror}): check the disk, and try again."
        ) from error
