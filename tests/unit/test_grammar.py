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
from app.engine.process import gbnf, json_schema, lark
from app.engine.process.constraint import matcher_of
from app.engine.process.grammar_parts import Chars, Choice, Literal
from app.engine.process.matcher import Matcher, Vocabulary
from app.errors import ErrorKind, KnownError

BYTES = Vocabulary([bytes([byte]) for byte in range(256)] + [b"abab", b"xxxxxxxx", b""], [258])


def request(**more: str) -> GenerateRequest:
    return GenerateRequest(turns=(Turn("user", "x"),), priority=Priority.BULK, max_tokens=1, **more)  # type: ignore


def of(text: str) -> Matcher:
    matcher = matcher_of(request(grammar=text), lambda: BYTES)
    assert matcher is not None
    return matcher


def of_schema(schema: Any) -> Matcher:
    matcher = matcher_of(request(json_schema=json.dumps(schema)), lambda: BYTES)
    assert matcher is not None
    return matcher


def reads(matcher: Matcher, text: str) -> bool | None:
    """True: it is a whole text; False: the beginning of one; None: neither."""
    return matcher.is_end if matcher.read(text) else None


def rules(n: int, rule: str) -> str:
    """Numbered ones, of which the first is the root; what the last is has still to be said."""
    text = "\n".join(rule.replace("{n}", str(i)).replace("{m}", str(i + 1)) for i in range(n)).replace("r0 ", "root ")
    return f"{text}\nr{n} ::= "


def fits(schema: Any, value: Any, **how: Any) -> bool:
    return reads(of_schema(schema), json.dumps(value, ensure_ascii=False, **how)) is True


def go_on(matcher: Matcher, n_tokens: int) -> None:
    """Say what may be said, the last tokens of the vocabulary first. Ends with KnownError where it becomes too much."""
    for _ in range(n_tokens):
        allowed = np.flatnonzero(matcher.allowed())
        matcher.accept(int(allowed[-1]))
        if allowed[-1] == 258:
            return


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
        (" ", "empty"),
        ('root ::= "a', "in the middle of a text"),
        ('root ::= ("a"', "“)” is missing (line 1)"),
        ('x ::= "a"\nroot = x', "“::=” is missing (line 2)"),
        ('x ::= "a"', "no rule “root”"),
        ("root ::= x", "no rule “x”"),
        ("root ::= *", "nothing before"),
        ("root ::= root", "calls itself for ever"),
        ("root ::= a b\na ::= b\nb ::= a", "calls itself for ever"),
        ('root ::= "x" | ' + "|".join(f'"a" root "{n}"' for n in range(300)), "too large"),
        ('root ::= "a"{999999999999}', "a number of times"),
        (
            "\n".join(f"r{n} ::= r{n + 1} r{n + 1}" for n in range(60)).replace("r0", "root") + '\nr60 ::= "a"',
            "too large",
        ),
        ('root ::= "a"' + "*" * 40_000, "too large"),
        (
            "\n".join(f'r{n} ::= "a" r{n + 1}?' for n in range(2000)).replace("r0 ", "root ") + '\nr2000 ::= "a"',
            "too large",
        ),
        (
            "\n".join(f"r{n} ::= r{n + 1}?" for n in range(2000)).replace("r0 ", "root ") + '\nr2000 ::= "a" r1 "b"',
            "too large",
        ),
        ("root ::= " + "(" * 40_000, "too deeply"),
        ('root ::= "a"' * 100_000, "longer than"),
        ("root ::= <think>", "not supported"),
        ("root ::= [\\U00110000]", "no character"),
        ('root ::= "\\ud800"', "half a character"),
        ("root ::= [z-a]", "is empty"),
        ('root ::= "a"{5,2}', "more often than at most"),
    ],
)
@pytest.mark.timeout(60)
def test_what_is_no_grammar_or_explodes_is_refused_in_a_sentence(grammar: str, words: str) -> None:
    with pytest.raises(KnownError) as error:
        of(grammar)
    assert error.value.kind is ErrorKind.BAD_REQUEST
    assert words in error.value.sentence


