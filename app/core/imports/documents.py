"""A file of JSON, or of lines of JSON, with chats in it: whose it is shows in what it holds. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from app.core.imports import chatgpt, llama_page, own_chat
from app.core.imports.arrivals import ArrivingChat, LeftOut, Unusable, text_in
from app.errors import ErrorKind, KnownError

LIMIT_BYTES = 500 * 1000**2
_LONE_SURROGATE = re.compile(rb"\\u[dD][89abAB]..(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F]..")
_DAMAGE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def chats_in(data: bytes, name: str, left_out: LeftOut, now_seconds: float) -> Iterator[ArrivingChat]:
    """Raises KnownError, at once, for what holds none. What is wrong with one chat is told in `left_out`."""
    values = _values(data.removeprefix(b"\xef\xbb\xbf"), name)
    first = next(values, None)
    if first is not None and first is not False and not (isinstance(first, dict) and _is_known(first)):
        raise no_chats(name)
    return _chats(first, values, left_out, now_seconds)


def no_chats(name: str) -> KnownError:
    return KnownError(
        ErrorKind.BAD_REQUEST,
        f"“{name}” has no chats in it that can be read. Rubato takes its own exports, ChatGPT's conversations.json or "
        "the ZIP that it comes in, and exports of the web page of llama.cpp.",
    )


def _is_known(value: dict[str, Any]) -> bool:
    return own_chat.is_one(value) or chatgpt.is_one(value) or llama_page.is_one(value)


def _chats(first: object, others: Iterator[object], left_out: LeftOut, now_seconds: float) -> Iterator[ArrivingChat]:
    value: object = first
    while value is not None:
        try:
            if isinstance(value, dict) and _is_known(value):
                yield _chat(value, left_out, now_seconds)
            else:
                left_out.chat(_title(value), "is damaged in the file")
        except (Unusable, *_DAMAGE) as error:
            left_out.chat(_title(value), str(error) if isinstance(error, Unusable) else "is damaged in the file")
        value = next(others, None)


def _chat(value: dict[str, Any], left_out: LeftOut, now_seconds: float) -> ArrivingChat:
    if own_chat.is_one(value):
        return own_chat.chat_of(value, now_seconds)
    if chatgpt.is_one(value):
        return chatgpt.chat_of(value, left_out, now_seconds)
    return llama_page.chat_of(value, left_out, now_seconds)


def _title(value: object) -> str:
    if not isinstance(value, dict):
        return "A chat"
    conv = value.get("conv")
    return text_in(value.get("title")) or (text_in(conv.get("name")) if isinstance(conv, dict) else "") or "A chat"


def _values(data: bytes, name: str) -> Iterator[object]:
    """Chats as they stand in the file, one at a time; False for one that is damaged."""
    head = data[:1000].lstrip()
    if not head.startswith((b"[", b"{")):
        raise no_chats(name)
    if head.startswith(b"{") and _is_lines(data):
        return _sessions(data)
    list_of = data if head.startswith(b"[") else b"[" + data + b"]"
    try:
        try:
            parts = msgspec.json.decode(list_of, type=list[msgspec.Raw])
        except msgspec.DecodeError:
            parts = msgspec.json.decode(_mended(list_of), type=list[msgspec.Raw])
    except RecursionError:
        raise no_chats(name) from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise KnownError(
            ErrorKind.BAD_REQUEST,
            f"“{name}” is damaged or not complete, so nothing was taken over. Export it again.",
        ) from error
    return (_decoded(bytes(part)) for part in parts)


def _decoded(part: bytes) -> object:
    try:
        return msgspec.json.decode(part)
    except _DAMAGE:
        try:
            return msgspec.json.decode(_mended(part))
        except _DAMAGE:
            return False


def _mended(data: bytes) -> bytes:
    """Halves of characters, which other programs write and no text can hold, become a sign for that."""
    return _LONE_SURROGATE.sub(rb"\\ufffd", data)


def _is_lines(data: bytes) -> bool:
    end = data.find(b"\n")
    first = _decoded(data[: end if end > 0 else len(data)])
    return isinstance(first, dict) and first.get("type") == "session"


def _sessions(data: bytes) -> Iterator[object]:
    """The page's lines as the objects that it wrote before it wrote lines."""
    session: dict[str, Any] | None = None
    start = 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = end if end >= 0 else len(data)
        line = data[start:end].strip()
        start = end + 1
        record = _decoded(line) if line else None
        if isinstance(record, dict) and record.get("type") == "session":
            if session is not None:
                yield session
            session = {"conv": record, "messages": []}
        elif isinstance(record, dict) and record.get("type") == "message" and session is not None:
            session["messages"].append(record.get("message"))
        elif record is False:
            yield False
    if session is not None:
        yield session
