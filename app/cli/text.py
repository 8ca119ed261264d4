"""Views as text for a terminal. Pure."""

from __future__ import annotations

from app.core.chat_views import Figures
from app.core.output_layouts import section
from app.core.results import Result
from app.core.views import ItemView, JobPreview, JobState, JobView

BAR_CHARACTERS = 20
MOST_SHOWN = 20  # of documents in a preview, and of failures in a report
_UNDER_WAY = (JobState.READING, JobState.QUEUED, JobState.RUNNING)


def figures_line(figures: Figures) -> str:
    """TTFT first."""
    reread = f"\n{figures.reread_reason}" if figures.reread_reason else ""
    dropped = f" · without the oldest {figures.dropped_messages} messages" if figures.dropped_messages else ""
    return (
        f"TTFT {figures.ttft_seconds:.2f} s · {figures.tokens_per_second:.0f} tok/s · {figures.output_tokens:,} tokens"
        f" · {figures.cached_tokens:,} of {figures.prompt_tokens:,} cached{dropped}{reread}"
    )


def job_line(job: JobView) -> str:
    """How a job stands, in one line."""
    parts = [job.title, job.state.value]
    if job.items_total and job.state is not JobState.DONE:
        parts.append(f"{job.items_done:,} of {job.items_total:,}")
    if job.items_failed:
        parts.append(f"{job.items_failed:,} failed")
    if job.documents_failed and job.state is not JobState.DONE:
        parts.append(f"{job.documents_failed:,} of {job.documents:,} documents not read")
    if job.seconds_left is not None:
        parts.append(f"about {duration(job.seconds_left)} left")
    if job.estimated_seconds is not None and job.took_seconds is not None:
        parts.append(f"estimated {duration(job.estimated_seconds)}, took {duration(job.took_seconds)}")
    parts += [text for text in (job.coverage, job.error, job.waits) if text]
    return " · ".join(parts)


def progress_bar(job: JobView) -> str:
    """The same while it runs, on a terminal: the moving figures first, as a narrow one shows no more."""
    through, total = job.items_done + job.items_failed, job.items_total
    fraction = min(1.0, through / total) if total else 0.0
    n_full = int(fraction * BAR_CHARACTERS)
    parts = [f"{'█' * n_full}{'░' * (BAR_CHARACTERS - n_full)} {fraction:4.0%}"]
    if total:
        parts.append(f"{through:,} of {total:,}")
    if job.seconds_left is not None:
        parts.append(f"about {duration(job.seconds_left)} left")
    if job.items_per_second:
        parts.append(f"{job.items_per_second:.1f} items/s, {job.tokens_per_second:,.0f} tok/s")
    if job.items_failed:
        parts.append(f"{job.items_failed:,} failed")
    parts += [text for text in (job.waits, job.coverage) if text]
    return " · ".join([*parts, job.title])


def preview_text(preview: JobPreview) -> str:
    """What a job would do."""
    width = max((min(len(one.name), 60) for one in preview.documents[:MOST_SHOWN]), default=0)
    lines = [preview.title, ""]
    for one in preview.documents[:MOST_SHOWN]:
        lines.append(f"  {one.name:{width}}  {one.error or f'{one.n_items:,} items, {one.n_tokens:,} tokens of text'}")
        lines += [f"  {'':{width}}  {note}" for note in one.notes]
    if preview.n_documents > MOST_SHOWN:
        lines.append(f"  and {preview.n_documents - MOST_SHOWN:,} more")
    lines += [f"  {note}" for note in preview.notes]
    documents = f"{preview.n_documents:,} document{'' if preview.n_documents == 1 else 's'}"
    if preview.n_failed:
        documents += f", {preview.n_failed:,} not read"
    seconds = "time not known so far" if preview.seconds is None else f"about {duration(preview.seconds)}"
    lines += [
        "",
        f"{documents} · {preview.n_items:,} items · {preview.read_tokens:,} tokens to read"
        f" · at most {preview.written_tokens:,} to write · {seconds}",
    ]
    if preview.columns:
        lines.append(f"Columns: {', '.join(preview.columns)}")
    if preview.first_prompt:
        lines += ["", "The first prompt:", "", *(f"  {line}" for line in preview.first_prompt.splitlines())]
    return "\n".join(lines) + "\n"


def item_line(item: ItemView) -> str:
    return f"{item.id:>8}  {item.state.value:8}{item.name}  {item.output or item.input}"


def result_text(result: Result, *, is_only: bool) -> str:
    """A text as it is, what has columns as a line with tabs between them. Nothing for what failed."""
    if result.error:
        return ""
    if isinstance(result.value, str):
        return f"{result.text.strip()}\n" if is_only else section(result)
    if result.item is None:
        return section(result)
    names = ", ".join(text for text in (result.document, result.part) if text)
    return "\t".join(" ".join(text.split()) for text in (names, *result.cells.values())) + "\n"


def is_under_way(job: JobView) -> bool:
    return job.state in _UNDER_WAY


def duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
