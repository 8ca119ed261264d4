"""A chat as a file: Markdown or HTML of the branch that is shown, JSON of all there is. Pure but for `write`."""

from __future__ import annotations

import dataclasses
import html
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import msgspec
from markdown_it import MarkdownIt

from app.core import chat_json, thoughts
from app.core.chat_views import MessageView, OpenChat, Role
from app.errors import from_os_error
from app.store.chats import ChatRow, MessageRow

ExportFormat = Literal["markdown", "html", "json"]

_STYLE = """
:root { color-scheme: light dark; --bg: #FBFAF8; --text: #1F1D1A; --muted: #625D53; --raised: #FFFFFF; --line: #DDD8CC;
  --code: #F1EEE7; --accent: #0B6B63 }
@media (prefers-color-scheme: dark) { :root { --bg: #161513; --text: #EDE9E1; --muted: #ABA598; --raised: #262420;
  --line: #3B3832; --code: #211F1B; --accent: #5CC8BA } }
body { background: var(--bg); color: var(--text); font-family: Inter, system-ui, sans-serif; font-size: 11pt;
  line-height: 1.5; max-width: 760px;
  margin: 32px auto; padding: 0 16px }
h1 { font-size: 15pt } h2 { font-size: 10pt; color: var(--muted); margin: 24px 0 4px }
.you { background: var(--raised); border: 1px solid var(--line); border-radius: 14px; padding: 12px 16px;
  overflow-wrap: anywhere }
pre, code { background: var(--code); border-radius: 8px; font-family: "JetBrains Mono", monospace; font-size: 10pt }
pre { padding: 12px 14px; overflow-x: auto } a { color: var(--accent) }
table { border-collapse: collapse } td, th { border: 1px solid var(--line); padding: 4px 8px }
blockquote { border-left: 3px solid var(--line); margin-left: 0; padding-left: 16px }
"""
# what a reply names as an image is a link in the file: to open it fetches nothing
_markdown = MarkdownIt("commonmark", {"html": False, "maxNesting": 60}).enable(["table", "strikethrough"])
_markdown.disable("image")


def as_markdown(chat: OpenChat, messages: Sequence[MessageView]) -> str:
    """The shown branch, without thoughts."""
    parts = [f"# {' '.join(chat.chat.title.split())}"]
    for message in chat.messages:
        parts += [f"## {_speaker(message)}", *(f"*{line}*" for line in _named(message)), _shown(message)]
    return "\n\n".join(parts) + "\n"


def as_html(chat: OpenChat, messages: Sequence[MessageView]) -> str:
    """The shown branch, without thoughts, as a page that needs nothing else and loads nothing."""
    title = html.escape(chat.chat.title)
    parts = []
    for message in chat.messages:
        text = _shown(message)
        is_users = message.role is Role.USER
        body = f'<div class="you">{_as_typed(text)}</div>' if is_users else _markdown.render(text)
        named = "".join(f"<p><em>{html.escape(line)}</em></p>\n" for line in _named(message))
        parts.append(f"<h2>{html.escape(_speaker(message))}</h2>\n{named}{body}")
    return (
        '<!doctype html>\n<html><head><meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{title}</title>\n<style>{_STYLE}</style></head>\n"
        f'<body dir="auto">\n<h1>{title}</h1>\n' + "\n".join(parts) + "\n</body></html>\n"
    )


def as_json(chat: OpenChat, messages: Sequence[MessageView]) -> str:
    """All messages with their parents: every version and branch. `leaf` is the end of the shown one."""
    view = chat.chat
    row = ChatRow(
        id=view.id,
        title=view.title,
        leaf_id=chat.messages[-1].id if chat.messages else None,
        updated_seconds=view.updated_seconds,
        folder_id=view.folder_id,
        persona_id=view.persona_id,
        tags=view.tags,
        options=msgspec.json.encode(view.options).decode(),
        is_pinned=view.is_pinned,
        is_archived=view.is_archived,
    )
    value = chat_json.value_of(row, [_row(message) for message in messages], draft=view.draft)
    for made, message in zip(value["messages"], messages, strict=True):
        made |= _documents(message)
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


_WRITERS: dict[ExportFormat, Callable[[OpenChat, Sequence[MessageView]], str]] = {
    "markdown": as_markdown,
    "html": as_html,
    "json": as_json,
}


def text_of(format: ExportFormat, chat: OpenChat, messages: Sequence[MessageView]) -> str:
    """`messages`: all of the chat, whatever branch they are on, parents first."""
    return _WRITERS[format](chat, messages)


def write(path: Path, text: str) -> None:
    """Whole, or not at all. Raises KnownError."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8", errors="replace")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise from_os_error(error, f"write “{path.name}”") from error


def _speaker(message: MessageView) -> str:
    if message.role is Role.USER:
        return "You"
    return f"Assistant ({message.model_name})" if message.model_name else "Assistant"


def _named(message: MessageView) -> list[str]:
    """The documents that went with it, or that it was made from, as a line."""
    if message.attachments:
        said = ", ".join(f"{one.name} ({one.use.value})" for one in message.attachments)
        return [f"Documents: {' '.join(said.split())}"]
    if message.passages:
        said = ", ".join(dict.fromkeys(f"{one.name}, {one.place}" for one in message.passages))
        return [f"From: {' '.join(said.split())}"]
    return []


def _documents(message: MessageView) -> dict[str, object]:
    named: dict[str, object] = {}
    if message.attachments:
        named["documents"] = [{"name": one.name, "use": one.use.value} for one in message.attachments]
    if message.passages:
        named["passages"] = [{"name": one.name, "place": one.place, "text": one.text} for one in message.passages]
    return named


def _shown(message: MessageView) -> str:
    is_users = message.role is Role.USER
    text = message.text if is_users else thoughts.answer_of(message.text)
    return text.strip() or message.error


def _as_typed(text: str) -> str:
    """Lines and indents as they are, also where the page is printed by what knows no style for that."""
    return html.escape(text).replace("  ", "&nbsp; ").replace("\n", "<br>\n")


def _row(message: MessageView) -> MessageRow:
    return MessageRow(
        id=message.id,
        chat_id=message.chat_id,
        parent_id=message.parent_id or None,
        role=message.role.value,
        text=message.text,
        state=message.state.value,
        error=message.error,
        figures=None if message.figures is None else dataclasses.asdict(message.figures),
        created_seconds=message.created_seconds,
        is_pinned=message.is_pinned,
        model_name=message.model_name,
        thinking_seconds=message.thinking_seconds,
    )
