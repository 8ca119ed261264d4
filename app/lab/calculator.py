"""`rubato size` and the calculator of the window: documents and pages become a job, and the job its figures."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from app.core.core import Core
from app.core.estimate import FILL
from app.core.kinds.summarize import GROUP_SIZE, Summarize, SummarizeParams
from app.engine import tuned
from app.engine.process.memory_plan import BULK_CONTEXT, BULK_SEQUENCES
from app.engine.tuned import TURN, Tuned
from app.errors import ErrorKind, KnownError
from app.lab.energy import Drawn, power_of
from app.lab.sizing import Confidence, Figure, Job, Outlook, Prices, Sizing, outlook, size, speeds_of

PAGE_TOKENS = 600  # about, of a page of prose
ASKED_TOKENS = 40  # of a prompt, besides the text
KINDS = {"summarize": None, "classify": 2, "extract": 80, "prompt": 200}
"""Kinds of jobs, and the tokens they write for an item; a summary's follow from its form."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """`watts`: of this machine at work, as entered; `seconds`: within which it is to be done. None: not asked."""

    documents: int
    pages: float
    kind: str = "summarize"
    page_tokens: int = PAGE_TOKENS
    watts: float | None = None
    prices: Prices = field(default_factory=Prices)
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`first_answer`: of a chat meanwhile, in Responsive. `width`: items at once."""

    question: Question
    job: Job
    sizing: Sizing
    width: int
    first_answer: Figure | None
    outlook: Outlook | None


def job_of(question: Question) -> Job:
    """As the program would cut it. Raises KnownError for what is no job."""
    if question.documents < 1 or question.pages <= 0 or question.page_tokens < 1:
        raise KnownError(ErrorKind.BAD_REQUEST, "Give at least one document, and pages with text on them.")
    if question.kind not in KINDS:
        raise KnownError(ErrorKind.BAD_REQUEST, f"There is no kind {question.kind!r}. Choose from: {', '.join(KINDS)}.")
    text = question.pages * question.page_tokens
    kind, params = Summarize(), SummarizeParams(bulk_context=BULK_CONTEXT)
    piece = kind.piece_tokens(params, BULK_CONTEXT)
    n_pieces = math.ceil(text / piece)
    written = KINDS[question.kind]
    if written is not None:
        per_piece = text / n_pieces
        return Job(n_items=question.documents * n_pieces, read_tokens=per_piece + ASKED_TOKENS, written_tokens=written)
    summary = kind.output_tokens(params) * FILL
    per_document = kind.expected_items(params, n_pieces)
    above = math.ceil(question.documents / GROUP_SIZE) if question.documents > 1 else 0  # of the whole collection
    n_items = question.documents * per_document + above
    reduced = n_items - question.documents * n_pieces
    read = question.documents * text + reduced * GROUP_SIZE * summary
    return Job(n_items=n_items, read_tokens=read / n_items + ASKED_TOKENS, written_tokens=summary)


def answer(question: Question, found: Tuned, learned: float = 1.0) -> Answer:
    """From what was measured. Raises KnownError where nothing was."""
    job, choice = job_of(question), found.choice()
    width = choice.width or BULK_SEQUENCES
    speeds = speeds_of(found, width, learned)
    if speeds is None:
        raise KnownError(
            ErrorKind.BAD_REQUEST,
            "This model was not measured on this machine so far. Measure it in the lab, or run “rubato tune”.",
        )
    power = power_of(Drawn(found.watts, found.are_watts_of_battery), question.watts)
    turns = [p for p in found.points if p.setting.what == TURN and p.setting.way == found.chat_way()]
    turn = turns[0].step_seconds if turns else None
    return Answer(
        question=question,
        job=job,
        sizing=size(job, speeds, power, question.prices),
        width=width,
        first_answer=(
            Figure(value=turn, unit="s", source="a question behind a long chat", confidence=Confidence.MEASURED)
            if turn is not None
            else None
        ),
        outlook=outlook(job, speeds, question.seconds) if question.seconds is not None else None,
    )


def ask(core: Core, question: Question) -> Answer:
    """For the model in use. Raises KnownError."""
    if core.model_path is None:
        raise KnownError(ErrorKind.NO_MODEL, "No model is loaded. Choose a model, then try again.")
    learned = core.learned(question.kind, core.model_path)
    return answer(question, tuned.load(core.paths.tuning, core.model_path), learned)
