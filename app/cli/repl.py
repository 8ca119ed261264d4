"""`rubato chat` without a prompt: a conversation in the terminal. Each line is one command, run here or forwarded."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from app.core.instance import Console

Ask = Callable[[Sequence[str]], Awaitable[int]]
WELCOME = "Rubato. Ctrl-C stops a reply, Ctrl-D ends the conversation.\n"


async def converse(ask: Ask, console: Console) -> int:
    """Until the end of the input. `ask` runs one command line."""
    chat_id = uuid.uuid4().hex
    console.err(WELCOME)
    async for line in _lines(console):
        if line.strip():
            with contextlib.suppress(asyncio.CancelledError):  # Ctrl-C: the reply ends, the conversation does not
                await ask(["chat", "--chat", chat_id, "--", line.strip()])
    console.err("\n")
    return 0


async def _lines(console: Console) -> AsyncIterator[str]:
    """Lines of standard input, read on a thread that does not keep the program from ending."""
    loop = asyncio.get_running_loop()
    while True:
        line: asyncio.Future[str] = loop.create_future()

        def read(line: asyncio.Future[str] = line) -> None:
            text = sys.stdin.readline()
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(_settle, line, text)

        console.err("\n> ")
        threading.Thread(target=read, name="standard input", daemon=True).start()
        text = await line
        if not text:
            return
        yield text


def _settle(line: asyncio.Future[str], text: str) -> None:
    if not line.done():
        line.set_result(text)
