"""Messages between processes: one JSON line each, typed and checked on arrival. Both ends use this module.

Every message carries the protocol version and an id. Never pickle, never eval: what comes from a process that
crashed, or from a program of another version, is data or it is refused.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

PROTOCOL_VERSION = 1
LINE_LIMIT_BYTES = 64 * 1024 * 1024


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=True):
    """Base of everything that travels. `id` names the request that it belongs to, or is empty."""

    id: str = ""
    v: int = PROTOCOL_VERSION


class WireError(Exception):
    """The other side sent something that is not a message of this protocol."""


_encoder = msgspec.json.Encoder()


def encode(*messages: Message) -> bytes:
    """All messages as lines, to be written in one go."""
    return _encoder.encode_lines(messages)


M = TypeVar("M", bound=Message)


class Decoder(Generic[M]):
    """Lines to messages of one union, for example `Decoder[Command](Command)`."""

    def __init__(self, union: Any) -> None:
        self._decoder: msgspec.json.Decoder[M] = msgspec.json.Decoder(union)

    def decode(self, line: bytes) -> M:
        """One line as a message. Raises WireError for anything else."""
        if len(line) > LINE_LIMIT_BYTES:
            raise WireError(f"a line of {len(line)} bytes, over the limit of {LINE_LIMIT_BYTES}")
        try:
            message = self._decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise WireError(f"not a message: {error}; starts with {line[:80]!r}") from error
        if message.v != PROTOCOL_VERSION:
            raise WireError(f"protocol version {message.v}, this side speaks {PROTOCOL_VERSION}")
        return message
