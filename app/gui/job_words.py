"""What the window says of jobs and their items, in figures and sentences. Knows no widget."""

from __future__ import annotations

from app.core.views import DocumentView, ItemState, ItemView, JobPreview, JobState, JobView, StatusView
from app.gui.core_words import retold, retold_parts
from app.gui.tongue import apart, listed, mark, tr, trn
from app.gui.words import DOT, decimal, documents, is_moving, number, rate, seconds, time_left, tokens

_ITEM_STATES = {
    ItemState.QUEUED: mark("Waiting"),
    ItemState.RUNNING: mark("Running"),
    ItemState.DONE: mark("Done"),
    ItemState.FAILED: mark("Failed"),
}


def job_state(job: JobView, parked_seconds: float | None = None) -> str:
    """A job's state as its card says it; `parked_seconds` since it stands still for a chat."""
    is_over = job.state in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)
    state = _state(job, parked_seconds)
    return tr("first, {state}", state=state) if job.is_first and not is_over else state


def _state(job: JobView, parked_seconds: float | None) -> str:
    match job.state:
        case JobState.DRAFT:
            return tr("not started")
        case JobState.READING:
            return tr("reading…")
        case JobState.QUEUED:
            return tr("waiting") if job.waits else tr("waiting its turn")
        case JobState.RUNNING:
            if parked_seconds is None:
                return tr("running")
            if parked_seconds < 1:
                return tr("paused")
            return tr("paused {number} s for this reply", number=number(int(parked_seconds)))
        case JobState.PAUSED:
            return tr("paused")
        case JobState.DONE:
            return tr("done")
        case JobState.FAILED:
            return tr("failed")
        case JobState.CANCELLED:
            return tr("cancelled")


def job_progress(job: JobView, status: StatusView) -> str:
    """ "34 of 120 · 1.2 items/s · 203 tok/s · about 38 min left"; once it is done, what of its documents went in."""
    parts = []
    is_covered = job.state is JobState.DONE and bool(job.coverage)
    if job.items_total and not is_covered:
        parts.append(tr("{done} of {total}", done=number(job.items_done), total=number(job.items_total)))
    if job.items_failed:
        parts.append(trn("{count} failed", "{count} failed", job.items_failed))
    if job.state is JobState.RUNNING:
        if is_moving(status):
            if job.items_per_second > 0:
                parts.append(pace(job.items_per_second))
            parts.append(rate(job.tokens_per_second or status.bulk_tokens_per_second))
        if job.seconds_left is not None:
            parts.append(time_left(job.seconds_left))
    if is_covered:
        parts.insert(0, retold_parts(job.coverage))
    if job.estimated_seconds is not None and job.took_seconds is not None:
        times = {"estimated": length(job.estimated_seconds), "took": length(job.took_seconds)}
        parts.append(tr("estimated {estimated}, took {took}", **times))
    return DOT.join(parts)


def pace(items_per_second: float) -> str:
    """ "12 items/s", "0.8 items/s"; a minute's, where that is easier to read."""
    if items_per_second >= 0.1:
        return tr("{number} items/s", number=decimal(items_per_second, 0 if items_per_second >= 10 else 1))
    return tr("{number} items/min", number=decimal(items_per_second * 60))


def job_documents(job: JobView) -> str:
    """ "38 of 40 documents, 2 not read"; nothing of a single one that is as it should be."""
    if job.documents <= 1 and not job.documents_failed:
        return ""
    is_reading = job.documents_read + job.documents_failed < job.documents
    n = documents(job.documents)
    if is_reading or job.documents_failed:
        n = trn(
            "{read} of {count} document", "{read} of {count} documents", job.documents, read=number(job.documents_read)
        )
    return f"{n}{_comma()}{_not_read(job.documents_failed)}" if job.documents_failed else n


def job_lacks(job: JobView) -> str:
    """ ", but 2 documents were not read and 3 items failed"; nothing where all is as it should be."""
    parts = []
    if n := job.documents_failed:
        parts.append(trn("{count} document was not read", "{count} documents were not read", n))
    if n := job.items_failed:
        parts.append(trn("{count} item failed", "{count} items failed", n))
    return tr(", but {what}", what=listed(parts)) if parts else ""


def job_saved(job: JobView) -> str:
    """ "61,000 prompt tokens shared"."""
    if not job.saved_tokens:
        return ""
    return trn("{count} prompt token shared", "{count} prompt tokens shared", job.saved_tokens)


def job_output(job: JobView) -> str:
    """Where its results are written as they come."""
    return tr("Results also go to {path}", path=apart(job.output_path)) if job.output_path else ""


def item_state(state: ItemState) -> str:
    return tr(_ITEM_STATES[state])


def item_cost(item: ItemView, saved_tokens: int = 0) -> str:
    """ "812 tokens · 2.1 s · 640 shared"."""
    parts = []
    if item.tokens:
        parts.append(tokens(item.tokens))
    if item.seconds:
        parts.append(seconds(item.seconds))
    if saved_tokens:
        parts.append(tr("{number} shared", number=number(saved_tokens)))
    return DOT.join(parts)


def preview_contents(preview: JobPreview) -> str:
    """ "40 documents · 1,240 items"."""
    parts = [documents(preview.n_documents)]
    if preview.n_failed:
        parts.append(_not_read(preview.n_failed))
    if preview.n_items:
        parts.append(trn("{count} item", "{count} items", preview.n_items))
    return DOT.join(parts)


def preview_tokens(preview: JobPreview) -> str:
    """ "about 410,000 tokens to read, 36,000 to write"."""
    if not preview.read_tokens:
        return ""
    read, written = tokens(_rounded(preview.read_tokens)), number(_rounded(preview.written_tokens))
    if preview.written_tokens:
        return tr("About {tokens} to read, up to {written} to write", tokens=read, written=written)
    return tr("About {tokens} to read", tokens=read)


def preview_time(preview: JobPreview) -> str:
    """How long it will take, as far as that is known."""
    if preview.seconds is None:
        return tr("How long it takes is unknown until this model has done some work on this machine.")
    said = tr("{duration} on this machine", duration=duration(preview.seconds))
    return said[:1].upper() + said[1:]


def length(value: float) -> str:
    """A time that was measured: "43 s", "12 min", "3.5 h"."""
    if value < 90:
        return tr("{number} s", number=number(round(value)))
    if value < 5400:
        return tr("{number} min", number=number(round(value / 60)))
    return tr("{number} h", number=decimal(value / 3600))


def duration(value: float) -> str:
    """ "less than a minute", "about 12 minutes", "about 3.5 hours"; never more precise than an estimate can be."""
    if value < 60:
        return tr("less than a minute")
    minutes = round(value / 60)
    if minutes < 90:
        return trn("about {count} minute", "about {count} minutes", minutes)
    hours = value / 3600
    if hours < 48:
        return tr("about {number} hours", number=decimal(hours))
    return trn("about {count} day", "about {count} days", round(hours / 24))


def document_line(document: DocumentView) -> str:
    """What is to be said of a document beside its name."""
    if document.error:
        return retold(document.error)
    if document.state == "waiting":
        return tr("being read…")
    parts = [tokens(document.n_tokens)] if document.n_tokens else []
    return DOT.join([*parts, *map(retold, document.notes)])


def _not_read(count: int) -> str:
    return trn("{count} not read", "{count} not read", count)


def _comma() -> str:
    return tr(", ")


def _rounded(value: int) -> int:
    """To two figures: an estimate does not have more."""
    step: int = 10 ** max(0, len(str(value)) - 2)
    return round(value / step) * step
