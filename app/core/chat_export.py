"""A chat as a file: Markdown or HTML of the branch that is shown, JSON of all there is. Pure but for `write`."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from markdown_it import MarkdownIt

from app.core import thoughts
from app.core.chat_views import MessageView, OpenChat, Role
from app.errors import from_os_error

ExportFormat = Literal["markdown", "html", "json"]
JSON_FORMAT, JSON_VERSION = "rubato-chat", 1

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
        parts += [f"## {_speaker(message)}", _shown(message)]
    return "\n\n".join(parts) + "\n"


def as_html(chat: OpenChat, messages: Sequence[MessageView]) -> str:
    """The shown branch, without thoughts, as a page that needs nothing else and loads nothing."""
    title = html.escape(chat.chat.title)
    parts = []
    for message in chat.messages:
        text = _shown(message)
        is_users = message.role is Role.USER
        body = f'<div class="you">{_as_typed(text)}</div>' if is_users else _markdown.render(text)
        parts.append(f"<h2>{html.escape(_speaker(message))}</h2>\n{body}")
    return (
        '<!doctype html>\n<html><head><meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{title}</title>\n<style>{_STYLE}</style></head>\n"
        f'<body dir="auto">\n<h1>{title}</h1>\n' + "\n".join(parts) + "\n</body></html>\n"
    )


def as_json(chat: OpenChat, messages: Sequence[MessageView]) -> str:
    """All messages with their parents: every version and branch. `leaf` is the end of the shown one."""
    view = chat.chat
    value = {
        "format": JSON_FORMAT,
        "version": JSON_VERSION,
        "id": view.id,
        "title": view.title,
        "updated": _time(view.updated_seconds),
        "tags": list(view.tags),
        "leaf": chat.messages[-1].id if chat.messages else None,
        "messages": [
            {
                "id": message.id,
                "parent": message.parent_id or None,
                "role": message.role.value,
                "text": message.text,
                "state": message.state.value,
                "model": message.model_name,
                "created": _time(message.created_seconds),
            }
            for message in messages
        ],
    }
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


def _shown(message: MessageView) -> str:
    is_users = message.role is Role.USER
    text = message.text if is_users else thoughts.answer_of(message.text)
    return text.strip() or message.error


def _as_typed(text: str) -> str:
    """Lines and indents as they are, also where the page is printed by what knows no style for that."""
    return html.escape(text).replace("  ", "&nbsp; ").replace("\n", "<br>\n")


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
