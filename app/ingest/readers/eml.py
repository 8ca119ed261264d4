"""EML (a message of e-mail): who wrote it to whom, when and about what, then its text. Attachments are only named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from app.ingest.cleaning import one_line
from app.ingest.damage import damage_as_sentence
from app.ingest.document import Block
from app.ingest.guessing import guess_encoding
from app.ingest.readers.html import html_blocks
from app.ingest.readers.interface import Note, Piece, Reader, unreadable
from app.ingest.readers.text import text_blocks

_PLAIN, _HTML = "text/plain", "text/html"
_SHOWN_HEADERS = ("Subject", "From", "To", "Cc", "Date")
_ENCRYPTED = ("multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime")
_LIMIT_BYTES = 200 * 1000 * 1000
_SAMPLE_BYTES = 64 * 1024
_SAVE_AGAIN = "Open it in your mail program, save its text as a new file and add that."


def read(path: Path, max_characters: int) -> Iterator[Piece]:
    """Its headers as the first block, then its text: the plain one where there is one."""
    from email import policy
    from email.message import EmailMessage
    from email.parser import BytesParser

    if path.stat().st_size > _LIMIT_BYTES:
        raise unreadable(path, f"is larger than a message may be. {_SAVE_AGAIN}")
    with damage_as_sentence(path, _SAVE_AGAIN):
        with path.open("rb") as file:
            message = BytesParser(EmailMessage, policy=policy.default).parse(file)
        headers = [f"{name}: {one_line(str(message[name]))}" for name in _SHOWN_HEADERS if message[name]]
        if message.get_content_type() in _ENCRYPTED:
            raise unreadable(path, f"is encrypted. {_SAVE_AGAIN}")
        texts, attachments = _parts(message)
    if not headers and not message.keys():
        raise unreadable(path, f"is not a message of e-mail, or it is damaged. {_SAVE_AGAIN}")
    if headers:
        yield Block(text="\n".join(headers))
    for is_html, text in texts:
        yield from html_blocks(text, with_title=False) if is_html else text_blocks(text.split("\n"))
    if attachments:
        names = ", ".join(f"“{name}”" for name in attachments)
        yield Note(f"What is attached was not read: {names}.")


def _parts(message: Any) -> tuple[list[tuple[bool, str]], list[str]]:
    """Its texts, each with whether it is HTML, and the names of its attachments."""
    texts = [(part.get_content_type() == _HTML, _decoded(part)) for part in _leaves(message, _chosen) if _is_text(part)]
    others = [part for part in _leaves(message, list) if not _is_text(part) and not _is_inline_picture(part)]
    return texts, [one_line(part.get_filename() or "") or _unnamed(part) for part in others]


def _leaves(part: Any, choose: Callable[[Any], list[Any]]) -> Iterator[Any]:
    """The parts that hold no others; `choose` says which of several versions of the same to go into."""
    if part.get_content_maintype() != "multipart":
        yield part
        return
    is_same = part.get_content_subtype() == "alternative"
    for inner in choose(part.iter_parts()) if is_same else part.iter_parts():
        yield from _leaves(inner, choose)


def _chosen(versions: Iterable[Any]) -> list[Any]:
    """The plain one where it says something, else the one with HTML in it."""
    every = list(versions)
    plain = [part for part in every if part.get_content_type() == _PLAIN and _decoded(part).strip()]
    rich = [part for part in every if any(leaf.get_content_type() == _HTML for leaf in _leaves(part, list))]
    return plain[:1] or rich[:1] or every


def _is_text(part: Any) -> bool:
    is_named = part.get_filename() or part.is_attachment()
    return part.get_content_type() in (_PLAIN, _HTML) and not is_named


def _is_inline_picture(part: Any) -> bool:
    return part.get_content_maintype() == "image" and part["Content-ID"] and not part.is_attachment()


def _unnamed(part: Any) -> str:
    """What to call a part without a name: the subject of a message in the message, or its kind."""
    if part.get_content_type() == "message/rfc822":
        (inner,) = part.get_payload()
        return one_line(str(inner["Subject"] or "")) or "message"
    return str(part.get_content_type())


def _decoded(part: Any) -> str:
    """A text in the encoding that it names, or, where that is wrong, in one that fits."""
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    for name in (part.get_content_charset() or "utf-8", "utf-8"):
        try:
            text = content.decode(name)
            break
        except (LookupError, ValueError):
            continue
    else:
        text = content.decode(guess_encoding(content[:_SAMPLE_BYTES]) or "cp1252", "replace")
    text = str(text).replace("\r\n", "\n")
    is_flowed = part.get_param("format") == "flowed"  # lines that end with a space go on
    return text.replace(" \n", " ") if is_flowed else text


READER = Reader(
    name="message (EML)",
    suffixes=(".eml",),
    recognises=lambda head, path: False,  # only its name says so
    read=read,
)
