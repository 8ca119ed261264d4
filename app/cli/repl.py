"""`rubato chat` without a prompt: a conversation in the terminal. Each line is one command, run here or forwarded."""

from __future__ import annotations

import asyncio
import contextlib
import os
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
            try:
                await ask(["chat", "--chat", chat_id, "--", line.strip()])
            except asyncio.CancelledError:  # Ctrl-C: the reply ends, the conversation does not
                program = asyncio.current_task()
                if program is not None and program.cancelling():  # SIGTERM: the conversation ends too
                    raise
    console.err("\n")
    return 0


async def _lines(console: Console) -> AsyncIterator[str]:
    """Lines of standard input, read on a thread that does not keep the program from ending.

    Read past `sys.stdin`: a thread that waits inside its buffer holds a lock which Python wants when it ends.
    """
    loop = asyncio.get_running_loop()
    incoming: asyncio.Queue[bytes] = asyncio.Queue()

    def read() -> None:
        try:
            piece = os.read(0, 1 << 16)
        except OSError:  # the terminal is gone
            piece = b""
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(incoming.put_nowait, piece)

    rest = b""
    while True:
        console.err("\n> ")
        while b"\n" not in rest:
            threading.Thread(target=read, name="standard input", daemon=True).start()
            piece = await incoming.get()
            if not piece:
                if rest:
                    yield rest.decode("utf-8", "replace")
                return
            rest += piece
        line, _, rest = rest.partition(b"\n")
        yield line.decode("utf-8", "replace")
