"""The job kind "summarize": notes of each piece, reduced in levels, and an overview on top; of many documents one more.

The program, not the model, knows what went into a paragraph: each item names its sources in the level below, down to
the pieces with their pages. The last level of a document has one item, unless there was nothing to sum up.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from app.core.kinds.item_input import Group, ItemInput, text_of
from app.core.kinds.kind import Answer, Finished, ItemFailed, JobKind, Material
from app.core.kinds.passages import BEGINNING, MOST_CHARACTERS, passages_about, quoted
from app.engine.messages import GenerateRequest, Priority, Sampling, Turn
from app.errors import ErrorKind, KnownError

MOST_PARAGRAPHS = 6  # of a page, below its overview
GROUP_SIZE = 6  # results that are reduced to one
MOST_PIECE_TOKENS = 1200
SMALLEST_PIECE_TOKENS = 64
PROMPT_OVERHEAD_TOKENS = 200  # instruction and chat template
MOST_FOCUS_CHARACTERS = 300
MOST_NAME_BYTES = 80  # of a document, where the model reads it
NOTHING_SAID = "Nothing about this."  # the result of a piece that says nothing of what is looked for

_SAMPLING = Sampling(temperature=0.2, repeat_penalty=1.1)
_SEPARATOR_TOKENS = 3
# What is asked stands after the text: a small model that reads it first has forgotten it by the end (tried on the
# starter model, which then went on with the text, or thanked for it).
_ASK = "Text:\n\n{text}\n\n---\n{question}"
_NOTHING = re.compile(r"\W*nothing\b(\W*$| (about|on|is said|is mentioned)\b)", re.IGNORECASE)
_SILENT = re.compile(
    r"(this|the) (text|passage|document|excerpt)( above)? (does not|doesn[’']t|says nothing|has nothing|contains no\b)",
    re.IGNORECASE,
)


class SummarizeParams(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`focus`: what is looked for, "warranty"; empty: all of it. `language`: of the summary, "German"; empty: any.

    `bulk_context`: tokens of the model's bulk requests, see `fitted`; 0: not known so far.
    """

    length: Literal["line", "paragraph", "page"] = "page"
    language: str = ""
    focus: str = ""
    bulk_context: int = 0


@dataclass(frozen=True, kw_only=True)
class _Form:
    """How much is asked for at each step, and the tokens that it may take."""

    piece: str
    group: str
    overview: str
    tokens: int


_FORMS = {
    "line": _Form(piece="two plain sentences", group="two plain sentences", overview="one plain sentence", tokens=120),
    "paragraph": _Form(
        piece="two or three plain sentences",
        group="three or four plain sentences",
        overview="four or five plain sentences",
        tokens=200,
    ),
    "page": _Form(
        piece="two or three plain sentences",
        group="three or four plain sentences",
        overview="two or three plain sentences",
        tokens=160,
    ),
}


class Summarize(JobKind):
    """See JobKind."""

    name = "summarize"
    params_type = SummarizeParams
    cuts_documents = True
    has_levels = True

    def check(self, params: SummarizeParams, material: Material) -> None:
        if len(params.focus) > MOST_FOCUS_CHARACTERS:
            raise KnownError(
                ErrorKind.BAD_REQUEST,
                f"Say in fewer words what the summary is to be about: {MOST_FOCUS_CHARACTERS} characters at most.",
            )
        if len(params.language) > 40:
            raise KnownError(ErrorKind.BAD_REQUEST, "Give the language of the summary by its name, such as “German”.")

    def title(self, params: SummarizeParams, material: Material) -> str:
        names = material.names
        of = names[0] if len(names) == 1 else f"{len(names):,} documents"
        focus = " ".join(params.focus.split())
        return f"Summary of {of}: {focus}" if focus else f"Summary of {of}"

    def fitted(self, params: SummarizeParams, bulk_context: int) -> SummarizeParams:
        fitted = msgspec.structs.replace(params, bulk_context=bulk_context)
        if _room(fitted) < SMALLEST_PIECE_TOKENS:
            raise KnownError(
                ErrorKind.BAD_REQUEST,
                f"This model reads only {bulk_context:,} tokens at a time, too few to summarise documents. "
                "Choose another.",
            )
        return fitted

    def piece_tokens(self, params: SummarizeParams, bulk_context: int) -> int:
        return min(MOST_PIECE_TOKENS, _room(self.fitted(params, bulk_context)))

    def output_tokens(self, params: SummarizeParams) -> int:
        return _output_tokens(params)

    def expected_items(self, params: SummarizeParams, n_pieces: int) -> int:
        total = n = n_pieces
        if n == 1 and params.length != "line":
            return 1
        while n > 0:
            n_groups = len(_groups(params, [_output_tokens(params)] * n))
            total += n_groups
            n = n_groups if n_groups > 1 else 0
        return total

    def requests(self, params: SummarizeParams, input: ItemInput) -> tuple[GenerateRequest, ...]:
        turn = Turn("user", _ASK.format(text=text_of(input), question=_question(params, input)))
        return (
            GenerateRequest(
                turns=(turn,),
                priority=Priority.BULK,
                max_tokens=_output_tokens(params),
                sampling=_SAMPLING,
            ),
        )

    def output(self, params: SummarizeParams, input: ItemInput, answers: Sequence[Answer]) -> str:
        text = whole_sentences(answers[0].text)
        if not text:
            raise ItemFailed("The model wrote nothing.")
        focus = _focus(params)
        if isinstance(input, Group) or not focus:
            return text
        # what the text says of it is kept word for word beside what the model makes of it
        evidence = quoted(passages_about(focus, text_of(input)), _quoted_characters(params))
        note = "" if _says_nothing(text) else text
        return " ".join(part for part in (note, evidence) if part) or NOTHING_SAID

    def follows(self, params: SummarizeParams, level: Sequence[Finished]) -> list[ItemInput]:
        good = [item for item in level if says_something(item)]
        first = level[0].input
        below = first if isinstance(first, Group) else None
        if not good or (below is not None and below.is_overview):
            return []
        if len(level) == 1 and params.length != "line":
            return []
        return _reduced(
            params,
            [item.output for item in good],
            [item.position for item in good],
            is_collection=below is not None and below.is_collection,
        )

    def combine(self, params: SummarizeParams, documents: Sequence[tuple[str, Finished]]) -> list[ItemInput]:
        good = [position for position, (_, last) in enumerate(documents) if says_something(last)]
        if len(good) < 2:
            return []
        texts = [f"{_short(documents[position][0])}: {documents[position][1].output}" for position in good]
        return _reduced(params, texts, good, is_collection=True)

    def cells(self, params: SummarizeParams, item: Finished) -> dict[str, str]:
        return {"summary": item.output}


