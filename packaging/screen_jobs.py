"""What the pictures of states show of jobs: their cards, their items, a summary."""

from __future__ import annotations

from app.core.views import (
    DocumentView,
    ItemDetail,
    ItemPage,
    ItemState,
    ItemView,
    JobState,
    JobView,
    Paragraph,
    Source,
    SummaryView,
)

JOBS = (
    JobView(id="j1", title="Summary of annual report 2025.pdf", state=JobState.RUNNING, items_done=18, items_failed=0,
            items_total=36, items_running=2, seconds_left=540, tokens_per_second=24.0, items_per_second=0.05,
            coverage="18 of 36 pages", saved_tokens=61_000),
    JobView(id="j2", title="Classify letters.csv", state=JobState.QUEUED, items_done=0, items_failed=0,
            items_total=1_200, kind="classify"),
    JobView(id="j3", title="Summary of minutes.docx", state=JobState.DONE, items_done=300, items_failed=2,
            items_total=302, coverage="300 of 302 pages", took_seconds=1_480, estimated_seconds=1_320),
    JobView(id="j4", title="Extract from invoices", state=JobState.FAILED, items_done=0, items_failed=4,
            items_total=4, kind="extract", error="None of the documents could be read."),
    JobView(id="j5", title="Classify a table of letters that has a long name, from the archive of 2024.csv",
            state=JobState.PAUSED, items_done=4_100, items_failed=0, items_total=12_000, kind="classify", documents=3,
            documents_read=3, output_path="/home/anna/results.csv"),
)  # fmt: skip
_TEXT = "The board agreed to move the measurements to March. Costs are to be told by department."
_STATES = (ItemState.DONE,) * 9 + (ItemState.FAILED, ItemState.RUNNING, ItemState.RUNNING) + (ItemState.QUEUED,) * 24
_SAID = {
    ItemState.DONE: "The measurements move to March; costs are told by department.",
    ItemState.FAILED: "The reply is not what was asked for: it is not JSON.",
}


def _item(n: int, state: ItemState) -> ItemView:
    is_over = state in _SAID
    return ItemView(
        id=n, job_id="j1", name=f"annual report 2025.pdf, page {n + 1}", state=state, input=_TEXT,
        output=_SAID.get(state, ""), tokens=640 + 7 * n if is_over else 0, seconds=2.1 + n / 3 if is_over else 0.0,
    )  # fmt: skip


ITEMS = ItemPage(
    job_id="j1",
    state=None,
    offset=0,
    total=36,
    items=tuple(_item(n, state) for n, state in enumerate(_STATES)),
)
DONE = ItemDetail(
    item=ITEMS.items[2],
    source=f"{_TEXT} Nobody spoke against it.\n\nThe next meeting is on the fourth.",
    prompt="system: Sum up this page in two sentences.\n\nuser: …",
    output="The measurements **move to March**, and costs are told by department. Nobody spoke against it.",
    saved_tokens=212,
)
FAILED = ItemDetail(
    item=ITEMS.items[9],
    source=_TEXT,
    prompt="system: Answer with JSON.\n\nuser: …",
    output="",
    error="The reply is not what was asked for: it is not JSON.",
)
DOCUMENTS = [
    DocumentView(name="annual report 2025.pdf", state="done", n_items=36, n_tokens=41_000),
    DocumentView(name="minutes.docx", state="read", n_items=12, n_tokens=9_000, notes=("Page 7 has no text.",)),
]
SUMMARY = SummaryView(
    job_id="j3",
    title="Summary of minutes.docx",
    coverage="300 of 302 pages",
    notes=("Page 7 has no text.", "Page 41 has no text."),
    paragraphs=(
        Paragraph(
            text="The board met four times. It moved the **measurements to March**, asked for costs by department, and "
            "put off the question of the second building to the autumn.",
            label="pages 1–302",
            sources=(),
        ),
        Paragraph(
            text="In the first half the measurements are the main subject: who pays for them, and when they are due.",
            label="pages 1–140",
            sources=(Source(label="page 12", text=_TEXT), Source(label="pages 13–14", text=f"{_TEXT} {_TEXT}")),
        ),
        Paragraph(
            text="In the second half the building is spoken of. Nothing is decided.", label="pages 141–302", sources=()
        ),
    ),
)
