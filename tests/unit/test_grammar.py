"""Grammars: what may follow, in bounded time whatever the grammar is, and nothing that JSON or the schema forbids."""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.messages import GenerateRequest, Priority, Turn
from app.engine.process import gbnf, json_schema
from app.engine.process.constraint import matcher_of
from app.engine.process.grammar import Grammar, Matcher
from app.engine.process.grammar_parts import Chars, Choice, Literal, all_but
from app.engine.process.vocabulary import Vocabulary
from app.errors import ErrorKind, KnownError


def of(text: str) -> Grammar:
    return Grammar(gbnf.parse(text))


def of_schema(schema: Any) -> Grammar:
    return Grammar(json_schema.rules_of(json.dumps(schema)))


def reads(grammar: Grammar, text: str) -> bool | None:
    """True: it is a whole text; False: the beginning of one; None: neither."""
    matcher = Matcher(grammar)
    matcher.begin_token()
    place = matcher.after(text.encode())
    return None if place is None else place.is_end


def fits(schema: Any, value: Any, **how: Any) -> bool:
    return reads(of_schema(schema), json.dumps(value, ensure_ascii=False, **how)) is True


@pytest.mark.parametrize(
    ("grammar", "whole", "wrong"),
    [
        ('root ::= "yes" | "no"', ["yes", "no"], ["maybe", "yess", ""]),
        ("root ::= [a-c]+ [^a-c]?  # words\n", ["a", "abc!", "caé"], ["", "d", "ab!!"]),
        ("root ::= .{2,3}", ["ab", "é🎻x"], ["a", "abcd"]),
        ('root ::= "\\x41\\u00e9\\n" [\\]\\\\-]', ["Aé\n]", "Aé\n-"], ["A"]),
        ('root ::= (\n  "a" |\n  b # here\n)*\nb ::= "b" root?', ["", "abba", "bab"], ["c"]),
        ('root ::= list\nlist ::= "x" "," list | "x"', ["x", "x,x,x"], ["x,", ","]),
        ('root ::= root "x" | "y" |', ["", "yxx", "xx"], ["xy"]),  # left recursion
        ('root ::= (("a"*)*)* empty "b"\nempty ::= ""', ["b", "aab"], ["a", "ba"]),
        ('root ::= "a"{3} "b"{2,}', ["aaabb", "aaabbbb"], ["aabb", "aaab"]),
    ],
)
def test_a_grammar_reads_what_it_says(grammar: str, whole: list[str], wrong: list[str]) -> None:
    for text in whole:
        assert reads(of(grammar), text) is True, text
    for text in wrong:
        assert reads(of(grammar), text) is not True, text


@pytest.mark.parametrize(
    ("grammar", "words"),
    [
        ("", "empty"),
        ('root ::= "a', "in the middle of a text"),
        ('root ::= ("a"', "“)” is missing (line 1)"),
        ('x ::= "a"\nroot = x', "“::=” is missing (line 2)"),
        ('x ::= "a"', "no rule “root”"),
        ("root ::= x", "no rule “x”"),
        ("root ::= *", "nothing before"),
        ("root ::= root", "calls itself for ever"),
        ("root ::= a b\na ::= b\nb ::= a", "calls itself for ever"),
        ('root ::= "a"{1000000}', "too large"),
        ('root ::= "a"{999999999999}', "a number of times"),
        ('root ::= (("a"{1000} "b"){1000} "c"){9999}{9999}{9999}{9999}{9999}{9999}', "too large"),
        ("root ::= " + "(" * 100_000, "too deeply"),
        ('root ::= "a"' * 100_000, "longer than"),
        ("root ::= <think>", "not supported"),
        ("root ::= [\\U00110000]", "no character"),
        ('root ::= "a"{5,2}', "more often than at most"),
    ],
)
@pytest.mark.timeout(10)
def test_what_is_no_grammar_or_explodes_is_refused_in_a_sentence(grammar: str, words: str) -> None:
    with pytest.raises(KnownError) as error:
        of(grammar)
    assert error.value.kind is ErrorKind.BAD_REQUEST
    assert words in error.value.sentence


@pytest.mark.parametrize(
    "text",
    [
        'root ::= "a"' + "*" * 100_000,
        "root ::= " + "(" * 99 + '"a"?' + ")?" * 99 + "{0,9999}",
        "root ::= " + " | ".join(['"a" root'] * 10_000),
        "root ::= (" + " ".join(f"r{n}" for n in range(3000)) + "){9999}\n" + "r1 ::= r2\n" * 3000,
        "root ::= [^" + "".join(chr(0x4E00 + 2 * n) for n in range(10_000)) * 9 + "]*",
    ],
    ids=["signs", "parentheses", "wide", "copies", "characters"],
)
@pytest.mark.timeout(10)
def test_a_monstrous_grammar_takes_no_long_time(text: str) -> None:
    with contextlib.suppress(KnownError):
        matcher = matcher_of(request(grammar=text))
        assert matcher is not None
        for _ in range(20):
            matcher.begin_token()
            matcher.accept(b"aaaa")


