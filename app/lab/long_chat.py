"""Chats and replies that are long, always the same ones, with the code and the tables that replies have."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from app.paths import profile_paths
from app.store.chats import Chats, MessageRow
from app.store.database import Database

LETTERS_PER_TOKEN = 4
_SENTENCES = (
    "The voice that leads is given a little time, and what it borrows it gives back before the bar is over.",
    "A queue that is never empty needs no clock: what comes first is done first, and the rest waits its turn.",
    "Of the three ways to do this the second is the *simplest*, and the third is the one that people **remember**.",
    "Call `measure(n)` before `play()`, so that the length is known when the first note is asked for.",
)
_TABLE_ROWS = 10


def section(number: int) -> str:
    """About a thousand tokens of Markdown: prose, a list, code, a table, a quote."""
    prose = " ".join(_SENTENCES[(number + k) % len(_SENTENCES)] for k in range(7))
    points = "\n".join(f"- {_SENTENCES[(number + k) % len(_SENTENCES)]}" for k in range(4))
    rows = "\n".join(f"| part {k} | {number * 31 + k * 7} | the measure of part {k} |" for k in range(_TABLE_ROWS))
    return (
        f"## Part {number}\n\n{prose}\n\n{points}\n\n```python\n{code(number, 12)}```\n\n"
        f"| name | number | what it is |\n|---|---:|---|\n{rows}\n\n> {_SENTENCES[number % len(_SENTENCES)]}\n\n"
    )


def code(number: int, n_functions: int) -> str:
    """So many functions of four lines."""
    return "".join(
        f"def measure_{number}_{k}(notes: list[int]) -> int:\n"
        f'    """How long these are, together."""\n'
        f"    total = sum(notes) + {k}  # in beats\n    return total\n\n\n"
        for k in range(n_functions)
    )


def pieces(n_tokens: int) -> list[str]:
    """A reply of so many tokens, token by token."""
    wanted = n_tokens * LETTERS_PER_TOKEN
    text, number = "", 0
    while len(text) < wanted:
        number += 1
        text += section(number)
    return [text[begin : begin + LETTERS_PER_TOKEN] for begin in range(0, wanted, LETTERS_PER_TOKEN)]


def answer(number: int) -> str:
    """What stands in a chat: most replies are a few paragraphs, every fourth has code, every sixth a table."""
    prose = " ".join(_SENTENCES[(number + k) % len(_SENTENCES)] for k in range(3 + number % 4))
    parts = [prose, *(f"{k}. {_SENTENCES[(number + k) % len(_SENTENCES)]}" for k in range(1, 1 + number % 3))]
    if number % 4 == 0:
        parts.append(f"```python\n{code(number, 2 + number % 3)}```")
    if number % 6 == 0:
        parts.append("| name | number |\n|---|---:|\n" + "\n".join(f"| part {k} | {k * 7} |" for k in range(5)))
    return "\n\n".join([*parts, _SENTENCES[number % len(_SENTENCES)]])


def write_chat(profile: Path, n_messages: int) -> str:
    """A chat of so many messages into the profile's database; its id."""
    paths = profile_paths(profile)
    paths.make_folders()
    chat_id = f"long{n_messages}"
    rows = [
        MessageRow(
            id=f"{chat_id}-{n}",
            chat_id=chat_id,
            parent_id=f"{chat_id}-{n - 1}" if n else None,
            role="assistant" if n % 2 else "user",
            text=answer(n // 2) if n % 2 else f"Question {n}. {_SENTENCES[n // 2 % len(_SENTENCES)]}",
            state="complete",
            error="",
            figures=None,
            created_seconds=1_700_000_000.0 + n,
        )
        for n in range(n_messages)
    ]
    with closing(Database(paths.database, paths.backups)) as database:
        Chats(database).add_turn(
            new_title=f"A chat of {n_messages:,} messages", chat_id=chat_id, messages=rows, now_seconds=1_700_100_000.0
        )
    return chat_id