@pytest.mark.parametrize(
    "text",
    [
        "root ::= " + "(" * 99 + '"a"?' + ")?" * 99 + "{0,9999}",
        "root ::= " + " | ".join(['"a" root'] * 4_000),
        "root ::= ("
        + " ".join(f"r{n}" for n in range(2000))
        + "){9999}\n"
        + "\n".join(f'r{n} ::= "a"?' for n in range(2000)),
        "root ::= [^" + "".join(chr(0x4E00 + 2 * n) for n in range(10_000)) * 4 + "]*",
        'root ::= (("a"{1000} "b"){1000} "c"){9999}{9999}{9999}{9999}{9999}{9999}',
        'root ::= [ab]* "a" [ab]{40}',
        'root ::= root root | root root root | "a" | ""',
        'root ::= a a a a a a "x" root?\na ::= b b b\nb ::= c? c? c?\nc ::= a? "y"?',
        'root ::= "' + "ab" * 20_000 + '" root "c" | "x"',
        'root ::= "x" | '
        + " | ".join(f'"a" r{n}' for n in range(240))
        + "\n"
        + "\n".join(f"r{n} ::= root [a-z]" for n in range(240)),
    ],
    ids=["parentheses", "wide", "copies", "characters", "counts", "subsets", "itself", "nothing", "long", "ends"],
)
@pytest.mark.timeout(60)
def test_a_monstrous_grammar_takes_no_long_time(text: str) -> None:
    with contextlib.suppress(KnownError):
        go_on(of(text), 20)


@pytest.mark.timeout(60)
def test_readings_that_double_with_every_character_cost_the_same_for_each() -> None:
    """llama.cpp's own parser has 2**60 stacks here."""
    grammar = 'root ::= "a" root "b" | "a" root "c" | "a"'
    assert reads(of(grammar), "a" * 60) is False
    assert reads(of(grammar), "a" * 60 + "bc" * 29 + "b") is True
    assert reads(of('root ::= "a" root | "a"'), "a" * 5000) is True
    assert reads(of('root ::= "(" root ")" | item ("," root)?\nitem ::= [a-z]+'), "a,(bc),d," * 400 + "x") is None
    assert reads(of('root ::= "(" root ")" | item ("," root)?\nitem ::= [a-z]+'), "(" + "a,bc," * 400 + "x)") is True


def test_where_a_text_could_be_cut_in_two_ways_both_count() -> None:
    """llguidance's lexer by itself would read “listed” as “liste”, which leads nowhere, and refuse its end."""
    grammar = 'root ::= (short | long) "ed" | "(" root ")"\nshort ::= "list"\nlong ::= "listen"'
    assert [reads(of(grammar), text) for text in ("(listed)", "listened", "((listened))", "(listen)")] == [
        *(True, True, True, None),
    ]


def test_thousands_of_words_in_a_grammar_that_leads_back_into_itself_are_followed() -> None:
    words = [f"{n * 7919 % 5000:b}" for n in range(2500)]
    grammar = 'root ::= word ("," root)? "." | "(" root ")"\nword ::= ' + " | ".join(f'"{word}"' for word in words)
    assert reads(of(grammar), f"(({words[7]},{words[2499]}..))") is True
    assert reads(of(grammar), f"(({words[7]},{words[2499]}2..))") is None


@pytest.mark.timeout(60)
def test_a_grammar_that_is_too_much_work_ends_with_a_sentence() -> None:
    rules = "\n".join(f'r{n} ::= r{(n * 7 + 1) % 400} r{(n * 11 + 3) % 400} "x" | "x" | "x" r{n}' for n in range(400))
    with pytest.raises(KnownError, match="too ambiguous"):
        go_on(of(f"root ::= r0\n{rules}"), 200)


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


CHARACTERS = st.characters(exclude_categories=["Cs"])


