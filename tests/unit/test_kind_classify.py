"""Labels by their scores: what a text adds to how likely they are anyway, one or several, or none that is sure."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.kinds.classify import CLASSIFY, ClassifyParams, Example
from app.core.kinds.item_input import Piece, Row
from app.core.kinds.kind import Answer, Finished, ItemFailed, Material
from app.engine.messages import Usage
from app.errors import KnownError

LABELS = ("sport", "business", "weather")
PARAMS = ClassifyParams(labels=LABELS)
TEXT = Piece(text="It rained.")
FILE = Material(names=("a.txt",))
PROBABILITIES = st.lists(st.floats(0.001, 1.0), min_size=3, max_size=3)


def scored(*probabilities: float) -> Answer:
    scores = tuple(map(math.log, probabilities))
    usage = Usage(prompt_tokens=1, cached_tokens=0, output_tokens=0)
    return Answer(text="", is_complete=True, usage=usage, scores=scores)


def result(params: ClassifyParams, *probabilities: float) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(CLASSIFY.output(params, TEXT, [scored(*probabilities)]))
    return found


def test_the_likeliest_label_with_probabilities_that_add_up() -> None:
    found = result(PARAMS, 0.06, 0.02, 0.02)
    assert (found["label"], found["confidence"]) == ("sport", 0.6)
    assert found["scores"] == {"sport": 0.6, "business": 0.2, "weather": 0.2}


def test_a_label_that_is_likely_anyway_counts_for_less() -> None:
    nothing = [scored(0.5, 0.01, 0.1), scored(0.5, 0.01, 0.1)]
    prepared = CLASSIFY.prepared(PARAMS, nothing)
    assert result(PARAMS, 0.5, 0.01, 0.2)["label"] == "sport"
    assert result(prepared, 0.5, 0.01, 0.2)["label"] == "weather"
    assert result(prepared, 0.5, 0.01, 0.1)["scores"] == pytest.approx(dict.fromkeys(LABELS, 1 / 3), abs=1e-3)


@given(PROBABILITIES, PROBABILITIES)
def test_what_says_nothing_is_asked_like_an_item_and_stored_nowhere(prior: list[float], now: list[float]) -> None:
    asked = CLASSIFY.first_requests(PARAMS)
    assert {request.score for request in asked} == {CLASSIFY.requests(PARAMS, TEXT)[0].score}
    prepared = CLASSIFY.prepared(PARAMS, [scored(*prior) for _ in asked])
    found = result(prepared, *now)
    assert sum(found["scores"].values()) == pytest.approx(1, abs=1e-3)
    ratios = [n / p for n, p in zip(now, prior, strict=True)]
    assert found["confidence"] == pytest.approx(max(ratios) / sum(ratios), abs=1e-3)
    assert CLASSIFY.first_requests(prepared) == asked


def test_below_the_threshold_no_label_is_given() -> None:
    params = ClassifyParams(labels=LABELS, unsure_below=0.5)
    assert result(params, 0.4, 0.3, 0.3)["label"] == "unsure"
    assert result(params, 0.6, 0.2, 0.2)["label"] == "sport"
    several = ClassifyParams(labels=LABELS, unsure_below=0.5, is_multi=True)
    assert result(several, 0.4, 0.3, 0.3)["labels"] == []


def test_several_labels_are_those_with_more_than_their_share() -> None:
    params = ClassifyParams(labels=LABELS, is_multi=True)
    assert result(params, 0.5, 0.45, 0.05)["labels"] == ["sport", "business"]
    assert result(params, 0.05, 0.05, 0.9)["labels"] == ["weather"]
    many = ClassifyParams(labels=tuple(f"l{n}" for n in range(20)), is_multi=True)
    assert result(many, 0.9, 0.08, *[0.001] * 18)["labels"] == ["l0"]


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip))
def test_what_comes_before_a_text_is_the_same_for_all(text: str) -> None:
    params = ClassifyParams(
        labels=LABELS, instruction="These are headlines.", examples=(Example(text="A goal.", label="sport"),)
    )
    (first,), (request,) = CLASSIFY.requests(params, TEXT), CLASSIFY.requests(params, Piece(text=text))
    assert request.turns[:-1] == first.turns[:-1]
    instruction = "".join(turn.content for turn in request.turns[:-1])
    assert all(part in instruction for part in ("headlines", "A goal.", "sport, business, weather"))
    assert request.turns[-1].content == f"Text: {text.strip()}"


def test_labels_with_commas_are_told_apart() -> None:
    params = ClassifyParams(labels=("yes, very", "no"))
    assert "\n- yes, very\n- no\n" in CLASSIFY.requests(params, TEXT)[0].turns[0].content


def test_rows_show_the_columns_that_were_chosen() -> None:
    row = Row(values={"id": "7", "title": "Rain", "body": " It rained. "})

    def asked(*columns: str) -> str:
        params = ClassifyParams(labels=LABELS, columns=columns)
        return CLASSIFY.requests(params, row)[0].turns[-1].content

    assert asked("body") == "Text: It rained."
    assert asked("body", "title") == "Text: body:  It rained. \ntitle: Rain"
    assert "id: 7" in asked()


@pytest.mark.parametrize("input", [Piece(text=" \n"), Row(values={"a": " ", "b": ""})])
def test_a_text_that_is_empty_has_failed(input: Piece | Row) -> None:
    with pytest.raises(ItemFailed, match="no text"):
        CLASSIFY.requests(PARAMS, input)


def test_an_engine_that_does_not_score_is_noticed() -> None:
    with pytest.raises(ItemFailed, match="did not score"):
        CLASSIFY.output(PARAMS, TEXT, [scored(0.5)])


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        (ClassifyParams(labels=("one",)), "at least two"),
        (ClassifyParams(labels=("one", " ")), "is empty"),
        (ClassifyParams(labels=("one", "two", " One")), "“one” is there twice"),
        (ClassifyParams(labels=("one", "x" * 101)), "too long"),
        (ClassifyParams(labels=("one", "two\nthree")), "too long"),
        (ClassifyParams(labels=tuple(map(str, range(201)))), "201 labels"),
        (ClassifyParams(labels=("sure", "unsure"), unsure_below=0.5), "can't be called “unsure”"),
        (ClassifyParams(labels=LABELS, unsure_below=1.0), "between 0 and 1"),
        (ClassifyParams(labels=LABELS, examples=(Example(text="a", label="war"),)), "“war”, which is not among"),
        (ClassifyParams(labels=LABELS, examples=(Example(text=" ", label="sport"),)), "has no text"),
    ],
)
def test_parameters_that_can_not_be_used_are_told(params: ClassifyParams, sentence: str) -> None:
    with pytest.raises(KnownError, match=sentence):
        CLASSIFY.check(params, FILE)


def test_a_column_that_is_not_there_is_told_with_those_that_are() -> None:
    params = ClassifyParams(labels=LABELS, columns=("body", "mail"))
    with pytest.raises(KnownError, match=r"“mail”. Choose from: id, body\."):
        CLASSIFY.check(params, Material(names=("t.csv",), columns=("id", "body")))
    CLASSIFY.check(params, FILE)


def test_cells_and_title() -> None:
    def finished(params: ClassifyParams, error: str = "") -> dict[str, str]:
        output = "" if error else CLASSIFY.output(params, TEXT, [scored(0.5, 0.45, 0.05)])
        return CLASSIFY.cells(params, Finished(id=1, position=0, level=0, input=TEXT, output=output, error=error))

    assert finished(PARAMS) == {"label": "sport", "confidence": "0.5"}
    assert finished(PARAMS, "It crashed.") == {"label": "", "confidence": ""}
    assert finished(ClassifyParams(labels=LABELS, is_multi=True))["labels"] == "sport; business"
    assert finished(ClassifyParams(labels=LABELS, is_multi=True, unsure_below=0.9))["labels"] == "unsure"
    assert CLASSIFY.title(PARAMS, Material(names=("a", "b"))) == "2 documents into 3 labels"
    assert CLASSIFY.title(PARAMS, FILE) == "a.txt into 3 labels"
