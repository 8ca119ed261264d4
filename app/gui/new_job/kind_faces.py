"""The kinds of job that the window can make, with their names and forms. A new one is one line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.gui.theme import Theme
from app.gui.tongue import mark

if TYPE_CHECKING:
    from app.gui.new_job.kind_form import KindForm


@dataclass(frozen=True)
class KindFace:
    """`hint` says what becomes of each document. It and the name are marked for `tr`."""

    name: str
    hint: str
    form: Callable[[Theme], KindForm]


# what a form knows of its kind is imported with the first of it


def _summarize(theme: Theme) -> KindForm:
    from app.gui.new_job.summarize_form import SummarizeForm

    return SummarizeForm()


def _classify(theme: Theme) -> KindForm:
    from app.gui.new_job.classify_form import ClassifyForm

    return ClassifyForm(theme)


def _extract(theme: Theme) -> KindForm:
    from app.gui.new_job.extract_form import ExtractForm

    return ExtractForm(theme)


def _prompt(theme: Theme) -> KindForm:
    from app.gui.new_job.prompt_form import PromptForm

    return PromptForm()


KIND_FACES: dict[str, KindFace] = {
    "summarize": KindFace(mark("Summarise"), mark("Each document becomes a summary that names its pages."), _summarize),
    "classify": KindFace(
        mark("Classify"), mark("Each document or row gets a label, and how sure the model is."), _classify
    ),
    "extract": KindFace(mark("Extract"), mark("The same fields are read out of each document or row."), _extract),
    "prompt": KindFace(mark("Prompt each"), mark("The same is asked of each document or row."), _prompt),
}
