"""Downloads of models: which are wanted, which run, how fast; each in a process of its own. Runs on the core thread.

One that was running when the program ended goes on at its next start; one that was paused waits. A download that is
cancelled leaves nothing.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from app import diagnostics
from app.core.events import DownloadChanged, Event
from app.core.model_views import DownloadState, DownloadView
from app.downloads import catalogue, records
from app.downloads.download import needed_bytes, place_files, place_model
from app.downloads.messages import DownloadProgressed, DownloadWaited, FileGroup, Stage
from app.downloads.patience import Patience
from app.downloads.records import Record
from app.errors import ErrorKind, KnownError, from_os_error
from app.logs import topic
from app.paths import Paths

log = topic("core")

MOST_AT_ONCE = 2
SPEED_SECONDS = 5.0  # the speed is that of the last seconds
_OVER = (DownloadState.DONE, DownloadState.FAILED)


class Speed:
    """Bytes a second over the last seconds, from how far it was when."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()

    def reached(self, done_bytes: int) -> float:
        now = self._clock()
        if self._seen and done_bytes < self._seen[-1][1]:
            self._seen.clear()  # begun anew
        self._seen.append((now, done_bytes))
        while len(self._seen) > 2 and now - self._seen[0][0] > SPEED_SECONDS:
            self._seen.popleft()
        seconds = now - self._seen[0][0]
        return (done_bytes - self._seen[0][1]) / seconds if seconds > 0 else 0.0


@dataclass
class _Download:
    record: Record
    view: DownloadView
    task: asyncio.Task[None] | None = None
    ending: set[asyncio.Task[None]] = field(default_factory=set)  # paused ones, whose processes may still write
    speed: Speed = field(default_factory=Speed)


