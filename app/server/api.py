"""The paths and what is done for each: one request in, one response out."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from app.core.core import Core
from app.core.model_names import id_of
from app.core.openai import chat_request
from app.core.openai.api_error import BUG_SENTENCE, ApiError, of_kind
from app.core.openai.chat_request import ChatRequest
from app.engine.interface import ModelState
from app.engine.messages import RequestFailed, RequestFinished, TextProduced
from app.errors import KnownError
from app.logs import topic
from app.server import embeddings, origin
from app.server.chat_reply import ChatReply
from app.server.connection import BODY_LIMIT_BYTES, Connection, Request

log = topic("server")

JSON = {"Content-Type": "application/json", "Cache-Control": "no-store"}
EVENTS = {"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store"}
DONE = b"data: [DONE]\n\n"

Answer = Callable[[Request, Connection], Awaitable[None]]


class Api:
    """Over one Core, on its loop."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._paths: dict[str, dict[str, Answer]] = {
            "/health": {"GET": self._health},
            "/v1/models": {"GET": self._models},
            "/v1/chat/completions": {"POST": self._chat},
            "/v1/embeddings": {"POST": self._embeddings},
        }

    async def answer(self, request: Request, connection: Connection) -> None:
        """One response, whatever happens. Raises ConnectionError where the client has gone."""
        try:
            await self._route(request)(request, connection)
        except ApiError as error:
            await _fail(connection, error)
        except KnownError as error:
            await _fail(connection, of_kind(error.kind, error.sentence))
        except ConnectionError:
            raise
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            await _fail(connection, ApiError(500, BUG_SENTENCE))

    def _route(self, request: Request) -> Answer:
        refusal = origin.why_refused(request.headers.get("host"), request.headers.get("origin"))
        if refusal:
            raise ApiError(403, refusal, code="forbidden")
        methods = self._paths.get(request.path)
        if methods is None:
            raise ApiError(404, f"There is nothing at {request.path}, only at {', '.join(self._paths)}.")
        if request.method not in methods:
            allowed = ", ".join(methods)
            raise ApiError(405, f"{request.path} takes {allowed}, not {request.method}.", headers={"Allow": allowed})
        if request.body is None:
            raise ApiError(413, f"A body has {BODY_LIMIT_BYTES // 2**20} MB at most.", code="request_too_large")
        return methods[request.method]

    async def _health(self, request: Request, connection: Connection) -> None:
        state = self._core.model_state
        status = {ModelState.READY: "ok", ModelState.ASLEEP: "ok", ModelState.LOADING: "loading"}.get(state, "no model")
        body = {"status": status, **({"message": self._core.model_problem} if self._core.model_problem else {})}
        await connection.send(200 if status == "ok" else 503, msgspec.json.encode(body), JSON)

    async def _models(self, request: Request, connection: Connection) -> None:
        """The one that is loaded, or being loaded: no other answers."""
        data = []
        if self._core.model_path is not None and not self._core.model_problem:
            changed = self._core.model_path.stat().st_mtime if self._core.model_path.exists() else 0.0
            data = [{"id": self._model_name, "object": "model", "created": int(changed), "owned_by": "rubato"}]
        await connection.send(200, msgspec.json.encode({"object": "list", "data": data}), JSON)

    async def _chat(self, request: Request, connection: Connection) -> None:
        assert request.body is not None
        asked = chat_request.parse(request.body, default_max_tokens=self._core.settings.max_reply_tokens)
        self._check_model(asked.model)
        reply = ChatReply(
            id=f"chatcmpl-{uuid.uuid4().hex}",
            model=self._model_name,
            created_seconds=int(time.time()),
            includes_usage=asked.includes_usage,
        )
        await (self._stream if asked.is_streamed else self._whole)(asked, reply, connection)

    async def _whole(self, asked: ChatRequest, reply: ChatReply, connection: Connection) -> None:
        text: dict[bool, list[str]] = {False: [], True: []}  # by whether it is thought
        async with contextlib.aclosing(self._core.generate(asked.generate)) as events:
            async for event in events:
                if isinstance(event, TextProduced):
                    text[event.is_thinking].append(event.text)
                elif isinstance(event, RequestFailed):
                    raise of_kind(event.kind, event.sentence)
                elif isinstance(event, RequestFinished):
                    whole = reply.whole("".join(text[False]), "".join(text[True]), event)
                    await connection.send(200, msgspec.json.encode(whole), JSON)

    async def _stream(self, asked: ChatRequest, reply: ChatReply, connection: Connection) -> None:
        """The status goes out with the first text, so that a request which fails before it has its proper one."""
        async with contextlib.aclosing(self._core.generate(asked.generate)) as events:
            async for event in events:
                if isinstance(event, RequestFailed):
                    raise of_kind(event.kind, event.sentence)
                if isinstance(event, TextProduced | RequestFinished) and not connection.has_status:
                    connection.start_stream(EVENTS)
                if isinstance(event, TextProduced):
                    await connection.stream(_sse(reply.grown(event.text, is_thinking=event.is_thinking)))
                elif isinstance(event, RequestFinished):
                    await connection.stream(b"".join(map(_sse, reply.ended(event))) + DONE)
                    await connection.end_stream()

    async def _embeddings(self, request: Request, connection: Connection) -> None:
        assert request.body is not None
        asked = embeddings.parse(request.body)
        self._check_model(asked.model)
        try:
            vectors = await self._core.embed(asked.texts, asked.priority)
            n_tokens = sum(await self._core.count_tokens(asked.texts))
        except KnownError as error:
            raise of_kind(error.kind, error.sentence, text_param="input") from error
        answer = embeddings.answer(asked, vectors, model=self._model_name, n_tokens=n_tokens)
        await connection.send(200, msgspec.json.encode(answer), JSON)

    def _check_model(self, name: str) -> None:
        path = self._core.model_path
        if path is None or self._core.model_problem:
            return  # the engine says why
        if name not in ("", self._model_name, _text_of(path.name)):
            raise ApiError(
                404,
                f"The model “{name}” is not loaded; “{self._model_name}” is. Name it, or leave “model” out.",
                code="model_not_found",
                param="model",
            )

    @property
    def _model_name(self) -> str:
        """As other programs name it."""
        return "" if self._core.model_path is None else id_of(self._core.model_path)


async def _fail(connection: Connection, error: ApiError) -> None:
    body = msgspec.json.encode(error.body)
    if not connection.has_status:
        await connection.send(error.status, body, {**JSON, **error.headers})
    elif connection.is_streaming:  # it ends without [DONE]
        await connection.stream(b"data: " + body + b"\n\n")
        await connection.end_stream()


def _sse(chunk: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(chunk) + b"\n\n"


def _text_of(name: str) -> str:
    """The name of a file need not be text."""
    return name.encode("utf-8", "backslashreplace").decode()
