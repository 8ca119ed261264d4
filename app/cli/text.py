"""Views as text for a terminal. Pure."""

from __future__ import annotations

from app.core.views import Figures, JobState, JobView, SummaryView


def figures_line(figures: Figures) -> str:
    """TTFT first."""
    reread = f"\n{figures.reread_reason}" if figures.reread_reason else ""
    dropped = f" · without the oldest {figures.dropped_messages} messages" if figures.dropped_messages else ""
    return (
        f"TTFT {figures.ttft_seconds:.2f} s · {figures.tokens_per_second:.0f} tok/s · {figures.output_tokens:,} tokens"
        f" · {figures.cached_tokens:,} of {figures.prompt_tokens:,} cached{dropped}{reread}"
    )


def job_line(job: JobView) -> str:
    parts = [job.title, job.state.value]
    if job.items_total and job.state is not JobState.DONE:
        parts.append(f"{job.items_done} of {job.items_total}")
    if job.items_failed:
        parts.append(f"{job.items_failed} failed")
    if job.seconds_left is not None:
        parts.append(f"about {_duration(job.seconds_left)} left")
    parts += [text for text in (job.coverage, job.error) if text]
    return " · ".join(parts)


def summary_markdown(summary: SummaryView) -> str:
    """The result as Markdown, each paragraph with its pages."""
    lines = [f"# {summary.title}", "", f"Covers {summary.coverage}.", ""]
    for paragraph in summary.paragraphs:
        lines += [f"{paragraph.text} ({paragraph.label})", ""]
    if summary.notes:
        lines += ["Not in this summary:", "", *(f"- {note}" for note in summary.notes), ""]
    return "\n".join(lines) + "\n"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