class DownloadService:
    """`token_name` is asked at each start of a download; `files` asks the hub; `placed` is told of a new model file."""

    def __init__(
        self,
        paths: Paths,
        publish: Callable[[Event], None],
        *,
        token_name: Callable[[], str],
        files: Callable[[str], Awaitable[Sequence[FileGroup]]],
        placed: Callable[[], None],
        patience: Patience | None = None,
    ) -> None:
        self._paths = paths
        self._publish = publish
        self._token_name = token_name
        self._files = files
        self._placed = placed
        self._patience = patience
        self._catalogue = catalogue.load()
        self._downloads: dict[str, _Download] = {}
        self._is_closing = False

    def recover(self, *, go_on: bool = True) -> None:
        """What was not over when the program ended. Without `go_on` all of it waits for the person."""
        for record in records.load(self._paths):
            if record.id not in self._downloads:
                self._downloads[record.id] = self._new(record, DownloadState.PAUSED)
                if go_on and not record.is_paused:
                    self._downloads[record.id].view = self._new(record, DownloadState.WAITING).view
        self._start_some()

    def all(self) -> list[DownloadView]:
        return [download.view for download in self._downloads.values()]

    def add_files(self, group: FileGroup) -> str:
        """A quantisation of the hub; returns the download's id. Raises KnownError."""
        known = self._with_files(group)
        if known is not None:
            self.resume(known.record.id)
            return known.record.id
        name = group.name if group.quantisation in group.name.upper() else f"{group.name} {group.quantisation}"
        record = Record(
            id=f"{group.repository}/{group.files[0].path}", name=name, created_seconds=time.time(), group=group
        )
        return self._add(record, group.size_bytes - records.fetched_bytes(record, self._paths))

    def add_entry(self, id: str) -> str:
        """A model of the catalogue. Raises KnownError."""
        entry, hub_entry = self._catalogue.entry(id), self._catalogue.hub_entry(id)
        if entry is None and hub_entry is None:
            raise KnownError(ErrorKind.BAD_REQUEST, f"The catalogue has no model {id}. See “rubato models”.")
        name = entry.name if entry else hub_entry.name if hub_entry else ""
        record = Record(id=id, name=name, created_seconds=time.time(), entry_id=id)
        return self._add(record, needed_bytes(entry) if entry else hub_entry.estimated_bytes if hub_entry else 0)

    def pause(self, id: str) -> None:
        """Raises KnownError, as do the next two."""
        download = self._of(id)
        if download.view.state in _OVER:
            raise KnownError(ErrorKind.BAD_REQUEST, f"{download.view.name} is not being downloaded.")
        download.record = msgspec.structs.replace(download.record, is_paused=True)
        records.save(download.record, self._paths)
        self._end(download)
        self._tell(download, state=DownloadState.PAUSED, bytes_per_second=0.0, seconds_left=None, sentence="")
        self._start_some()

    def resume(self, id: str) -> None:
        download = self._of(id)
        if download.view.state not in (DownloadState.PAUSED, DownloadState.FAILED):
            return
        download.record = msgspec.structs.replace(download.record, is_paused=False)
        records.save(download.record, self._paths)
        self._tell(download, state=DownloadState.WAITING, sentence="")
        self._start_some()

    async def cancel(self, id: str) -> None:
        """Nothing of it is left; what is done stays, and leaves the list."""
        download = self._of(id)
        self._end(download)
        if download.ending:
            await asyncio.wait(download.ending)
        if download.view.state is not DownloadState.DONE:
            await asyncio.to_thread(records.discard, download.record, self._paths)
        self._downloads.pop(id, None)
        self._publish(DownloadChanged(download=dataclasses.replace(download.view, is_cancelled=True)))
        self._start_some()

    async def wait(self, id: str) -> DownloadView:
        """Until it is over, or paused."""
        while (download := self._of(id)).task is not None:
            await asyncio.wait([download.task])
        return download.view

    async def close(self) -> None:
        """What runs goes on at the next start."""
        self._is_closing = True
        for download in self._downloads.values():
            self._end(download)
        ending = [task for download in self._downloads.values() for task in download.ending]
        if ending:
            await asyncio.wait(ending)

    def unfinished_files(self) -> set[str]:
        """Paths of files that belong to downloads which are not done."""
        return {
            str(file)
            for download in self._downloads.values()
            if download.view.state is not DownloadState.DONE
            for file in records.files_of(download.record, self._paths)
        }

    # one download

    def _of(self, id: str) -> _Download:
        download = self._downloads.get(id)
        if download is None:
            raise KnownError(ErrorKind.BAD_REQUEST, "This download is not there any more.")
        return download

    def _new(self, record: Record, state: DownloadState) -> _Download:
        entry, hub_entry = self._catalogue.entry(record.entry_id), self._catalogue.hub_entry(record.entry_id)
        total = entry.size_bytes if entry else hub_entry.estimated_bytes if hub_entry else 0
        total = record.group.size_bytes if record.group is not None else total
        view = DownloadView(
            id=record.id,
            name=record.name,
            state=state,
            done_bytes=records.fetched_bytes(record, self._paths),
            total_bytes=total,
        )
        return _Download(record=record, view=view)

    def _add(self, record: Record, needed: int) -> str:
        known = self._downloads.get(record.id)
        if known is not None and known.view.state is not DownloadState.DONE:
            self.resume(record.id)
            return record.id
        try:
            self._paths.models.mkdir(parents=True, exist_ok=True)
            free = diagnostics.free_disk_bytes(self._paths.models)
        except OSError as error:
            raise from_os_error(error, f"store {record.name}") from error
        if free < needed:
            raise KnownError(
                ErrorKind.DISK_FULL,
                f"{record.name} needs {_gb(needed)} of free space in {self._paths.models}, and {_gb(free)} are free. "
                "Free some space and try again.",
            )
        records.save(record, self._paths)
        self._downloads[record.id] = download = self._new(record, DownloadState.WAITING)
        self._tell(download)
        self._start_some()
        return record.id

    def _start_some(self) -> None:
        if self._is_closing:
            return
        running = sum(download.task is not None for download in self._downloads.values())
        for download in list(self._downloads.values()):
            if running < MOST_AT_ONCE and download.task is None and download.view.state is DownloadState.WAITING:
                running += 1
                download.task = asyncio.create_task(self._run(download), name=f"download {download.view.name}")

    def _with_files(self, group: FileGroup) -> _Download | None:
        """The download of these files that is not done."""
        paths = [file.path for file in group.files]
        for download in self._downloads.values():
            known = download.record.group
            if known is None or download.view.state is DownloadState.DONE:
                continue
            if known.repository == group.repository and [file.path for file in known.files] == paths:
                return download
        return None

    async def _with_group(self, download: _Download) -> Record:
        """The record with the files that the hub has now, for a model of the catalogue that comes from there."""
        record, entry = download.record, self._catalogue.hub_entry(download.record.entry_id)
        if record.group is not None or entry is None:
            return record
        self._tell(download, sentence="Asking the hub for its files.")
        groups = await self._files(entry.repository)
        group = next((group for group in groups if group.quantisation == entry.quantisation), None)
        if group is None:
            kinds = ", ".join(dict.fromkeys(group.quantisation or group.name for group in groups))
            raise KnownError(
                ErrorKind.BAD_REQUEST,
                f"{entry.repository} has no {entry.quantisation} any more. Choose one of its files: {kinds}.",
            )
        other = self._with_files(group)
        if other is not None and other is not download:
            raise KnownError(ErrorKind.BAD_REQUEST, f"{record.name} is being downloaded already. Cancel this one.")
        download.record = msgspec.structs.replace(record, group=group)
        records.save(download.record, self._paths)
        self._tell(download, total_bytes=group.size_bytes, sentence="")
        return download.record

    async def _run(self, download: _Download) -> None:
        if download.ending:
            await asyncio.wait(download.ending)
        download.speed = Speed()

        def told(event: DownloadProgressed | DownloadWaited) -> None:
            if download.task is asyncio.current_task():
                self._progressed(download, event)

        try:
            record = await self._with_group(download)
            if record.group is not None:
                path = await place_files(
                    record.group,
                    self._paths,
                    on_progress=told,
                    token_name=self._token_name(),
                    patience=self._patience,
                )
            else:
                entry = self._catalogue.entry(record.entry_id)
                if entry is None:
                    raise KnownError(ErrorKind.BAD_REQUEST, f"The catalogue has no {record.name} any more. Cancel it.")
                path = await place_model(entry, self._paths, on_progress=told)
            records.forget(record, self._paths)
            download.task = None
            self._tell(
                download,
                state=DownloadState.DONE,
                path=path,
                sentence="",
                bytes_per_second=0.0,
                seconds_left=None,
                done_bytes=download.view.total_bytes,
            )
            self._placed()
        except asyncio.CancelledError:
            raise
        except KnownError as error:
            self._failed(download, error.sentence)
        except Exception:
            log.exception("a download failed through a fault of the program's own")
            self._failed(download, "The download failed through a fault of Rubato's own; the log has the report.")
        finally:
            self._start_some()

    def _failed(self, download: _Download, sentence: str) -> None:
        download.task = None
        done = records.fetched_bytes(download.record, self._paths)
        self._tell(
            download,
            state=DownloadState.FAILED,
            sentence=sentence,
            done_bytes=done,
            bytes_per_second=0.0,
            seconds_left=None,
        )

    def _progressed(self, download: _Download, event: DownloadProgressed | DownloadWaited) -> None:
        if isinstance(event, DownloadWaited):
            self._tell(download, state=DownloadState.WAITING, sentence=event.sentence, bytes_per_second=0.0)
            return
        is_coming = event.stage is Stage.DOWNLOADING
        speed = download.speed.reached(event.done_bytes) if is_coming else 0.0
        left = event.total_bytes - event.done_bytes
        self._tell(
            download,
            state=DownloadState.RUNNING if is_coming else DownloadState.CHECKING,
            done_bytes=event.done_bytes,
            total_bytes=event.total_bytes,
            bytes_per_second=speed,
            seconds_left=left / speed if speed else None,
            sentence="",
        )

    @staticmethod
    def _end(download: _Download) -> None:
        task, download.task = download.task, None
        if task is not None:
            task.cancel()
            download.ending.add(task)
            task.add_done_callback(download.ending.discard)

    def _tell(self, download: _Download, **changes: object) -> None:
        download.view = dataclasses.replace(download.view, **changes)  # type: ignore[arg-type]
        self._publish(DownloadChanged(download=download.view))


def _gb(n: int) -> str:
    return f"{n / 1e9:.1f} GB" if n >= 1e9 else f"{n / 1e6:.0f} MB"
