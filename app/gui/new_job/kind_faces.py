"""The kinds of job that the window can make, with their names and forms. A new one is one line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.gui.new_job.classify_form import ClassifyForm
from app.gui.new_job.extract_form import ExtractForm
from app.gui.new_job.kind_form import KindForm
from app.gui.new_job.prompt_form import PromptForm
from app.gui.new_job.summarize_form import SummarizeForm
from app.gui.theme import Theme
from app.gui.tongue import mark


@dataclass(frozen=True)
class KindFace:
    """`hint` says what becomes of each document. It and the name are marked for `tr`."""

    name: str
    hint: str
    form: Callable[[Theme], KindForm]


KIND_FACES: dict[str, KindFace] = {
    "summarize": KindFace(
        mark("Summarise"), mark("Each document becomes a summary that names its pages."), lambda _: SummarizeForm()
    ),
    "classify": KindFace(
        mark("Classify"), mark("Each document or row gets a label, and how sure the model is."), ClassifyForm
    ),
    "extract": KindFace(mark("Extract"), mark("The same fields are read out of each document or row."), ExtractForm),
    "prompt": KindFace(mark("Prompt each"), mark("The same is asked of each document or row."), lambda _: PromptForm()),
}
