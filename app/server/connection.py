"""One client's connection: its requests one after the other, a response to each, and whether it is still there.

HTTP/1.1 is h11's business (framing, keep-alive, limits of headers, 100-continue, pipelining); bytes travel over asyncio
streams on the core's own loop. So there is no thread for a connection and nothing is handed between threads: a hundred
streams are a hundred tasks beside the ones that read the engine, what is written for a token leaves in the same turn of
the loop, and a client that goes away is a cancelled task. The only file that imports h11.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http import HTTPStatus

import h11

READ_BYTES = 64 * 1024
BODY_LIMIT_BYTES = 32 * 1024 * 1024
AHEAD_LIMIT_BYTES = 256 * 1024  # of requests that come before the one at hand is answered

Headers = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Request:
    """`path` has no query, `headers` have lower case names. `body` is None where it was over BODY_LIMIT_BYTES."""

    method: str
    path: str
    headers: Headers
    body: bytes | None


class BadHttp(Exception):
    """The client does not speak HTTP, or its head is too large: `status` tells it so, and the connection ends."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


class Connection:
    """`next_request`, then one response: `send`, or `start_stream`, `stream` and `end_stream`. Then again.

    Methods raise ConnectionError where the client has gone. One task at a time; `wait_until_gone` may run beside it.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._http = h11.Connection(h11.SERVER)
        self._wants_head_only = False
        self._head = b""  # of a stream that has begun: it goes out with the first piece

    # in

    async def next_request(self) -> Request | None:
        """None where there is none any more. Raises BadHttp."""
        if self._http.our_state is not h11.IDLE:
            if self._http.states != {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}:
                return None  # it wants no further one, or its body was not read
            self._http.start_next_cycle()
        try:
            head = await self._next_event()
            if not isinstance(head, h11.Request):
                return None
            self._wants_head_only = head.method == b"HEAD"
            body = await self._read_body(head)
        except h11.RemoteProtocolError as error:
            raise BadHttp(error.error_status_hint, f"This is no HTTP request that can be answered: {error}.") from error
        return Request(
            method=head.method.decode("ascii"),
            path=head.target.decode("ascii").partition("?")[0],
            headers={name.decode("ascii"): value.decode("latin-1") for name, value in head.headers},
            body=body,
        )

    async def _read_body(self, head: h11.Request) -> bytes | None:
        """One that is too large is read to its end and dropped: many clients hear nothing before they have said all."""
        size = int(dict(head.headers).get(b"content-length", b"0"))
        body = bytearray()
        is_too_large = size > BODY_LIMIT_BYTES
        if self._http.they_are_waiting_for_100_continue:
            if is_too_large:
                return None
            await self._write(self._http.send(h11.InformationalResponse(status_code=100, headers=[])))
        while isinstance(event := await self._next_event(), h11.Data):
            is_too_large = is_too_large or len(body) + len(event.data) > BODY_LIMIT_BYTES
            if not is_too_large:
                body += event.data
        return None if is_too_large else bytes(body)

    async def _next_event(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(await self._reader.read(READ_BYTES))
        return event

    async def wait_until_gone(self) -> None:
        """While a response is being made. A client that closes its sending side counts as gone."""
        n_ahead = 0
        while n_ahead < AHEAD_LIMIT_BYTES:
            try:
                data = await self._reader.read(READ_BYTES)
            except ConnectionError:
                return
            if not data:
                return
            self._http.receive_data(data)  # its next request; h11 keeps it until this one is answered
            n_ahead += len(data)
        await asyncio.get_running_loop().create_future()  # it is not read on; writing to it tells when it has gone

    # out

    @property
    def has_status(self) -> bool:
        """Has the response begun? What goes wrong now can only be told within it."""
        return self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE)

    @property
    def is_streaming(self) -> bool:
        """Has the response begun, and not ended?"""
        return self._http.our_state is h11.SEND_BODY

    async def send(self, status: int, body: bytes, headers: Headers, *, is_last: bool = False) -> None:
        """A whole response. `is_last`: the connection ends with it."""
        headers = {**headers, "Content-Length": str(len(body)), **({"Connection": "close"} if is_last else {})}
        pieces = [self._http.send(_head(status, headers))]
        if not self._wants_head_only:
            pieces.append(self._http.send(h11.Data(data=body)))
        await self._write(*pieces, self._http.send(h11.EndOfMessage()))

    def start_stream(self, headers: Headers) -> None:
        """The head of a response of unknown length. It travels with the first piece."""
        self._head = self._http.send(_head(200, headers)) or b""

    async def stream(self, piece: bytes) -> None:
        """Sent at once. Waits where the client reads slower than it is told; nobody else does."""
        head, self._head = self._head, b""
        await self._write(head, self._http.send(h11.Data(data=piece)))

    async def end_stream(self) -> None:
        await self._write(self._http.send(h11.EndOfMessage()))

    async def _write(self, *pieces: bytes | None) -> None:
        self._writer.write(b"".join(piece for piece in pieces if piece))
        await self._writer.drain()

    def close(self) -> None:
        self._writer.close()


def _head(status: int, headers: Headers) -> h11.Response:
    return h11.Response(status_code=status, reason=HTTPStatus(status).phrase, headers=list(headers.items()))
