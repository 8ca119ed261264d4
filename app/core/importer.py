"""Takes over what a file has: read in a thread, stored on the core thread in small commits, there all at once or not.

While it is under way nothing of it is seen (see store/arrivals.py), and chats go on being answered between two commits.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TypeVar

import msgspec

from app.core.chat_views import ChatOptions, ImportReport
from app.core.imports import chat_documents
from app.core.imports.arrivals import ArrivingChat, ArrivingLibrary, ImportFile, JobLine, Unusable
from app.core.imports.files import open_import
from app.settings import Settings
from app.store.arrivals import Arrivals, Unfit
from app.store.chat_documents import ArrivingDocuments
from app.store.chats import ChatRow
from app.store.database import Database
from app.store.library import Library

_T = TypeVar("_T")
_MESSAGES_AT_ONCE = 200  # some milliseconds, in which nothing else happens on the core thread
_LINES_AT_ONCE = 500


@dataclass(frozen=True, kw_only=True)
class Import:
    """What was done. `job_ids` are new; to `grown_ids`, chats that were here, messages were added."""

    report: ImportReport
    settings: Settings | None
    job_ids: tuple[str, ...]
    grown_ids: tuple[str, ...]


@dataclass
class _Taken:
    """What of the file is here now."""

    chats: int = 0
    messages: int = 0
    known: int = 0
    grown: list[str] = field(default_factory=list)  # chats that were here, and lacked messages
    folders: dict[str, str] = field(default_factory=dict)  # ids in the file, and here
    personas: set[str] = field(default_factory=set)  # that are here, or will be
    lost_models: set[str] = field(default_factory=set)


class Importer:
    """`models` are the files of this machine's models, by their names."""

    def __init__(self, database: Database, library: Library, models: Mapping[str, Path]) -> None:
        self._database, self._library, self._models = database, library, models

    async def take(self, path: Path) -> Import:
        """Raises KnownError; then nothing was taken over."""
        file = await asyncio.to_thread(open_import, path)
        arrivals = Arrivals(self._database, -time.time())
        personas = {row.id for row in (*file.library.personas, *self._library.personas())}
        taken = _Taken(folders=self._folders(file.library), personas=personas)
        try:
            async for chats in _in_thread(file.chats, _some_chats):
                with self._database.transaction():
                    self._add_chats(arrivals, chats, file, taken)
            for job in file.jobs:
                await self._add_job(arrivals, job, file)
            with self._database.transaction():
                self._add_library(file.library, taken)
                arrivals.settle()
        except BaseException:
            arrivals.undo()
            raise
        if taken.lost_models:
            names = ", ".join(sorted(taken.lost_models)[:5])
            file.left_out.sentences.append(
                f"Not on this machine, so the model that is loaded is used instead: {names}."
            )
        report = ImportReport(
            chats=taken.chats,
            messages=taken.messages,
            known=taken.known,
            jobs=len(arrivals.job_ids),
            skipped=file.left_out.all(),
        )
        return Import(
            report=report, settings=file.settings, job_ids=tuple(arrivals.job_ids), grown_ids=tuple(taken.grown)
        )

    def _add_chats(self, arrivals: Arrivals, chats: list[ArrivingChat], file: ImportFile, taken: _Taken) -> None:
        for arriving in chats:
            chat = self._arranged(arriving.chat, taken)
            added = arrivals.add_chat(chat, arriving.messages, arriving.draft)
            if added is None:
                file.left_out.chat(chat.title, "has messages that are here in another chat")
                continue
            chat_documents.add(ArrivingDocuments(self._database), chat.id, arriving.documents, set(added.message_ids))
            arrivals.add_waiting(chat.id, arriving.waiting if added.is_new else ())
            taken.chats += added.is_new
            taken.known += not added.is_new
            taken.messages += len(added.message_ids)
            if added.message_ids and not added.is_new:
                taken.grown.append(chat.id)

    async def _add_job(self, arrivals: Arrivals, job: Iterable[JobLine], file: ImportFile) -> None:
        title = "A job"
        try:
            async for lines in _in_thread(iter(job), lambda some: list(islice(some, _LINES_AT_ONCE))):
                if lines[0][0] == "job":
                    title = str(lines[0][1].get("title", title))
                arrivals.add_job_lines(lines)
        except (Unusable, Unfit) as error:
            arrivals.drop_job()
            file.left_out.chat(title, str(error) if isinstance(error, Unusable) else "is damaged in the file")

    # what a chat names

    def _folders(self, library: ArrivingLibrary) -> dict[str, str]:
        """A folder of a name that is here is that folder."""
        here = {folder.name.casefold(): folder.id for folder in self._library.folders()}
        known = {id: id for id in here.values()}
        return known | {
            folder.id: known.get(folder.id) or here.get(folder.name.casefold(), folder.id) for folder in library.folders
        }

    def _arranged(self, chat: ChatRow, taken: _Taken) -> ChatRow:
        return replace(
            chat,
            folder_id=taken.folders.get(chat.folder_id, ""),
            persona_id=chat.persona_id if chat.persona_id in taken.personas else "",
            options=self._options(chat.options, taken),
        )

    def _options(self, options: str, taken: _Taken) -> str:
        chosen = msgspec.json.decode(options, type=ChatOptions)
        if not chosen.model:
            return options
        model = self._model(chosen.model, taken)
        return msgspec.json.encode(msgspec.structs.replace(chosen, model=model or None)).decode()

    def _model(self, path: str, taken: _Taken) -> str:
        """The file of the same name that this machine has; empty: none."""
        if not path or Path(path).is_file():
            return path
        name = (PureWindowsPath(path) if "\\" in path else PurePosixPath(path)).name
        if name not in self._models:
            taken.lost_models.add(name)
            return ""
        return str(self._models[name])

    def _add_library(self, library: ArrivingLibrary, taken: _Taken) -> None:
        folders = {row.id for row in self._library.folders()}
        for folder in library.folders:
            if taken.folders[folder.id] == folder.id and folder.id not in folders:
                self._library.add_folder(folder.id, folder.name.strip())
        personas = {row.id for row in self._library.personas()}
        for persona in library.personas:
            if persona.id not in personas:
                options = self._options(persona.options, taken)
                self._library.save_persona(replace(persona, options=options, model=self._model(persona.model, taken)))
        prompts = {row.id for row in self._library.prompts()}
        for prompt in library.prompts:
            if prompt.id not in prompts:
                self._library.save_prompt(prompt)
        if library.draft and not self._library.draft(""):
            self._library.set_draft("", library.draft)


def _some_chats(chats: Iterator[ArrivingChat]) -> list[ArrivingChat]:
    some: list[ArrivingChat] = []
    n_messages = 0
    for chat in chats:
        some.append(chat)
        n_messages += len(chat.messages) + 1
        if n_messages >= _MESSAGES_AT_ONCE:
            break
    return some


async def _in_thread(parts: Iterator[_T], take: Callable[[Iterator[_T]], list[_T]]) -> AsyncIterator[list[_T]]:
    while some := await asyncio.to_thread(take, parts):
        yield some