@pytest.mark.timeout(10)
def test_readings_that_double_with_every_character_cost_the_same_for_each() -> None:
    """llama.cpp's own parser has 2**60 stacks here."""
    grammar = of('root ::= "a" root "b" | "a" root "c" | "a"')
    assert reads(grammar, "a" * 60) is False
    assert reads(grammar, "a" * 60 + "bc" * 29 + "b") is True
    assert reads(of('root ::= "a" root | "a"'), "a" * 5000) is True


@pytest.mark.timeout(20)
def test_a_grammar_that_is_too_much_work_ends_with_a_sentence() -> None:
    rules = "\n".join(f'r{n} ::= r{(n * 7 + 1) % 400} r{(n * 11 + 3) % 400} "x" | "x" | "x" r{n}' for n in range(400))
    matcher = Matcher(of(f"root ::= r0\n{rules}"))
    with pytest.raises(KnownError, match="too ambiguous"):
        for _ in range(200):
            matcher.begin_token()
            matcher.accept(b"x" * 8)


PATTERNS = st.recursive(  # the same thing in both notations
    st.sampled_from([('"a"', "a"), ('"é"', "é"), ("[ab]", "[ab]"), ("[^a]", "[^a]"), ('""', "(?:)")]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda two: (f"({two[0][0]} {two[1][0]})", f"(?:{two[0][1]}{two[1][1]})")),
        st.tuples(inner, inner).map(lambda two: (f"({two[0][0]} | {two[1][0]})", f"(?:{two[0][1]}|{two[1][1]})")),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{0,3}", "{2,}"])).map(
            lambda two: (f"({two[0][0]}){two[1]}", f"(?:{two[0][1]}){two[1]}")
        ),
    ),
    max_leaves=6,
)


@given(pattern=PATTERNS, text=st.text("abé", max_size=6))
@settings(deadline=None)
def test_without_recursion_it_agrees_with_a_regular_expression(pattern: tuple[str, str], text: str) -> None:
    grammar, regex = pattern
    assert (reads(of(f"root ::= {grammar}"), text) is True) == (re.fullmatch(regex, text) is not None)


@given(low=st.integers(0, 0x10FFFF), high=st.integers(0, 0x10FFFF), inside=st.data())
def test_ranges_of_characters_are_the_same_as_ranges_of_bytes(low: int, high: int, inside: st.DataObject) -> None:
    low, high = sorted((low, high))
    grammar = Grammar({"root": Choice((Chars(((low, high),)), Literal(b"--")))})
    others = Grammar({"root": Choice((Chars(all_but(((low, high),))), Literal(b"--")))})
    for at in {low, high, low - 1, high + 1, inside.draw(st.integers(0, 0x10FFFF))}:
        if 0 <= at <= 0x10FFFF and not 0xD800 <= at <= 0xDFFF:
            assert (reads(grammar, chr(at)) is True) == (low <= at <= high)
            assert (reads(others, chr(at)) is True) != (low <= at <= high)


