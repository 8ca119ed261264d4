"""What the pictures of states show of chats: messages, documents, the sidebar, as Core would tell them."""

from __future__ import annotations

import time

from app.core.chat_views import (
    AttachmentState,
    AttachmentUse,
    AttachmentView,
    ChatView,
    Figures,
    FolderView,
    MessageState,
    MessageView,
    PassageView,
    PersonaView,
    QueuedTurn,
    Role,
    SavedPrompt,
)

_FIGURES = Figures(
    ttft_seconds=0.42, tokens_per_second=31.5, output_tokens=186, prompt_tokens=1_204, cached_tokens=1_150
)
_CODE = '''A queue that keeps what is urgent in front:

```python
import heapq
from dataclasses import dataclass, field


@dataclass(order=True)
class Entry:
    priority: int
    name: str = field(compare=False)


class Queue:
    """The smallest priority comes out first, whatever was put in before it, and those that are equal in any order."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def put(self, name: str, priority: int = 10) -> None:
        heapq.heappush(self._entries, Entry(priority, name))
```

`put` costs the logarithm of its length.'''
_TABLE = """Both are good; they differ in what they cost.

| Way | Reads | Time for 300 pages | Good for |
|:----|------:|-------------------:|:---------|
| Whole report | everything | 25 min | what has to be exact |
| Passages | 6 of 420 | 8 s | one question |
| Summary | everything, once | 25 min | an overview |"""
_LATEX = r"""The error of a mean falls with the root of the number of samples:

$$\sigma_{\bar{x}} = \frac{\sigma}{\sqrt{n}}, \qquad \bar{x} = \frac{1}{n} \sum_{i=1}^{n} x_i$$

With $n = 100$ samples and $\sigma = 2.5$ it is $\sigma_{\bar{x}} = 0.25$."""
_LIST = """Three habits help with a report:

1. **Read the end first.** What a report concludes tells you what to look for.
2. Keep a list of questions:
    - what is claimed,
    - what it rests on,
        - and who measured it.
3. Write one sentence a section.

> A report that can't be said in a page was not understood."""
_THOUGHT = (
    "<think>The person wants an order, not a list of chapters. Reports put their conclusions at the end.</think>"
    "Begin with the conclusions, then read what they rest on. Leave the introduction for last."
)
_LIMITED = "The engine stopped while this was written. Continue goes on from here."

Chat = tuple[MessageView, ...]


def _asked(text: str, attachments: tuple[AttachmentView, ...] = ()) -> MessageView:
    return MessageView(
        id="asked",
        chat_id="",
        role=Role.USER,
        text=text,
        state=MessageState.COMPLETE,
        created_seconds=time.time(),
        attachments=attachments,
    )


def _said(
    text: str,
    state: MessageState = MessageState.COMPLETE,
    *,
    n_versions: int = 1,
    passages: tuple[PassageView, ...] = (),
    error: str = "",
    thinking_seconds: float = 0.0,
) -> MessageView:
    return MessageView(
        id="said",
        chat_id="",
        role=Role.ASSISTANT,
        text=text,
        state=state,
        created_seconds=time.time(),
        figures=None if state is MessageState.WRITING else _FIGURES,
        version=n_versions,
        n_versions=n_versions,
        passages=passages,
        error=error,
        thinking_seconds=thinking_seconds,
        parent_id="asked",
    )


def _document(id: str, name: str, n_pages: int, use: AttachmentUse, state: AttachmentState) -> AttachmentView:
    return AttachmentView(
        id=id, chat_id="", name=name, state=state, n_tokens=420 * n_pages, n_pages=n_pages, use=use, message_id=""
    )


