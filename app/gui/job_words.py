"""What the window says of jobs and their items, in figures and sentences. Knows no widget."""

from __future__ import annotations

from app.core.views import DocumentView, ItemState, ItemView, JobPreview, JobState, JobView, StatusView
from app.gui.words import DOT, decimal, is_moving, number, plural, rate, seconds, time_left


def job_state(job: JobView, parked_seconds: float | None = None) -> str:
    """A job's state as its card says it; `parked_seconds` since it stands still for a chat."""
    is_over = job.state in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)
    first = "first, " if job.is_first and not is_over else ""
    return first + _state(job, parked_seconds)


def _state(job: JobView, parked_seconds: float | None) -> str:
    match job.state:
        case JobState.DRAFT:
            return "not started"
        case JobState.READING:
            return "reading…"
        case JobState.QUEUED:
            return "waiting" if job.waits else "waiting its turn"
        case JobState.RUNNING:
            if parked_seconds is None:
                return "running"
            return "paused" if parked_seconds < 1 else f"paused {number(int(parked_seconds))} s for this reply"
        case JobState.PAUSED:
            return "paused"
        case JobState.DONE:
            return "done"
        case JobState.FAILED:
            return "failed"
        case JobState.CANCELLED:
            return "cancelled"


def job_progress(job: JobView, status: StatusView) -> str:
    """ "34 of 120 · 1.2 items/s · 203 tok/s · about 38 min left"; once it is done, what of its documents went in."""
    parts = []
    is_covered = job.state is JobState.DONE and bool(job.coverage)
    if job.items_total and not is_covered:
        parts.append(f"{number(job.items_done)} of {number(job.items_total)}")
    if job.items_failed:
        parts.append(f"{number(job.items_failed)} failed")
    if job.state is JobState.RUNNING:
        if is_moving(status):
            if job.items_per_second > 0:
                parts.append(pace(job.items_per_second))
            parts.append(rate(job.tokens_per_second or status.bulk_tokens_per_second))
        if job.seconds_left is not None:
            parts.append(time_left(job.seconds_left))
    if is_covered:
        parts.insert(0, job.coverage)
    return DOT.join(parts)


def pace(items_per_second: float) -> str:
    """ "12 items/s", "0.8 items/s"; a minute's, where that is easier to read."""
    if items_per_second >= 0.1:
        return f"{decimal(items_per_second, 0 if items_per_second >= 10 else 1)} items/s"
    return f"{decimal(items_per_second * 60)} items/min"


def job_documents(job: JobView) -> str:
    """ "38 of 40 documents, 2 not read"; nothing of a single one that is as it should be."""
    if job.documents <= 1 and not job.documents_failed:
        return ""
    is_reading = job.documents_read + job.documents_failed < job.documents
    n = f"{number(job.documents_read)} of " if is_reading or job.documents_failed else ""
    failed = f", {number(job.documents_failed)} not read" if job.documents_failed else ""
    return f"{n}{plural(job.documents, 'document', 'documents')}{failed}"


def job_lacks(job: JobView) -> str:
    """ ", but 2 documents were not read and 3 items failed"; nothing where all is as it should be."""
    parts = []
    if n := job.documents_failed:
        parts.append(f"{plural(n, 'document was', 'documents were')} not read")
    if n := job.items_failed:
        parts.append(f"{plural(n, 'item', 'items')} failed")
    return f", but {' and '.join(parts)}" if parts else ""


def job_saved(job: JobView) -> str:
    """ "61,000 prompt tokens shared"."""
    return f"{number(job.saved_tokens)} prompt tokens shared" if job.saved_tokens else ""


def job_output(job: JobView) -> str:
    """Where its results are written as they come."""
    return f"Results also go to {job.output_path}" if job.output_path else ""


def item_state(state: ItemState) -> str:
    return {"queued": "Waiting", "running": "Running", "done": "Done", "failed": "Failed"}[state.value]


def item_cost(item: ItemView, saved_tokens: int = 0) -> str:
    """ "812 tokens · 2.1 s · 640 shared"."""
    parts = []
    if item.tokens:
        parts.append(plural(item.tokens, "token", "tokens"))
    if item.seconds:
        parts.append(seconds(item.seconds))
    if saved_tokens:
        parts.append(f"{number(saved_tokens)} shared")
    return DOT.join(parts)


def preview_contents(preview: JobPreview) -> str:
    """ "40 documents · 1,240 items"."""
    parts = [plural(preview.n_documents, "document", "documents")]
    if preview.n_failed:
        parts.append(f"{number(preview.n_failed)} not read")
    if preview.n_items:
        parts.append(plural(preview.n_items, "item", "items"))
    return DOT.join(parts)


def preview_tokens(preview: JobPreview) -> str:
    """ "about 410,000 tokens to read, 36,000 to write"."""
    if not preview.read_tokens:
        return ""
    written = f", up to {number(_rounded(preview.written_tokens))} to write" if preview.written_tokens else ""
    return f"About {plural(_rounded(preview.read_tokens), 'token', 'tokens')} to read{written}"


def preview_time(preview: JobPreview) -> str:
    """How long it will take, as far as that is known."""
    if preview.seconds is None:
        return "How long it takes is unknown until this model has done some work on this machine."
    return f"{duration(preview.seconds).capitalize()} on this machine"


def duration(value: float) -> str:
    """ "less than a minute", "about 12 minutes", "about 3.5 hours"; never more precise than an estimate can be."""
    if value < 60:
        return "less than a minute"
    minutes = round(value / 60)
    if minutes < 90:
        return f"about {plural(minutes, 'minute', 'minutes')}"
    hours = value / 3600
    return f"about {decimal(hours)} hours" if hours < 48 else f"about {number(round(hours / 24))} days"


def document_line(document: DocumentView) -> str:
    """What is to be said of a document beside its name."""
    if document.error:
        return document.error
    if document.state == "waiting":
        return "being read…"
    parts = [plural(document.n_tokens, "token", "tokens")] if document.n_tokens else []
    return DOT.join([*parts, *document.notes])


def _rounded(value: int) -> int:
    """To two figures: an estimate does not have more."""
    step: int = 10 ** max(0, len(str(value)) - 2)
    return round(value / step) * step
