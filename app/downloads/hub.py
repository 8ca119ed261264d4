"""The program's side of asking the hub: a process that is kept for a minute, since the next question comes soon.

Runs on the core thread. huggingface_hub itself is only in the process.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import Any, TypeVar

from app import wire
from app.children import Child, describe_exit
from app.downloads.messages import (
    BeginningRead,
    FileGroup,
    FilesFound,
    ForgetToken,
    FoundRepository,
    HubAnswer,
    HubRefused,
    KeepToken,
    ListFiles,
    ReadBeginning,
    RepositoriesFound,
    SearchHub,
    TokenForgotten,
    TokenKept,
)
from app.errors import ErrorKind, KnownError, from_os_error
from app.paths import Paths

A = TypeVar("A")
IDLE_SECONDS = 60.0
PATIENCE_SECONDS = 60.0


class Hub:
    """Questions go one after the other; one that is cancelled ends the process, and with it the connection."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._child: Child[HubAnswer] | None = None
        self._turn = asyncio.Lock()
        self._idle: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[Any]] = set()

    async def search(self, text: str, limit: int, token_name: str = "") -> tuple[FoundRepository, ...]:
        """Raises KnownError, as all of these do."""
        command = SearchHub(id=uuid.uuid4().hex, text=text, limit=limit, token_name=token_name)
        return (await self._ask(command, RepositoriesFound)).repositories

    async def files(self, repository: str, token_name: str = "") -> tuple[FileGroup, ...]:
        command = ListFiles(id=uuid.uuid4().hex, repository=repository, token_name=token_name)
        return (await self._ask(command, FilesFound)).groups

    async def beginning(self, repository: str, revision: str, path: str, n_bytes: int, token_name: str = "") -> bytes:
        """The first bytes of a file, or all where it has fewer."""
        command = ReadBeginning(
            id=uuid.uuid4().hex,
            repository=repository,
            revision=revision,
            path=path,
            n_bytes=n_bytes,
            token_name=token_name,
        )
        return (await self._ask(command, BeginningRead)).data

    async def keep_token(self, token: str) -> TokenKept:
        return await self._ask(KeepToken(id=uuid.uuid4().hex, token=token), TokenKept)

    async def forget_token(self, token_name: str) -> None:
        await self._ask(ForgetToken(id=uuid.uuid4().hex, token_name=token_name), TokenForgotten)

    async def close(self) -> None:
        await self._end()
        if self._ending:
            await asyncio.gather(*self._ending)

    async def _ask(self, command: wire.Message, expected: type[A]) -> A:
        async with self._turn:
            if self._idle is not None:
                self._idle.cancel()
                self._idle = None
            try:
                answer = await asyncio.wait_for(self._answer(command), PATIENCE_SECONDS)
            except BaseException as error:
                await self._end()
                if isinstance(error, TimeoutError):
                    raise KnownError(
                        ErrorKind.DOWNLOAD_FAILED,
                        "The hub did not answer in time. Check the network connection, and try again.",
                    ) from error
                raise
            self._idle = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._end_soon)
        if isinstance(answer, HubRefused):
            raise KnownError(answer.kind, answer.sentence)
        assert isinstance(answer, expected), answer
        return answer

    async def _answer(self, command: wire.Message) -> HubAnswer:
        if self._child is None:
            try:
                self._paths.logs.mkdir(parents=True, exist_ok=True)
                log_file = self._paths.logs / "download.log"
                self._child = await Child[HubAnswer].start("hub", received=HubAnswer, log_file=log_file)
            except OSError as error:
                raise from_os_error(error, "ask the hub") from error
        child = self._child
        child.send(command)
        try:
            async for answer in child.messages():
                if answer.id == command.id:
                    return answer
        except wire.WireError as error:
            raise self._broke_off(str(error)) from error
        raise self._broke_off(describe_exit(await child.wait()))

    @staticmethod
    def _broke_off(how: str) -> KnownError:
        return KnownError(ErrorKind.DOWNLOAD_FAILED, f"Asking the hub broke off ({how}). Try again.")

    def _end_soon(self) -> None:
        self._idle = None
        task = asyncio.ensure_future(self._end())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _end(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            await child.close()
