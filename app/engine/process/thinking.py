"""What a model thinks is told apart from its answer, by the tags that its kind of model uses. Pure.

Only tags that the model's own template or vocabulary has count: another model may well write <think> in an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app.engine.process.text_stream import possible_start

# of each family of models: tags, and whether what follows them is thinking
_FAMILIES: tuple[Mapping[str, bool], ...] = (
    {"<think>": True, "</think>": False},  # DeepSeek, Qwen, SmolLM3, GLM and most others
    {"[THINK]": True, "[/THINK]": False},  # Mistral
    {"<seed:think>": True, "</seed:think>": False},
    {"<|channel>thought": True, "<channel|>": False},  # Gemma 4
    {
        "<|START_THINKING|>": True,  # Cohere
        "<|END_THINKING|>": False,
        "<|START_RESPONSE|>": False,
        "<|END_RESPONSE|>": False,
    },
    {
        "<|channel|>analysis<|message|>": True,  # gpt-oss
        "<|channel|>commentary<|message|>": True,
        "<|channel|>final<|message|>": False,
        "<|start|>assistant": False,
        "<|end|>": False,
    },
)


@dataclass(frozen=True)
class ThinkingTags:
    """`tags` of one model. `is_begun`: its prompt ends within a thought."""

    tags: Mapping[str, bool]
    is_begun: bool = False

    def contains(self, token_text: str) -> bool:
        """Is this token a part of a tag, and has to come out as text although it controls the model?"""
        return bool(token_text) and any(token_text in tag for tag in self.tags)


def tags_of(template: str, token_texts: Iterable[str]) -> ThinkingTags | None:
    """The ones that a model uses; None: it does not think, or not so that one could see it."""
    texts = set(token_texts)
    tags: dict[str, bool] = {}
    for family in _FAMILIES:
        first = next(iter(family))
        marks = {
            first,
            next(tag for tag, is_thinking in family.items() if not is_thinking),
            first.split("|>")[0] + "|>",
        }
        if marks & texts or any(mark in template for mark in marks):
            tags |= family
    return ThinkingTags(tags) if tags else None


def ends_in_thought(tags: ThinkingTags, prompt: str) -> bool:
    """Does a prompt end with a tag that opens a thought?"""
    end = prompt.rstrip()
    return any(is_thinking and end.endswith(tag) for tag, is_thinking in tags.tags.items())


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
    thinking = Thinking(tags, is_thinking=tags is not None and tags.is_begun and not begun_reply)
    thinking.feed(begun_reply)
    thinking.finish()  # it has been shown
    return thinking