@given(low=CHARACTERS, high=CHARACTERS, inside=CHARACTERS)
@settings(deadline=None)
def test_ranges_of_characters_are_the_same_as_ranges_of_bytes(low: str, high: str, inside: str) -> None:
    low, high = sorted((low, high))
    for is_inverse in (False, True):
        text = lark.lark_of({"root": Choice((Chars(((ord(low), ord(high)),), is_inverse), Literal("--")))})
        for at in {ord(low), ord(high), ord(low) - 1, ord(high) + 1, ord(inside)}:
            if 0 <= at <= 0x10FFFF and not 0xD800 <= at <= 0xDFFF:
                assert (reads(BYTES.matcher(text), chr(at)) is True) == ((low <= chr(at) <= high) != is_inverse)


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
        ({"allOf": [{"properties": {"a": {}}}], "title": "x"}, [{"a": 1}, {}], [{"b": 1}]),
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
        ({"type": "array", "uniqueItems": True}, "uniqueItems"),
        ({"not": {"type": "string"}}, "not"),
        ({"type": "string", "pattern": "(?=a)b"}, "look-around"),
        ({"type": "number", "enum": []}, "is empty"),
        ({"type": "text"}, "text"),
        ({"$ref": "https://example.org/x"}, "example.org"),
        ({"$ref": "file:///etc/passwd"}, "passwd"),
        ({"$ref": "#/nowhere"}, "nowhere"),
        ({"$ref": "#"}, "calls itself for ever"),
        ({"type": "integer", "minimum": 5, "maximum": 2}, "minimum"),
        ({"allOf": [{"type": "string"}, {"type": "integer"}]}, "Unsatisfiable"),
        ({"anyOf": [{"items": {"$ref": "#"}, "minItems": n} for n in range(200)]}, "more than 150 choices"),
        ({"patternProperties": {f"^{n}": {} for n in range(60)}}, "more than 50 patterns"),
        ({"allOf": [{"pattern": f".*{n}.*{n}"} for n in range(20)]}, "more than 8 patterns"),
        ({"title": "x" * 60_000}, "longer than"),
        (False, "allows nothing"),
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
    for text in (
        "",
        "{",
        "[" * 40_000,
        '{"minimum": 1e400}',
        '{"const": "\\ud800"}',
        '{} start: "a"',
        json.dumps(nested),
    ):
        with pytest.raises(KnownError):
            BYTES.matcher(json_schema.lark_of(text))


def test_an_object_of_many_optional_properties_is_followed() -> None:
    schema = {"properties": {f"p{n}": {"type": "integer"} for n in range(290)}}
    assert fits(schema, {"p3": 1, "p200": 2, "p289": 3})
    assert not fits(schema, {"p200": 1, "p3": 2})


def test_what_only_the_standard_can_tell_is_left_open() -> None:
    named = {"properties": {"a": {"type": "integer"}}, "required": ["a"]}
    joined = {"allOf": [{"$ref": "#/$defs/named"}, {"properties": {"b": {}}}], "$defs": {"named": named}}
    assert fits(joined, {"a": 1, "b": 2})
    assert fits({"properties": {"x": {"type": "integer", "format": "int32"}}}, {"x": 1})
    assert fits({"type": "integer", "minimum": 3, "maximum": 12}, 11)
    assert not fits({"type": "integer", "minimum": 3, "maximum": 12}, 13)
    assert fits({"pattern": "^[a-c]{2}$"}, "ab")
    assert not fits({"pattern": "^[a-c]{2}$"}, "ad")


def chain(n: int, link: Any, end: Any) -> dict[str, Any]:
    return {"$ref": "#/$defs/a0", "$defs": {f"a{i}": link(f"#/$defs/a{i + 1}") for i in range(n)} | {f"a{n}": end}}


