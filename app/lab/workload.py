"""What benches ask: English of a wanted number of tokens, the same in every run."""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

CountTokens = Callable[[Sequence[str]], Coroutine[Any, Any, list[int]]]

_COMMON = """
the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which one
you were all her she there would their we him been has when who will no more if out so up said what its about than
into them can only other time new some could these two may first then do any like my now over such our man me even
most made after also did many off before must well back through years much where your way down should because long
each just state those people too mister how little good world make very year still see own work men day get here old
life both between being under three never know same last another while us might great go come since against right
came take used himself few house use place during high without again home around small however found school thought
went say part once general upon every left war don does got united number hand course water until always away public
something fact less though far put head think called set almost enough end took government night yet better system
four nothing told eyes city going look asked later point next
"""
_WORDS = _COMMON.split()


def prose(n_words: int, seed: int) -> str:
    """Sentences of eight to sixteen words."""
    source = random.Random(seed)
    words: list[str] = []
    while len(words) < n_words:
        sentence = [source.choice(_WORDS) for _ in range(source.randint(8, 16))]
        sentence[0] = sentence[0].capitalize()
        sentence[-1] += "."
        words += sentence
    return " ".join(words[:n_words])


async def prose_of(n_tokens: int, seed: int, count: CountTokens) -> str:
    """Prose of about so many tokens, within a few."""
    n_words = n_tokens
    for _ in range(6):
        text = prose(n_words, seed)
        (n,) = await count([text])
        if abs(n - n_tokens) <= 2:
            return text
        n_words = max(1, round(n_words * n_tokens / n))
    return text
