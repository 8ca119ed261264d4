"""`rubato serve`: listens on 127.0.0.1, a task for each connection, until it is cancelled."""

from __future__ import annotations

import asyncio
import errno

import msgspec

from app.core.core import Core
from app.core.events import Event, ModelStateChanged
from app.core.instance import Console
from app.core.openai.api_error import ApiError
from app.engine.interface import ModelState
from app.errors import ErrorKind, KnownError
from app.logs import topic
from app.server.api import JSON, Api
from app.server.connection import BadHttp, Connection, Request

log = topic("server")

HOST = "127.0.0.1"  # never another one: nothing here asks who it is
BACKLOG = 1024  # load generators open all their connections at once


async def serve(core: Core, port: int, console: Console) -> int:
    """Answer on a port (0: any free one) until cancelled. Raises KnownError where that can't be listened on."""
    server = _Server(Api(core))
    port = await server.listen(port)

    def show(event: Event) -> None:
        if isinstance(event, ModelStateChanged) and event.state is ModelState.FAILED:
            console.err(f"{event.sentence}\n")

    remove = core.add_sink(show)
    try:
        console.err(f"Rubato answers on http://{HOST}:{port}/v1 until Ctrl-C.\n")
        if core.model_problem:
            console.err(f"{core.model_problem}\n")
        for_ever: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        return await for_ever
    finally:
        remove()
        await server.close()


class _Server:
    """The connections of one port."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def listen(self, port: int) -> int:
        """The port that was taken."""
        try:
            self._server = await asyncio.start_server(self._serve, HOST, port, backlog=BACKLOG)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                sentence = f"Port {port} is in use already. Choose another one with --port, or 0 for any that is free."
            else:
                sentence = f"Port {port} can't be listened on ({error.strerror or error}). Choose another one: --port."
            raise KnownError(ErrorKind.BAD_REQUEST, sentence) from error
        taken: int = self._server.sockets[0].getsockname()[1]
        return taken

    async def close(self) -> None:
        """What is being answered is cancelled in the engine."""
        assert self._server is not None
        self._server.close()
        for task in self._connections:
            task.cancel()
        if self._connections:
            await asyncio.wait(set(self._connections))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        connection = Connection(reader, writer)
        try:
            await self._converse(connection)
        except ConnectionError as error:
            log.debug("a client went away: %s", error)
        except asyncio.CancelledError:
            pass  # by `close`: this is the task's end, and asyncio would report it as a fault
        finally:
            self._connections.discard(task)
            connection.close()

    async def _converse(self, connection: Connection) -> None:
        """One request after the other."""
        try:
            while (request := await connection.next_request()) is not None:
                if not await self._answer(request, connection):
                    return
        except BadHttp as bad:
            if not connection.has_status:
                body = msgspec.json.encode(ApiError(bad.status, bad.sentence).body)
                await connection.send(bad.status, body, JSON, is_last=True)

    async def _answer(self, request: Request, connection: Connection) -> bool:
        """False where the client has gone meanwhile: its request is cancelled, in the engine too."""
        answering = asyncio.create_task(self._api.answer(request, connection))
        gone = asyncio.create_task(connection.wait_until_gone())
        try:
            await asyncio.wait({answering, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                log.debug("a client did not wait for its answer")
                return False
            answering.result()
            return True
        finally:
            answering.cancel()
            gone.cancel()
            await asyncio.wait({answering, gone})
            if not answering.cancelled():
                answering.exception()  # it may have found out by itself
