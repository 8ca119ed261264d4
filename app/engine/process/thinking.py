"""What a model thinks is told apart from its answer, by the tags that its kind of model uses. Pure.

Only tags that the model's own template or vocabulary has count: another model may well write <think> in an answer.
Between the program and the engine a thought stands between <think> and </think>, whatever the model's tags are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from app.engine.process.text_stream import possible_start

_KEPT_THOUGHT = re.compile(r"\s*<think>\n?(.*?)(\n?</think>\n*(.*))?\Z", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class ThinkingTags:
    """`tags` of one model, and whether what follows each is thinking. `is_begun`: its prompt ends within a thought.

    `opening`, `closing`: what it writes before and behind a thought; `answering`: before an answer without one.
    """

    tags: Mapping[str, bool]
    opening: str = "<think>\n"
    closing: str = "\n</think>\n\n"
    answering: str = ""
    is_begun: bool = False

    def contains(self, token_text: str) -> bool:
        """Is this token a part of a tag, and has to come out as text although it controls the model?"""
        return bool(token_text) and any(token_text in tag for tag in self.tags)

    def at_the_end_of(self, prompt: str) -> ThinkingTags:
        """For a model whose prompts end like this one: some open the thought, or the answer, themselves."""
        end = prompt.rstrip()
        is_begun = any(is_thinking and end.endswith(tag) for tag, is_thinking in self.tags.items())
        is_answer_begun = self.answering and end.endswith(self.answering)
        return replace(self, is_begun=is_begun, answering="" if is_answer_begun else self.answering)


# of each family of models
_FAMILIES = (
    ThinkingTags(tags={"<think>": True, "</think>": False}),  # DeepSeek, Qwen, SmolLM3, GLM and most others
    ThinkingTags(tags={"[THINK]": True, "[/THINK]": False}, opening="[THINK]", closing="[/THINK]"),  # Mistral
    ThinkingTags(tags={"<seed:think>": True, "</seed:think>": False}, opening="<seed:think>", closing="</seed:think>"),
    ThinkingTags(  # Gemma 4
        tags={"<|channel>thought": True, "<channel|>": False}, opening="<|channel>thought\n", closing="<channel|>"
    ),
    ThinkingTags(  # Cohere
        tags={
            "<|START_THINKING|>": True,
            "<|END_THINKING|>": False,
            "<|START_RESPONSE|>": False,
            "<|END_RESPONSE|>": False,
        },
        opening="<|START_THINKING|>",
        closing="<|END_THINKING|><|START_RESPONSE|>",
        answering="<|START_RESPONSE|>",
    ),
    ThinkingTags(  # gpt-oss
        tags={
            "<|channel|>analysis<|message|>": True,
            "<|channel|>commentary<|message|>": True,
            "<|channel|>final<|message|>": False,
            "<|start|>assistant": False,
            "<|end|>": False,
        },
        opening="<|channel|>analysis<|message|>",
        closing="<|end|><|start|>assistant<|channel|>final<|message|>",
        answering="<|channel|>final<|message|>",
    ),
)


def tags_of(template: str, token_texts: Iterable[str]) -> ThinkingTags | None:
    """The ones that a model uses; None: it does not think, or not so that one could see it."""
    texts = set(token_texts)
    found = [family for family in _FAMILIES if _is_used(family, template, texts)]
    if not found:
        return None
    tags = {tag: is_thinking for family in found for tag, is_thinking in family.tags.items()}
    return replace(found[0], tags=tags)


def _is_used(family: ThinkingTags, template: str, token_texts: set[str]) -> bool:
    first = next(iter(family.tags))
    marks = {
        first,
        next(tag for tag, is_thinking in family.tags.items() if not is_thinking),
        first.split("|>")[0] + "|>",
    }
    return bool(marks & token_texts) or any(mark in template for mark in marks)


def in_own_tags(tags: ThinkingTags | None, begun_reply: str) -> list[tuple[str, bool]]:
    """A reply to be continued, with its thought between <think> and </think>, as the model itself had written it.

    In pieces of (text, is it the model's tag). What the prompt ends with is not there again.
    """
    if tags is None or not begun_reply:
        return [(begun_reply, False)]
    kept = _KEPT_THOUGHT.match(begun_reply)
    if kept is None:
        return [(tags.closing if tags.is_begun else tags.answering, True), (begun_reply, False)]
    thought, end, answer = kept.groups()
    pieces = [("" if tags.is_begun else tags.opening, True), (thought, False)]
    return pieces if end is None else [*pieces, (tags.closing, True), (answer, False)]


@dataclass
class Thinking:
    """Feed text; take it in parts of (text, is it thinking). A tag may come in any number of pieces, and is not shown.

    Line breaks next to a tag belong to it.
    """

    tags: ThinkingTags | None
    is_thinking: bool = False
    _held: str = field(default="", init=False)
    _is_after_tag: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._is_after_tag = self.is_thinking

    def feed(self, text: str) -> list[tuple[str, bool]]:
        """Text that is certain now. What may be the start of a tag is held back."""
        if self.tags is None:
            return [(text, False)] if text else []
        self._held += text
        parts: list[tuple[str, bool]] = []
        while (found := self._first_tag(self.tags.tags)) is not None:
            at, tag = found
            self._say(self._held[:at].rstrip("\n"), parts)
            self._held = self._held[at + len(tag) :]
            self.is_thinking, self._is_after_tag = self.tags.tags[tag], True
        certain = len(self._held) - possible_start(self._held, self.tags.tags)
        certain = len(self._held[:certain].rstrip("\n"))  # line breaks may stand before a tag
        self._say(self._held[:certain], parts)
        self._held = self._held[certain:]
        return parts

    def finish(self) -> list[tuple[str, bool]]:
        """What is left when no more text comes."""
        parts: list[tuple[str, bool]] = []
        self._say(self._held, parts)
        self._held = ""
        return parts

    def _say(self, text: str, parts: list[tuple[str, bool]]) -> None:
        if self._is_after_tag:
            text = text.lstrip("\n")
        if text:
            self._is_after_tag = False
            parts.append((text, self.is_thinking))

    def _first_tag(self, tags: Mapping[str, bool]) -> tuple[int, str] | None:
        found = [(at, -len(tag), tag) for tag in tags if (at := self._held.find(tag)) >= 0]
        if not found:
            return None
        at, _, tag = min(found)
        return at, tag


def thinking_of(tags: ThinkingTags | None, begun_reply: str) -> Thinking:
    """At the start of a reply. Of one that is continued, what there is of it says where it stands."""
    thinking = Thinking(tags, is_thinking=tags is not None and tags.is_begun)
    thinking.feed("".join(text for text, _ in in_own_tags(tags, begun_reply)))
    thinking.finish()  # it has been shown
    return thinking
