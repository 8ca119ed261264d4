"""A profile of many chats, always the same ones, with words as often as a language has them and texts of any length.

What is searched for in them has a name here, and is in as many of them as is said.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from app.paths import profile_paths
from app.store.chats import Chats, MessageRow
from app.store.database import Database

EVERYWHERE, COMMON, RANKED, RARE = "the", "which", "harbour", "jackdaw"
PHRASE = "over the pass before the first snow"
_ONE_IN = {EVERYWHERE: 1, RANKED: 21, PHRASE: 2_500, RARE: 30_000}  # RANKED: of 100,000 as many as are still weighed
_MESSAGES_PER_CHAT = 100
_WORDS = 40_000
_LONG_SHARE, _LONG_AT_END = 0.005, 40  # the newest are what is shown where many have the words
_OFTEN = (
    "the of and to a in is that it for you with on as this be are not or can from by have at an if your will was one "
    "we has which when there use what how all but they each would so then more about only other into up out them do"
)
_SYLLABLES = "ba ce di fo gu ha ke li mo nu pa re si to vu an el ir os um tra ble sti con per né ü"


def write_many_chats(profile: Path, n_messages: int) -> None:
    """In one transaction."""
    paths = profile_paths(profile)
    paths.make_folders()
    texts = _texts(n_messages)
    with closing(Database(paths.database, paths.backups)) as database, database.transaction():
        chats = Chats(database)
        for number in range(0, n_messages, _MESSAGES_PER_CHAT):
            rows = [_row(number, n, text) for n, text in enumerate(itertools.islice(texts, _MESSAGES_PER_CHAT))]
            title = " ".join(rows[0].text.split()[:5])
            chats.add_turn(
                new_title=title, chat_id=f"many{number}", messages=rows, now_seconds=rows[-1].created_seconds
            )


def _row(chat: int, n: int, text: str) -> MessageRow:
    return MessageRow(
        id=f"many{chat}-{n}",
        chat_id=f"many{chat}",
        parent_id=f"many{chat}-{n - 1}" if n else None,
        role="assistant" if n % 2 else "user",
        text=text,
        state="complete",
        error="",
        figures=None,
        created_seconds=1_700_000_000.0 + 60 * (chat + n),
    )


def _texts(n_messages: int) -> Iterator[str]:
    chance = random.Random(7)
    words = _vocabulary(chance)
    weights = list(itertools.accumulate(1 / (place + 1.7) for place in range(len(words))))
    for n in range(n_messages):
        is_long = n >= n_messages - _LONG_AT_END or chance.random() < _LONG_SHARE
        said = chance.choices(words, cum_weights=weights, k=_n_words(chance, n, is_long=is_long))
        for wanted, every in _ONE_IN.items():
            if n % every == min(every, n_messages) // 2:
                said.insert(chance.randrange(len(said)), wanted)
        yield _prose(said, chance)


def _n_words(chance: random.Random, n: int, *, is_long: bool) -> int:
    """Questions are short, replies longer; a long one is a chapter that was pasted, or written."""
    if is_long:
        return chance.randrange(3_000, 20_000)
    return 3 + int(chance.lognormvariate(4.5 if n % 2 else 3.0, 0.8))


def _vocabulary(chance: random.Random) -> list[str]:
    words, syllables = dict.fromkeys(_OFTEN.split()), _SYLLABLES.split()
    while len(words) < _WORDS:
        words["".join(chance.choices(syllables, k=chance.choice((2, 2, 3, 3, 4, 5))))] = None
    return list(words)


def _prose(words: list[str], chance: random.Random) -> str:
    sentences, begin = [], 0
    while begin < len(words):
        end = begin + chance.randrange(5, 22)
        sentences.append(" ".join(words[begin:end]).capitalize() + ("." if end % 9 else ".\n\n"))
        begin = end
    return " ".join(sentences)
