"""Documents of chats as the faces and the plan of the context see them. Pure."""

from __future__ import annotations

from app.core.attachment_fit import Wanted
from app.core.chat_views import AttachmentState, AttachmentUse, AttachmentView
from app.core.document_reading import CHARACTERS_PER_TOKEN
from app.core.views import JobView
from app.store.attachments import AttachmentRow


def view_of(
    row: AttachmentRow, *, fits: bool, unsaved: str, job: JobView | None, can_summarize: bool
) -> AttachmentView:
    """`unsaved`: why it failed, where that is not in the store. `job`: that summarises it."""
    document = row.document
    use = AttachmentUse(row.use)
    error = unsaved or document.error
    return AttachmentView(
        id=row.id,
        chat_id=row.chat_id,
        name=document.name,
        state=AttachmentState.FAILED if error else AttachmentState(document.state),
        error=error or (document.summary_error if use is AttachmentUse.SUMMARY else ""),
        n_tokens=document.n_tokens,
        n_pages=document.n_pages,
        use=use,
        fits=fits,
        job_id=document.job_id if use is AttachmentUse.SUMMARY else "",
        message_id=row.message_id,
        notes=document.notes,
        summary_fraction=1.0 if document.summary else _fraction(job),
        can_summarize=can_summarize,
    )


def wanted(row: AttachmentRow) -> Wanted:
    """For the plan."""
    return Wanted(
        n_tokens=row.document.n_tokens,
        use=AttachmentUse(row.use) if row.is_chosen else None,
        summary_tokens=len(row.document.summary) // CHARACTERS_PER_TOKEN,
    )


def _fraction(job: JobView | None) -> float | None:
    if job is None:
        return None
    return job.items_done / job.items_total if job.items_total else 0.0
