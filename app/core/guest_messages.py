"""What a later start of the program and the one that has the profile say to each other."""

from __future__ import annotations

from app import wire

LIMIT_BYTES = wire.LINE_LIMIT_BYTES


class RunCommand(wire.Message, frozen=True, kw_only=True):
    """`arguments` and `folder` as bytes: names of files need not be text."""

    arguments: tuple[bytes, ...]
    folder: bytes
    secret: str = ""


class OutputWritten(wire.Message, frozen=True, kw_only=True):
    text: str
    is_error: bool = False


class CommandEnded(wire.Message, frozen=True, kw_only=True):
    code: int


def to_bytes(argument: str) -> bytes:
    """UTF-8, with the bytes that Python could not read as text as they came. The same in every locale."""
    return argument.encode("utf-8", "surrogateescape")


def from_bytes(argument: bytes) -> str:
    return argument.decode("utf-8", "surrogateescape")
