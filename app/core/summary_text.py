"""A summary as text, as columns of a table, and as JSON. Pure."""

from __future__ import annotations

from typing import Any

from app.core.views import SummaryView


def summary_markdown(summary: SummaryView) -> str:
    """Each paragraph with its pages."""
    lines = [f"# {summary.title}", ""]
    if summary.coverage:
        lines += [f"Covers {summary.coverage}.", ""]
    for paragraph in summary.paragraphs:
        lines += [f"{paragraph.text} ({paragraph.label})", ""]
    if summary.notes:
        lines += ["Not in this summary:", "", *(f"- {note}" for note in summary.notes), ""]
    return "\n".join(lines)


def summary_cells(summary: SummaryView) -> dict[str, str]:
    return {
        "summary": "\n\n".join(paragraph.text for paragraph in summary.paragraphs),
        "covers": summary.coverage,
        "not in it": "\n".join(summary.notes),
    }


def summary_value(summary: SummaryView) -> dict[str, Any]:
    return {
        "paragraphs": [{"text": paragraph.text, "from": paragraph.label} for paragraph in summary.paragraphs],
        "covers": summary.coverage,
        "not_in_it": list(summary.notes),
    }