@pytest.mark.parametrize(
    "schema",
    [
        chain(1400, lambda next_: {"$ref": next_}, {"type": "string"}),
        chain(1000, lambda next_: {"items": {"$ref": next_}}, {"type": "string"}),
        chain(20, lambda next_: {"prefixItems": [{"$ref": next_}] * 10}, {"type": "integer"}),
        chain(24, lambda next_: {"allOf": [{"$ref": next_}, {"$ref": next_}]}, {"type": "object"}),
        chain(20, lambda next_: {"anyOf": [{"$ref": next_}, {"$ref": next_, "title": "x"}]}, {"type": "object"}),
        chain(
            0, None, {"anyOf": [{"prefixItems": [{"$ref": "#"}, {"const": n}]} for n in range(140)] + [{"const": 5}]}
        ),
        {"allOf": [{"anyOf": [{"required": [f"{n} {k}"]} for k in range(3)]} for n in range(40)]},
        {"properties": {f"p{n}": {"type": "integer"} for n in range(1500)}},
        {"enum": [f"value {n}" for n in range(3000)]},
        {"type": "string", "minLength": 10**9},
        {"type": "array", "minItems": 10**6, "items": {"type": "array", "minItems": 10**6}},
        {"type": "string", "pattern": "^((a{1000}){1000}){1000}$"},
        {"type": "string", "pattern": "a?" * 3000 + "a" * 3000},
        {"type": "string", "pattern": "(" * 200 + "a" + ")?" * 200},
        {"allOf": [{"type": "string", "pattern": f".*{c}.*{c}.*"} for c in "abcdefgh"]},
        {"type": "integer", "multipleOf": 982451653},
    ],
    ids=str.split(
        "references lists products joined doubled choices optional properties values long "
        "counts nested maybe parentheses patterns multiple"
    ),
)
@pytest.mark.timeout(60)
def test_a_monstrous_schema_takes_no_long_time(schema: Any) -> None:
    with contextlib.suppress(KnownError):
        go_on(of_schema(schema), 20)


# requests, and the vocabulary


def test_a_reply_that_is_continued_has_to_have_followed_the_grammar() -> None:
    matcher = matcher_of(request(grammar='root ::= "one" "tŵo"', begun_reply="onetŵ"), lambda: BYTES)
    assert matcher is not None
    assert matcher.read("o")
    assert matcher.is_end
    with pytest.raises(KnownError, match="does not follow the grammar"):
        matcher_of(request(grammar='root ::= "one" "two"', begun_reply="two"), lambda: BYTES)
    with pytest.raises(KnownError, match="not both"):
        matcher_of(request(grammar='root ::= "one"', json_schema="{}"), lambda: BYTES)
    assert matcher_of(request(), lambda: BYTES) is None


def test_requests_with_the_same_grammar_do_not_disturb_each_other() -> None:
    one, other = (matcher_of(request(grammar='root ::= "ab"+'), lambda: BYTES) for _ in range(2))
    assert one is not None
    assert other is not None
    assert one.read("aba")
    assert other.read("ab")
    assert (one.is_end, other.is_end) == (False, True)


PIECES = [
    *(
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
    ),
    *(b"a", b"\xff<a>", b"<", b"ab"),  # some bytes are several tokens
]
ENDS = [0, 13]
VOCABULARY = Vocabulary(PIECES, ENDS)


@given(
    st.sampled_from(["", '"', '"a', '"aé', '"aé"']),
    st.sampled_from(
        ['root ::= "\\"" [a-cé]* "\\""', 'root ::= "\\"a"? [é]*', 'root ::= "\\"" root "\\"" | [a-cé] root "c" | ""']
    ),
)
@settings(deadline=None)
def test_what_may_follow_is_what_the_bytes_of_each_token_say(said: str, grammar: str) -> None:
    text = lark.lark_of(gbnf.parse(grammar))
    if not VOCABULARY.matcher(text).read(said):
        return
    matcher = VOCABULARY.matcher(text)
    assert matcher.read(said)

    def may_follow(token: int) -> bool:
        if token in ENDS:
            return matcher.is_end
        after = BYTES.matcher(text)
        assert after.read(said)
        return bool(PIECES[token]) and all(
            after.allows(byte) and (after.accept(byte) or True) for byte in PIECES[token]
        )

    each = [may_follow(token) for token in range(len(PIECES))]
    assert [matcher.allows(token) for token in range(len(PIECES))] == each
    if any(each):
        assert matcher.allowed().tolist() == each
    else:
        with pytest.raises(KnownError, match="can't be satisfied"):
            matcher.allowed()


def test_at_the_end_of_a_text_only_an_end_may_follow_and_changes_nothing() -> None:
    matcher = VOCABULARY.matcher(lark.lark_of(gbnf.parse('root ::= "ab"')))
    assert not matcher.allows(0)
    matcher.accept(4)
    for _ in range(2):
        assert np.flatnonzero(matcher.allowed()).tolist() == ENDS
        assert matcher.allows(13)
        matcher.accept(13)
