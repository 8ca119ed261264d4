"""A summary as Markdown, for the clipboard and for a file, in the language of the window. GUI thread only."""

from __future__ import annotations

from app.core.views import SummaryView
from app.gui.core_words import retold, retold_parts
from app.gui.tongue import tr


def as_markdown(summary: SummaryView) -> str:
    """Title, coverage, paragraphs with their pages, notes."""
    parts = [f"# {retold(summary.title)}"]
    if summary.coverage:
        parts.append(f"*{retold_parts(summary.coverage)}*")
    for paragraph in summary.paragraphs:
        parts.append(f"{paragraph.text} ({retold(paragraph.label)})" if paragraph.label else paragraph.text)
    if summary.notes:
        parts.append("\n".join([f"## {tr('Notes')}", "", *(f"- {retold(note)}" for note in summary.notes)]))
    return "\n\n".join(parts) + "\n"
