"""What a model thinks before it answers, as it is kept in a message: between <think> and </think>. Pure."""

from __future__ import annotations

import re

OPEN, CLOSE = "<think>\n", "\n</think>\n\n"
_THOUGHT = re.compile(r"\A\s*<think>.*?(</think>\s*|\Z)", re.DOTALL)


def turn_of(is_thinking: bool, was_thinking: bool) -> str:
    """What stands between a piece of text and the one before it."""
    if is_thinking == was_thinking:
        return ""
    return OPEN if is_thinking else CLOSE


def is_open(text: str) -> bool:
    """Does a message end in the middle of a thought?"""
    return text.lstrip().startswith(OPEN.strip()) and CLOSE.strip() not in text


def answer_of(text: str) -> str:
    """A message without its thoughts, as the model is to see it later."""
    return _THOUGHT.sub("", text, count=1)
