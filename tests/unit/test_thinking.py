"""Thinking and answer: told apart however the text is cut, nothing lost, and only where the model has the tags."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.thoughts import CLOSE, OPEN
from app.engine.process.text_stream import TextStream
from app.engine.process.thinking import Thinking, ThinkingTags, in_own_tags, tags_of, thinking_of

THINK = tags_of("{{ '<think>' }}", [])
HARMONY = tags_of("", ["<|channel|>", "<|message|>", "<|start|>", "<|end|>"])

EVERY_KIND = [
    tags
    for mark in ("<think>", "[THINK]", "<seed:think>", "<|channel>thought", "<|START_THINKING|>", "<|channel|>")
    if (tags := tags_of(mark, [])) is not None
]


def split(tags: ThinkingTags | None, pieces: list[str], *, is_thinking: bool = False) -> tuple[str, str]:
    """(thinking, answer)"""
    stream = Thinking(tags, is_thinking)
    parts = [part for piece in pieces for part in stream.feed(piece)] + stream.finish()
    return "".join(t for t, thinks in parts if thinks), "".join(t for t, thinks in parts if not thinks)


@pytest.mark.parametrize(
    ("tags", "text", "thinking", "answer"),
    [
        (THINK, "<think>\nHm.\nYes.\n</think>\n\nForty-two.\n", "Hm.\nYes.", "Forty-two.\n"),
        (THINK, "No thought < 3.", "", "No thought < 3."),
        (THINK, "<think>cut off", "cut off", ""),
        (THINK, "<thin", "", "<thin"),
        (THINK, "said before</think>\nthen", "", "said beforethen"),
        (tags_of("[THINK]", []), "[THINK]a[/THINK]b", "a", "b"),
        (tags_of("<|channel>", ["<|channel>thought"]), "<|channel>thought\na<channel|>b", "a", "b"),
        (tags_of("", ["<|START_THINKING|>"]), "<|START_THINKING|>a<|END_THINKING|><|START_RESPONSE|>b", "a", "b"),
        (
            HARMONY,
            "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b",
            "a",
            "b",
        ),
        (None, "<think>a</think>b", "", "<think>a</think>b"),
    ],
)  # fmt: skip
def test_the_tags_of_each_kind_of_model(tags: ThinkingTags | None, text: str, thinking: str, answer: str) -> None:
    assert split(tags, [text]) == (thinking, answer)
    assert split(tags, list(text)) == (thinking, answer)


def test_a_prompt_that_opens_the_thought_is_seen() -> None:
    assert THINK is not None
    assert THINK.at_the_end_of("<|im_start|>assistant\n<think>\n").is_begun
    assert not THINK.at_the_end_of("<|im_start|>assistant\n<think>\n\n</think>\n\n").is_begun
    assert split(THINK, ["\nHm", ".</think>", "\nYes"], is_thinking=True) == ("Hm.", "Yes")


def test_only_models_that_have_the_tags_think() -> None:
    assert tags_of("{{ messages[0].content }}", ["<|im_start|>", "<|end|>"]) is None
    vocabulary = tags_of("", ["<think>", "</think>"])
    assert vocabulary is not None
    assert vocabulary.contains("</think>")
    assert not vocabulary.contains("<|im_end|>")
    assert HARMONY is not None
    assert HARMONY.contains("<|message|>")


def test_a_reply_that_is_continued_goes_on_as_a_thought_or_an_answer() -> None:
    assert THINK is not None
    for tags in EVERY_KIND:
        begun = tags.at_the_end_of(f"assistant{tags.opening}")
        for said, is_thinking in (("", True), ("<think>Hm", True), ("<think>Hm</think>Yes", False), ("Yes", False)):
            assert thinking_of(begun, said).feed(" and") == [(" and", is_thinking)], said
            if said:
                assert thinking_of(tags, said).feed(" and") == [(" and", is_thinking)], said


@pytest.mark.parametrize(
    ("tags", "written"),
    [
        (THINK, "<think>\nHm.\nSo.\n</think>\n\nYes"),
        (tags_of("[THINK]", []), "[THINK]Hm.\nSo.[/THINK]Yes"),
        (tags_of("<|channel>", ["<|channel>thought"]), "<|channel>thought\nHm.\nSo.<channel|>Yes"),
        (tags_of("", ["<|START_THINKING|>"]), "<|START_THINKING|>Hm.\nSo.<|END_THINKING|><|START_RESPONSE|>Yes"),
        (
            HARMONY,
            "<|channel|>analysis<|message|>Hm.\nSo.<|end|><|start|>assistant<|channel|>final<|message|>Yes",
        ),
    ],
)
def test_a_reply_that_is_continued_has_the_models_own_tags(tags: ThinkingTags, written: str) -> None:
    def in_tags(tags: ThinkingTags, begun: str) -> str:
        return "".join(text for text, _ in in_own_tags(tags, begun))

    whole, cut = "<think>\nHm.\nSo.\n</think>\n\nYes", "<think>\nHm.\nS"
    assert in_tags(tags, whole) == written
    assert in_tags(tags, cut) == written[: written.index("o.")]
    assert in_tags(tags, "Yes") == tags.answering + "Yes"
    begun = tags.at_the_end_of(f"assistant{tags.opening}")
    assert in_tags(begun, whole) == written.removeprefix(tags.opening), "the prompt has opened the thought"
    assert in_tags(begun, "Yes") == tags.closing + "Yes", "and an answer without one comes behind it"
    if tags.answering:
        assert in_tags(tags.at_the_end_of(f"assistant{tags.answering}"), "Yes") == "Yes"


def test_a_model_without_thoughts_is_given_what_stands_there() -> None:
    assert in_own_tags(None, "<think>\nHm") == [("<think>\nHm", False)]


THOUGHTS = st.text("a\n ", min_size=1).map(lambda text: f"x{text}x")


@given(st.sampled_from(range(len(EVERY_KIND))), THOUGHTS, st.text("b\n "), st.booleans())
def test_what_was_kept_of_a_reply_is_what_the_model_is_taken_to_have_said(
    kind: int, thought: str, answer: str, is_begun: bool
) -> None:
    tags = EVERY_KIND[kind].at_the_end_of(EVERY_KIND[kind].opening if is_begun else "")
    kept = f"{OPEN}{thought}{CLOSE}y{answer}"
    written = "".join(text for text, _ in in_own_tags(tags, kept))
    assert split(tags, [written], is_thinking=is_begun) == (thought, f"y{answer}")


TEXTS = st.lists(st.sampled_from(["<think>", "</think>", "<thi", "nk>", "\n", "</", "a", "é", "🎻 ", "<"]), max_size=12)


@given(parts=TEXTS, cuts=st.lists(st.integers(1, 4), max_size=60), is_thinking=st.booleans())
def test_however_the_bytes_are_cut_it_is_the_same(parts: list[str], cuts: list[int], is_thinking: bool) -> None:
    text = "".join(parts)
    data, bytes_in, start, pieces = text.encode(), TextStream(), 0, []
    for size in [*cuts, len(data)]:
        pieces.append(bytes_in.feed(data[start : start + size]))
        start += size
    pieces.append(bytes_in.finish())
    cut = split(THINK, pieces, is_thinking=is_thinking)
    assert cut == split(THINK, [text], is_thinking=is_thinking)
    visible = text.replace("<think>", "").replace("</think>", "")
    for removed in ("<think>", "</think>", "\n"):
        visible = visible.replace(removed, "")
    if "<thi" not in parts and "</" not in parts and "<" not in parts:  # else tags come about across the removed ones
        assert sorted("".join(cut).replace("\n", "")) == sorted(visible)
