"""A summary as Markdown, for the clipboard and for a file. Pure."""

from __future__ import annotations

from app.core.views import SummaryView


def as_markdown(summary: SummaryView) -> str:
    """Title, coverage, paragraphs with their pages, notes."""
    parts = [f"# {summary.title}"]
    if summary.coverage:
        parts.append(f"*{summary.coverage}*")
    for paragraph in summary.paragraphs:
        parts.append(f"{paragraph.text} ({paragraph.label})" if paragraph.label else paragraph.text)
    if summary.notes:
        parts.append("\n".join(["## Notes", "", *(f"- {note}" for note in summary.notes)]))
    return "\n\n".join(parts) + "\n"
