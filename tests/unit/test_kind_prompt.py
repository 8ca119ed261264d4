"""Templates over files and rows: as the person wrote them, with what stands in braces filled in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.kinds.item_input import Piece, Row
from app.core.kinds.kind import Answer, Finished, ItemFailed, Material
from app.core.kinds.prompt import PROMPT, PromptParams
from app.engine.messages import Turn, Usage
from app.errors import KnownError

FILES = Material(names=("a.txt", "b.txt"))
TABLE = Material(names=("t.csv",), columns=("title", "unit price"))
DOCUMENT = Piece(text="It {rained}.", name="a.txt")
ROW = Row(values={"title": "Rain {title}", "unit price": "3"})


def asked(template: str, input: Piece | Row) -> str:
    (request,) = PROMPT.requests(PromptParams(template=template), input)
    return request.turns[-1].content


def said(text: str, *, is_complete: bool = True) -> list[Answer]:
    return [Answer(text=text, is_complete=is_complete, usage=Usage(prompt_tokens=1, cached_tokens=0, output_tokens=64))]


def test_fields_are_filled_in() -> None:
    assert asked("{name}: {document}?", DOCUMENT) == "a.txt: It {rained}.?"
    assert asked("{title} for { unit price }", ROW) == "Rain {title} for 3"
    assert asked("{document}", ROW) == "title: Rain {title}\nunit price: 3"
    assert asked('{{"a": {title}}}', ROW) == '{"a": Rain {title}}'


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_no_field_stays_as_it_was_written(before: str, value: str) -> None:
    written = before.replace("{", "{{").replace("}", "}}")
    row = Row(values={"a": f"x{value}"})
    assert asked(written + "{a}", row) == f"{before}x{value}"


def test_a_column_may_be_called_like_what_a_document_has() -> None:
    PROMPT.check(PromptParams(template="{name}"), Material(names=("t",), columns=("name",)))
    assert asked("{name}", Row(values={"name": "Bo"})) == "Bo"


def test_the_system_message_comes_first() -> None:
    (request,) = PROMPT.requests(PromptParams(template="{document}", system="Be brief.", max_tokens=7), DOCUMENT)
    assert request.turns[0] == Turn("system", "Be brief.")
    assert (len(request.turns), request.max_tokens, request.sampling.temperature) == (2, 7, 0.2)


@pytest.mark.parametrize(
    ("template", "material", "sentence"),
    [
        ("{price}", TABLE, r"no {price}. Choose from {document}, {title}, {unit price}; write {{ and }} for braces"),
        ("{name}", TABLE, r"no {name}"),
        ("{title}", FILES, r"no {title}. Choose from {document}, {name};"),
        ("{}", FILES, r"no {}"),
        ("Hello.", FILES, "has no field"),
        ("{{document}}", FILES, "has no field"),
        ("", FILES, "has no field"),
        ("{document", FILES, "A “{” in the template has no other half"),
        ("document} {document}", FILES, "A “}” in the template has no other half"),
    ],
)
def test_a_template_that_can_not_be_used_is_told(template: str, material: Material, sentence: str) -> None:
    with pytest.raises(KnownError, match=sentence):
        PROMPT.check(PromptParams(template=template), material)


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        (PromptParams(template="{document}", max_tokens=0), "at least one token"),
        (PromptParams(template="{document}", temperature=-1), "temperature"),
    ],
)
def test_numbers_are_checked(params: PromptParams, sentence: str) -> None:
    with pytest.raises(KnownError, match=sentence):
        PROMPT.check(params, FILES)


def test_a_row_without_the_column_or_without_text_has_failed() -> None:
    with pytest.raises(ItemFailed, match="no “price” here"):
        asked("{price}", ROW)
    with pytest.raises(ItemFailed, match="no text"):
        asked("Translate: {title}", Row(values={"title": " ", "b": "x"}))


def test_an_answer_that_was_cut_says_so() -> None:
    params = PromptParams(template="{document}")
    assert PROMPT.output(params, DOCUMENT, said(" Yes.\n")) == "Yes."
    assert PROMPT.output(params, DOCUMENT, said("Yes, b", is_complete=False)) == "Yes, b [cut after 64 tokens]"
    with pytest.raises(ItemFailed, match="wrote nothing"):
        PROMPT.output(params, DOCUMENT, said(" "))


def test_cells_and_title() -> None:
    params = PromptParams(template="Translate\n" + "the text " * 10 + "{document}")
    item = Finished(id=1, position=0, level=0, input=DOCUMENT, output="Ja.")
    assert PROMPT.cells(params, item) == {"answer": "Ja."}
    title = PROMPT.title(params, FILES)
    assert title.startswith("2 documents: Translate the text the")
    assert title.endswith("…")