def says_something(item: Finished) -> bool:
    """Does it go into the next level?"""
    return item.is_done and item.output != NOTHING_SAID


def whole_sentences(text: str) -> str:
    """One paragraph that ends with a whole sentence, where there is one."""
    text = " ".join(text.split())
    end = max(text.rfind(mark) for mark in (".", "!", "?", "。"))
    return text[: end + 1] if end > len(text) // 2 else text


def _question(params: SummarizeParams, input: ItemInput) -> str:
    form, focus = _FORMS[params.length], _focus(params)
    if not isinstance(input, Group):
        asked = (
            f"What does the text above say about {focus}? Answer in {form.piece}."
            if focus
            else (f"Summarize the text above in {form.piece}.")
        )
        if focus:
            asked += f" If it says nothing about {focus}, answer only: NOTHING."
    elif input.is_collection:
        about = f"what do they say about {focus}" if focus else "what are they about"
        amount = form.overview if input.is_overview else form.group
        asked = f"The text above sums up several documents, each after its name. In {amount}, {about}?"
    elif input.is_overview:
        about = f"what does it say about {focus}" if focus else "what is the document about"
        asked = f"The text above summarizes a document. In {form.overview}, {about}?"
    else:
        about = f"Sum up what the text above says about {focus}" if focus else "Summarize the text above"
        asked = f"{about} in {form.group}."
    return f"{asked} Write in {' '.join(params.language.split())}." if params.language.strip() else asked


def _focus(params: SummarizeParams) -> str:
    return " ".join(params.focus.split()).rstrip(".?!")


def _says_nothing(text: str) -> bool:
    return bool(_NOTHING.match(text) or _SILENT.match(text))


def _output_tokens(params: SummarizeParams) -> int:
    most = _FORMS[params.length].tokens
    return min(most, params.bulk_context // 12) if params.bulk_context else most


def _room(params: SummarizeParams) -> int:
    """Tokens of text that fit one request, with what is asked and what is written."""
    asked = 3 * len(params.focus.encode()) + len(params.language.encode())  # at most a token a byte
    return params.bulk_context - _output_tokens(params) - PROMPT_OVERHEAD_TOKENS - asked


def _reduced(
    params: SummarizeParams, texts: Sequence[str], positions: Sequence[int], *, is_collection: bool
) -> list[ItemInput]:
    groups = _groups(params, [_cost(params, text, is_collection=is_collection) for text in texts])
    return [
        Group(
            text="\n\n".join(texts[index] for index in group),
            sources=tuple(positions[index] for index in group),
            is_overview=len(groups) == 1,
            is_collection=is_collection,
        )
        for group in groups
    ]


def _cost(params: SummarizeParams, text: str, *, is_collection: bool) -> int:
    """Tokens of a result: as many as bytes at most, and of what the model wrote no more than it was allowed.

    Quotes are no more than half their bytes: that much is true of every script in the vocabularies of today.
    """
    written, beginning, quotes = text.partition(BEGINNING)
    most = _output_tokens(params) + (MOST_NAME_BYTES if is_collection else 0)
    return min(most, len(written.encode())) + len((beginning + quotes).encode()) // 2


def _quoted_characters(params: SummarizeParams) -> int:
    """Of one piece: little enough that several go into a request."""
    return min(MOST_CHARACTERS, params.bulk_context // 4) if params.bulk_context else MOST_CHARACTERS


def _groups(params: SummarizeParams, costs: Sequence[int]) -> list[range]:
    """How results of so many tokens are reduced: neighbours together, numbers differing by one at most.

    One group: an overview. Where a group would be too long for the model there are more, of two results mostly.
    """
    n = len(costs)
    if n <= (MOST_PARAGRAPHS if params.length == "page" else GROUP_SIZE):
        n_groups = 1
    else:
        n_groups = math.ceil(n / GROUP_SIZE)
        if params.length == "page":
            n_groups = max(n_groups, min(MOST_PARAGRAPHS, n // 2))
    room = _room(params) if params.bulk_context else None
    while True:
        bounds = [round(index * n / n_groups) for index in range(n_groups + 1)]
        groups = [range(start, end) for start, end in itertools.pairwise(bounds)]
        longest = max(sum(costs[index] + _SEPARATOR_TOKENS for index in group) for group in groups)
        if room is None or longest <= room or n_groups >= math.ceil(n / 2):
            return groups
        n_groups += 1


def _short(name: str) -> str:
    """For the model, which needs no path."""
    name = name.rpartition("/")[2]
    while len(name.encode()) > MOST_NAME_BYTES - 2:
        name = name[: len(name) // 2 - 2] + "…" + name[len(name) // 2 + 2 :]
    return name


SUMMARIZE = Summarize()
