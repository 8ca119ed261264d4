"""What an imported file gives, whatever its format, and what of it was left out."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from app.core.imports.chat_documents import NONE, ChatDocuments
from app.settings import Settings
from app.store.chats import ChatRow, MessageRow
from app.store.library import FolderRow, PersonaRow, PromptRow

LONGEST_TEXT = 5_000_000  # characters of a message: more than a window can show
LONGEST_TITLE = 200
MOST_NAMED = 10
_NAMES = uuid.UUID("6f1c2b0e-6d0f-5c0a-9a55-3f9e3d1f7b10")

JobLine = tuple[str, dict[str, Any]]
"""What it is ("job", "source", "item"), and its columns."""


class Unusable(Exception):
    """A chat that can't be taken over; `str(error)` completes "“Title” ..."."""


@dataclass(frozen=True, kw_only=True)
class ArrivingChat:
    """`messages` with their parents before them. `waiting`: turns (id, text) that had not been sent."""

    chat: ChatRow
    messages: tuple[MessageRow, ...]
    draft: str = ""
    waiting: tuple[tuple[str, str], ...] = ()
    documents: ChatDocuments = NONE


class Thing(Enum):
    """What no chat here can hold."""

    IMAGE = "image"
    FILE = "file"
    TOOL = "tool"


@dataclass
class LeftOut:
    """`things`: how many of what; `sentences`: what else there is to be said."""

    things: Counter[Thing] = field(default_factory=Counter)
    sentences: list[str] = field(default_factory=list)
    n_chats: int = 0

    def chat(self, title: str, why: str) -> None:
        self.n_chats += 1
        if self.n_chats <= MOST_NAMED:
            self.sentences.append(f"“{title[:60]}” {why}, so it was left out.")

    def all(self) -> tuple[str, ...]:
        """One sentence each."""
        more = self.n_chats - MOST_NAMED
        return (
            *self.sentences,
            *([f"Further chats left out: {more}."] if more > 0 else []),
            *(_counted(thing, n) for thing, n in self.things.items()),
        )


def _counted(thing: Thing, n: int) -> str:
    match thing:
        case Thing.IMAGE:
            return f"Images left out: {n}."
        case Thing.FILE:
            return f"Recordings and other files left out: {n}."
        case Thing.TOOL:
            return f"Steps in which a tool was used, left out: {n}."


@dataclass(frozen=True, kw_only=True)
class ArrivingLibrary:
    folders: tuple[FolderRow, ...] = ()
    personas: tuple[PersonaRow, ...] = ()
    prompts: tuple[PromptRow, ...] = ()
    draft: str = ""  # of the new chat


@dataclass(kw_only=True)
class ImportFile:
    """Read as it is asked for: `chats` and `jobs` are passed over once, and raise KnownError for damage."""

    chats: Iterator[ArrivingChat]
    left_out: LeftOut
    library: ArrivingLibrary = field(default_factory=ArrivingLibrary)
    settings: Settings | None = None
    jobs: Iterable[Iterable[JobLine]] = ()


def derived_id(source: str, *names: str) -> str:
    """The same for the same thing each time it is imported."""
    return uuid.uuid5(_NAMES, "\0".join((source, *names))).hex


def text_in(value: object) -> str:
    """A text of a file, or none; without what no text should have."""
    return value.replace("\0", "") if isinstance(value, str) else ""


def number_in(value: object) -> float:
    """0.0 where there is none."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def title_in(value: object, messages: Iterable[MessageRow]) -> str:
    """One line; where there is none, the beginning of the first message."""
    title = " ".join(text_in(value).split())
    if not title:
        first = next((message.text for message in messages if message.text.strip()), "")
        title = " ".join(first[:400].split())[:60]
    return title[:LONGEST_TITLE] or "Imported chat"


def check_length(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise Unusable(f"has a message of more than {LONGEST_TEXT:,} characters")
    return text
