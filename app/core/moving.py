"""What a face asks for when somebody moves: everything into one file, and files of this and other programs in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from app.core import everything
from app.core.chat_views import ImportReport
from app.core.chats import ChatService
from app.core.events import Event, ManyChatsChanged
from app.core.importer import Importer
from app.core.jobs import JobService
from app.core.library import LibraryService
from app.core.local_models import LocalModels
from app.errors import ErrorKind, KnownError
from app.paths import Paths
from app.settings import Settings
from app.store.database import Database
from app.store.library import Library

_AT_ONCE = ("system_prompt", "temperature", "max_reply_tokens", "balanced_slowdown", "makes_titles")
_FROM_THE_NEXT_START = ("theme", "language", "zoom", "enter_sends")


class MovingCalls:
    """See Core."""

    paths: Paths
    settings: Settings
    _chats: ChatService
    _database: Database
    _library: LibraryService
    _jobs: JobService
    _local_models: LocalModels
    _publish: Callable[[Event], None]
    change_settings: Callable[..., None]
    _is_importing = False

    async def export_everything(self, path: Path) -> None:
        """One .zip with all there is but models and temporary chats (see core/everything.py). Raises KnownError."""
        await asyncio.to_thread(everything.write, self.paths.database, self.paths.settings, path)

    async def import_file(self, path: Path) -> ImportReport:
        """Chats of this or another program; all that can be taken over of a file, or nothing. Raises KnownError.

        What is here already stays as it is. A setting that was never changed here is that of the file.
        """
        if self._is_importing:
            raise KnownError(ErrorKind.BAD_REQUEST, "Another file is being imported. Wait until it is done.")
        self._is_importing = True
        try:
            models = {model.path.name: model.path for model in await self._local_models.all()}
            taken = await Importer(self._database, Library(self._database), models).take(path)
        finally:
            self._is_importing = False
        skipped = taken.report.skipped
        if taken.settings is not None and self._take_settings(taken.settings):
            skipped = (*skipped, "Some settings of the file count from the next start.")
        self._library.tell_all()
        self._publish(ManyChatsChanged())
        for chat_id in taken.grown_ids:
            self._chats.grown(chat_id)
        self._jobs.arrived(taken.job_ids)
        return ImportReport(
            chats=taken.report.chats,
            messages=taken.report.messages,
            known=taken.report.known,
            jobs=taken.report.jobs,
            skipped=skipped,
        )

    def _take_settings(self, settings: Settings) -> bool:
        """Do some of them count only from the next start?"""
        untouched = Settings()
        changes = {
            name: getattr(settings, name)
            for name in (*_AT_ONCE, *_FROM_THE_NEXT_START)
            if getattr(self.settings, name) == getattr(untouched, name) != getattr(settings, name)
        }
        if changes:
            self.change_settings(**changes)
        return any(name in changes for name in _FROM_THE_NEXT_START)
