"""Fields from texts: the schema is checked before anything runs, and what comes back fits it or has failed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.kinds.extract import EXTRACT, ExtractParams
from app.core.kinds.fields import Field, fields_schema, schema_fields
from app.core.kinds.item_input import Piece, Row
from app.core.kinds.kind import Answer, Finished, ItemFailed, Material
from app.engine.messages import Usage
from app.engine.process.json_schema import lark_of
from app.errors import KnownError

FORM = (
    Field(name="customer", description="who pays"),
    Field(name="amount", kind="number"),
    Field(name="due", kind="date", is_required=False),
    Field(name="state", kind="choice", choices=("open", "paid")),
    Field(name="items", kind="list"),
)
PARAMS = ExtractParams(schema=fields_schema(FORM), instruction="These are invoices.")
TEXT = Piece(text="Anna owes 3 euros.")
FILE = Material(names=("a.txt",))
FOUND = {"customer": "Anna", "amount": 3, "due": None, "state": "open", "items": ["a", "b"]}

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).map(str.strip).filter(bool)
FIELDS = st.lists(
    st.builds(
        Field,
        name=NAMES,
        kind=st.sampled_from(("text", "number", "integer", "yes_no", "date", "choice", "list")),
        description=NAMES | st.just(""),
        choices=st.lists(NAMES, min_size=1, max_size=3, unique=True).map(tuple),
        is_required=st.booleans(),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda field: field.name,
)


def said(text: str, *, is_complete: bool = True) -> list[Answer]:
    usage = Usage(prompt_tokens=9, cached_tokens=0, output_tokens=1512)
    return [Answer(text=text, is_complete=is_complete, usage=usage)]


def test_a_text_is_read_after_the_fields_which_are_the_same_for_all() -> None:
    (first,), (second,) = EXTRACT.requests(PARAMS, TEXT), EXTRACT.requests(PARAMS, Piece(text="Bo owes 4."))
    assert first.turns[:-1] == second.turns[:-1]
    assert first.turns[-1].content == "Text: Anna owes 3 euros."
    assert first.json_schema == PARAMS.schema
    assert first.turns[0].content == (
        "These are invoices.\n\n"
        "Read the text and answer in JSON with these fields, as the text gives them:\n"
        "- customer (text): who pays\n"
        "- amount (number)\n"
        "- due (date, or null)\n"
        '- state (one of "open", "paid")\n'
        "- items (list)"
    )


def test_what_a_schema_says_of_nested_values_is_told() -> None:
    schema = '{"properties": {"lines": {"type": "array", "items": {"type": "object", "properties": {"n": {}}}}}}'
    (request,) = EXTRACT.requests(ExtractParams(schema=schema), TEXT)
    assert '"properties": {"n": {}}' in request.turns[0].content


@pytest.mark.parametrize(
    ("schema", "sentence"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "not one of an object"),
        ('{"type": "array"}', "not one of an object"),
        ('{"type": "object"}', "names no fields"),
        ('{"properties": {}}', "names no fields"),
    ],
)
def test_a_schema_that_can_not_be_used_is_told(schema: str, sentence: str) -> None:
    with pytest.raises(KnownError, match=sentence):
        EXTRACT.check(ExtractParams(schema=schema), FILE)


def test_other_parameters_are_checked() -> None:
    EXTRACT.check(PARAMS, FILE)
    with pytest.raises(KnownError, match="no column “c”"):
        EXTRACT.check(ExtractParams(schema=PARAMS.schema, columns=("c",)), Material(names=("t",), columns=("a",)))
    with pytest.raises(KnownError, match="at least one token"):
        EXTRACT.check(ExtractParams(schema=PARAMS.schema, max_tokens=0), FILE)


def test_the_answer_is_stored_on_one_line_with_a_cell_a_field() -> None:
    output = EXTRACT.output(PARAMS, TEXT, said(json.dumps(FOUND, indent=2)))
    assert "\n" not in output
    item = Finished(id=1, position=0, level=0, input=TEXT, output=output)
    assert EXTRACT.cells(PARAMS, item) == {
        "customer": "Anna",
        "amount": "3",
        "due": "",
        "state": "open",
        "items": '["a", "b"]',
    }
    failed = Finished(id=1, position=0, level=0, input=TEXT, output="", error="It crashed.")
    assert EXTRACT.cells(PARAMS, failed) == dict.fromkeys(FOUND, "")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (said('{"customer": "An', is_complete=False), r"cut after 1,512 tokens"),
        (said('{"customer": "An'), "is not JSON"),
        (said('{"customer": "An"}'), "has no “amount”"),
        (said("[]"), "has no “customer”"),
    ],
)
def test_an_answer_that_does_not_fit_has_failed(answer: list[Answer], sentence: str) -> None:
    with pytest.raises(ItemFailed, match=sentence):
        EXTRACT.output(PARAMS, TEXT, answer)


def test_half_of_a_surrogate_pair_does_not_spoil_an_answer() -> None:
    output = EXTRACT.output(ExtractParams(schema='{"properties": {"a": {}}}'), TEXT, said('{"a": "\\ud83d!"}'))
    assert output.encode() == b'{"a": "?!"}'


def test_rows_show_the_columns_that_were_chosen() -> None:
    params = ExtractParams(schema=PARAMS.schema, columns=("mail",))
    (request,) = EXTRACT.requests(params, Row(values={"id": "1", "mail": "Hello."}))
    assert request.turns[-1].content == "Text: Hello."


@given(FIELDS)
def test_a_form_becomes_a_schema_that_the_engine_follows_and_back(fields: list[Field]) -> None:
    schema = fields_schema(fields)
    lark_of(schema)
    EXTRACT.check(ExtractParams(schema=schema), FILE)
    back = schema_fields(schema)
    assert back is not None
    assert [(field.name, field.kind, field.description, field.is_required) for field in back] == [
        (field.name, field.kind, field.description, field.is_required) for field in fields
    ]
    assert fields_schema(back) == schema


@pytest.mark.parametrize("schema", ["", "[]", '{"properties": {"a": {"minLength": 3}}}', '{"properties": {"a": 1}}'])
def test_a_schema_that_says_more_is_no_form(schema: str) -> None:
    assert schema_fields(schema) is None


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ((), "at least one field"),
        ((Field(name=" "),), "has no name"),
        ((Field(name="a"), Field(name="a ")), "“a” is there twice"),
        ((Field(name="a", kind="choice", choices=(" ",)),), "nothing to choose from"),
    ],
)
def test_a_form_that_makes_no_schema_is_told(fields: tuple[Field, ...], sentence: str) -> None:
    with pytest.raises(KnownError, match=sentence):
        fields_schema(fields)


def test_titles_name_the_fields() -> None:
    assert EXTRACT.title(PARAMS, FILE) == "customer, amount and 3 more from a.txt"
    assert EXTRACT.title(ExtractParams(schema='{"properties": {"a": {}}}'), FILE) == "a from a.txt"


def test_choices_are_named_once_and_may_be_null() -> None:
    schema = json.loads(
        fields_schema([Field(name="a", kind="choice", choices=(" x", "x", "", "y"), is_required=False)])
    )
    assert schema["properties"]["a"]["enum"] == ["x", "y", None]
