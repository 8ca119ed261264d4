"""One .zip that holds everything a person has, for moving to another machine. Runs in a thread of its own.

    rubato.json        {"format": "rubato-everything", "version": 1, "app", "made", "chats", "jobs"}
    settings.json      as in the profile
    library.json       {"folders": [{"id", "name", "position"}], "personas": [...], "prompts": [...], "draft": ""}
    chats/000001.json  a chat with all of its versions: app/core/chat_json.py; besides in "sent" the documents that were
                       sent in it, as they were read (app/core/imports/chat_documents.py)
    jobs/0001.jsonl    a job, its documents and its items with their results: lines {"job" | "source" | "item": columns}

Not in it: models, what was measured of this machine, KV, logs, temporary chats, what lies in the bin,
the files that documents were read from, documents that wait at a composer.
"""

from __future__ import annotations

import dataclasses
import json
import time
import zipfile
from pathlib import Path
from typing import Any

from app import __version__
from app.core import chat_json
from app.core.chat_views import MessageState
from app.core.reply_writer import BROKEN_OFF
from app.errors import ErrorKind, KnownError, from_os_error
from app.store.chat_documents import documents_of
from app.store.chats import ChatRow, MessageRow
from app.store.database import Database
from app.store.library import Library
from app.store.whole import all_chats, all_jobs

FORMAT, VERSION = "rubato-everything", 1
MANIFEST, SETTINGS, LIBRARY = "rubato.json", "settings.json", "library.json"
CHATS, JOBS = "chats/", "jobs/"


def write(database_path: Path, settings_path: Path, path: Path) -> None:
    """Whole, or not at all. Raises KnownError."""
    if path.absolute() in (database_path.absolute(), settings_path.absolute()):
        raise KnownError(ErrorKind.BAD_REQUEST, "This file is Rubato's own. Choose another name.")
    part = path.with_name(f"{path.name}.part")
    database = Database.snapshot(database_path)
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            _write(database, settings_path, archive)
        part.replace(path)
    except OSError as error:
        raise from_os_error(error, f"write “{path.name}”") from error
    finally:
        database.close()
        part.unlink(missing_ok=True)


def _write(database: Database, settings_path: Path, archive: zipfile.ZipFile) -> None:
    library = Library(database)
    n_chats = n_jobs = 0
    for chat, messages in all_chats(database):
        n_chats += 1
        value = chat_json.value_of(
            _with_leaf(chat, messages),
            [_ended(message) for message in messages],
            draft=library.draft(chat.id),
            waiting=[(turn.id, turn.text) for turn in library.queued(chat.id)],
        )
        value["sent"] = documents_of(database, chat.id)
        _add(archive, f"{CHATS}{n_chats:06d}.json", value)
    for lines in all_jobs(database):
        n_jobs += 1
        with archive.open(f"{JOBS}{n_jobs:04d}.jsonl", "w", force_zip64=True) as file:
            for what, columns in lines:
                file.write(_json({what: columns}) + b"\n")
    shelves = {
        "folders": [dataclasses.asdict(row) for row in library.folders()],
        "personas": [{**dataclasses.asdict(row), "options": json.loads(row.options)} for row in library.personas()],
        "prompts": [dataclasses.asdict(row) for row in library.prompts()],
        "draft": library.draft(""),
    }
    _add(archive, LIBRARY, shelves)
    if settings_path.is_file():
        archive.write(settings_path, SETTINGS)
    about = {"format": FORMAT, "version": VERSION, "app": __version__, "made": chat_json.time_text(time.time())}
    _add(archive, MANIFEST, {**about, "chats": n_chats, "jobs": n_jobs})


def _with_leaf(chat: ChatRow, messages: list[MessageRow]) -> ChatRow:
    """Its shown branch may end with a message that was deleted."""
    is_there = any(message.id == chat.leaf_id for message in messages)
    return chat if is_there else dataclasses.replace(chat, leaf_id=messages[-1].id if messages else None)


def _ended(message: MessageRow) -> MessageRow:
    """A reply that is being written is as one that was broken off: elsewhere nobody goes on writing it."""
    if message.state != MessageState.WRITING.value:
        return message
    return dataclasses.replace(message, state=MessageState.INTERRUPTED.value, error=BROKEN_OFF)


def _add(archive: zipfile.ZipFile, name: str, value: Any) -> None:
    archive.writestr(name, _json(value))


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