WAITING = (
    _document("a", "annual report 2025.pdf", 12, AttachmentUse.WHOLE, AttachmentState.READY),
    _document("b", "minutes.docx", 300, AttachmentUse.PASSAGES, AttachmentState.READY),
    _document("c", "a name that is longer than there is room for in a line of chips.pdf", 0, AttachmentUse.WHOLE,
              AttachmentState.READING),
)  # fmt: skip
_PASSAGES = tuple(
    PassageView(attachment_id="b", name="minutes.docx", place=place, text=text)
    for place, text in (
        ("page 12", "The board agreed to move the measurements to March."),
        ("page 14", "Costs are to be told by department."),
        ("page 88", "Nobody spoke against it."),
    )
)
_HEADINGS = """# A plan for the report

## What is known
The board wants it by **March**; `costs.csv` has the figures, and [the rules](https://example.org/rules) say how.

### What is open
- [who pays](https://example.org) for the measurements
- ~~when they begin~~

---

1. Ask the departments.
2. Write it.

```
plain text in a block without a language, whose line is much longer than the column and so has to be broken somewhere
```"""
_WIDE = """| Department | January | February | March | April | May | June | Sum | What is said about it |
|---|--:|--:|--:|--:|--:|--:|--:|---|
| Research and development | 12,400 | 11,900 | 13,020 | 12,800 | 13,333 | 12,100 | 75,553 | more than was planned |
| Sales | 8,100 | 7,950 | 8,400 | 8,220 | 8,300 | 8,150 | 49,120 | as planned |"""
_FAILED = "There is not enough memory for a prompt of this length. A model with a smaller context would do."
_ARABIC = "مرحبا. كيف أقرأ تقريرا طويلا؟ اكتب لي `pip install` ثم ثلاث نصائح."
CHATS: dict[str, Chat] = {
    "headings": (_asked("Make a plan for the report, with what is known."), _said(_HEADINGS)),
    "wide-table": (_asked("Show the costs."), _said(_WIDE)),
    "failed": (_asked("Where do I begin?"), _said("", MessageState.FAILED, error=_FAILED)),
    "stopped": (_asked("Where do I begin?"), _said("At the end of the", MessageState.STOPPED)),
    "arabic": (_asked(_ARABIC), _said(f"{_ARABIC}\n\n- **أولا**: اقرأ النهاية.\n- ثانيا: اكتب جملة.")),
    "long-question": (
        _asked("Read this, please.\n\n" + "A line of a question that is long. " * 12),
        _said(_LIST),
    ),
    "list": (_asked("How do I read a long report?"), _said(_LIST)),
    "streaming": (_asked("How do I read a long report?"), _said(_LIST[:150], MessageState.WRITING)),
    "waiting": (_asked("How do I read a long report?"), _said("", MessageState.WRITING)),
    "long-code": (_asked("Write a priority queue."), _said(_CODE)),
    "table": (_asked("Compare the ways."), _said(_TABLE)),
    "latex": (_asked("How exact is a mean?"), _said(_LATEX)),
    "thinking": (_asked("Where do I begin?"), _said(_THOUGHT, thinking_seconds=4.2)),
    "branches": (_asked("Where do I begin?"), _said("At the end of the report.", n_versions=3)),
    "error": (_asked("Where do I begin?"), _said("At the end", MessageState.INTERRUPTED, error=_LIMITED)),
    "documents": (
        _asked("When are the measurements?", WAITING[1:2]),
        _said("In March: the board moved them, and nobody spoke against it.", passages=_PASSAGES),
    ),
}
_DAY = 86_400
FOLDERS = (FolderView(id="f1", name="House", position=0), FolderView(id="f2", name="An empty one", position=1))
LISTED = tuple(
    ChatView(id=f"c{n}", title=title, updated_seconds=time.time() - days * _DAY - 60 * n, **more)  # type: ignore[arg-type]
    for n, (title, days, more) in enumerate(
        (
            ("Things to remember", 3, {"is_pinned": True}),
            ("Warranty terms in the lease", 0, {"folder_id": "f1", "is_answering": True}),
            ("Letter to the landlord", 2, {"folder_id": "f1"}),
            ("Sauerteig ohne Waage", 0, {"tags": ("kitchen",)}),
            ("Valgrind and signals, and what else there is to be said of them", 2, {}),
            ("Regex for invoices", 4, {"tags": ("work", "python")}),
            ("كيف أقرأ تقريرا طويلا", 9, {}),
            ("A nearly forgotten one", 500, {}),
            ("Nobody writes this down", 0, {"is_temporary": True}),
        )
    )
)
QUEUED = (
    QueuedTurn(id="q1", chat_id="", text="And what of the second building, which was put off to the autumn?"),
    QueuedTurn(id="q2", chat_id="", text="Shorter, please."),
)
PROMPTS = (
    SavedPrompt(id="1", name="Shorter", text="Say the same in half the words:\n\n{text}"),
    SavedPrompt(id="2", name="Translate", text="Translate into {language}:\n\n{text}"),
)
PERSONA = PersonaView(
    id="p1",
    name="Reviewer",
    system_prompt="You review texts. Name what is unclear, then propose a better sentence.",
    greeting="Paste a text.",
)