# JSON schemas

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 8},
        "age": {"type": "integer"},
        "tags": {"type": "array", "items": {"enum": ["a", 'b"\\é', None]}, "minItems": 1, "maxItems": 3},
        "born": {"type": "string", "format": "date"},
    },
    "required": ["name", "tags"],
}
TREE = {
    "$ref": "#/$defs/node",
    "$defs": {
        "node": {
            "type": "object",
            "properties": {"v": {"type": "number"}, "kids": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
            "required": ["v", "kids"],
        }
    },
}


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        (
            PERSON,
            [{"name": "x", "tags": ["a"]}, {"name": "é🎻", "age": -3, "tags": ['b"\\é', None], "born": "2026-11-24"}],
            [
                {"name": "", "tags": ["a"]},
                *[{"tags": ["a"]}, {"name": "x", "tags": []}, {"name": "x", "tags": ["a"] * 4}],
                {"name": "x", "tags": ["a"], "more": 1},
                {"name": "x" * 9, "tags": ["a"]},
            ],
        ),
        (TREE, [{"v": 1.5e30, "kids": [{"v": -1, "kids": []}]}], [{"v": "1", "kids": []}, {"kids": [], "v": 1}]),
        ({}, [None, True, -0.5, [], {"a": [{}]}], []),
        ({"properties": {"a": {}, "b": {}}}, [{}, {"a": 1}, {"b": 1}, {"a": 1, "b": 2}], [{"c": 1}]),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, [{}, {"x": 1, "y": 2}], [{"x": "1"}]),
        ({"type": ["string", "null"]}, ["x", None], [1]),
        ({"anyOf": [{"type": "integer"}, {"const": {"a": [1]}}]}, [1, {"a": [1]}], [{"a": [2]}]),
        (
            {"allOf": [{"properties": {"a": {"type": "integer"}}}, {"properties": {"b": {}}, "required": ["b"]}]},
            [{"a": 1, "b": 2}, {"b": 1}],
            [{"a": 1}],
        ),
        ({"prefixItems": [{"type": "integer"}, {"type": "string"}]}, [[1, "x"]], [[1], ["x", 1]]),
        ({"type": "array", "maxItems": 0}, [[]], [[1]]),
    ],
)
def test_a_schema_lets_through_what_fits_and_nothing_else(schema: Any, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        assert fits(schema, value), value
        assert fits(schema, value, indent=2), value
    for value in bad:
        assert not fits(schema, value), value


@pytest.mark.parametrize("text", ['"\n"', "01", "1.", "[1,]", '{"a":1,}', "nul", "'a'", '"\\x"', "[1 2]"])
def test_what_is_not_json_never_comes(text: str) -> None:
    assert reads(of_schema({}), text) is not True


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    )
)
@settings(deadline=None)
def test_every_json_value_is_a_value(value: Any) -> None:
    assert reads(of_schema({}), json.dumps(value)) is True


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string", "pattern": "^a$"}, "“pattern” is not supported"),
        ({"type": "integer", "minimum": 3}, "“minimum” is not supported"),
        ({"type": "number", "enum": []}, "“enum”"),
        ({"$ref": "https://example.org/x"}, "lies outside"),
        ({"$ref": "#/nowhere"}, "is not in it"),
        ({"$ref": "#"}, "calls itself for ever"),
        ({"type": "array", "minItems": 10**9}, "between 0 and"),
        ({"allOf": [{"type": "string"}, {"type": "integer"}]}, "at once"),
        ({"properties": {"a": False}}, "allows nothing"),
        ([], "no schema"),
    ],
)
def test_a_schema_that_can_not_be_followed_is_refused(schema: Any, words: str) -> None:
    with pytest.raises(KnownError) as error:
        of_schema(schema)
    assert error.value.kind is ErrorKind.BAD_REQUEST
    assert words in error.value.sentence


def test_a_schema_that_is_no_json_or_endless_is_refused() -> None:
    nested: Any = {}
    for _ in range(300):
        nested = {"type": "array", "items": nested}
    for text in ("", "{", "[" * 100_000, json.dumps(nested)):
        with pytest.raises(KnownError):
            json_schema.rules_of(text)


# requests, and the vocabulary


def request(**more: str) -> GenerateRequest:
    return GenerateRequest(turns=(Turn("user", "x"),), priority=Priority.BULK, max_tokens=1, **more)  # type: ignore


def test_a_reply_that_is_continued_has_to_have_followed_the_grammar() -> None:
    matcher = matcher_of(request(grammar='root ::= "one" "two"', begun_reply="onet"))
    assert matcher is not None
    assert matcher.accept(b"wo")
    with pytest.raises(KnownError, match="does not follow the grammar"):
        matcher_of(request(grammar='root ::= "one" "two"', begun_reply="two"))
    with pytest.raises(KnownError, match="not both"):
        matcher_of(request(grammar='root ::= "one"', json_schema="{}"))
    assert matcher_of(request()) is None


PIECES = [
    b"",
    b'"',
    b'"a',
    b"a",
    b"ab",
    b"abc",
    b"\xc3",
    b"\xa9",
    b"\xc3\xa9",
    b"\xff",
    b"b",
    b" ",
    b"{",
    b"</s>",
    b"a\xc3",
]
VOCABULARY = Vocabulary(PIECES, [0, 13])


@given(
    st.sampled_from(["", '"', '"a', '"aé']), st.sampled_from(['root ::= "\\"" [a-cé]* "\\""', 'root ::= "\\"a"? [é]*'])
)
def test_the_mask_of_a_place_is_what_each_token_says_by_itself(said: str, grammar: str) -> None:
    matcher = Matcher(of(grammar))
    matcher.begin_token()
    if not matcher.accept(said.encode()):
        return
    each = [VOCABULARY.is_allowed(token, matcher.grammar, matcher.place) for token in range(len(PIECES))]
    allowed = VOCABULARY.allowed(matcher.grammar, matcher.place)
    assert allowed.tolist() == each
    assert not (allowed & ~VOCABULARY.likely(matcher.grammar, matcher.place)).any()
    assert np.array_equal(VOCABULARY.allowed(matcher.grammar, matcher.place), allowed)
