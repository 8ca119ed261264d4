"""A child's output, line by line. The children are real processes."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable

import pytest

from app import wire
from app.child_output import HeardOutput

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a process that was ended has another code there")


async def hear(script: str, take: Callable[[bytes], None]) -> int:
    """Run it and hear all of it; its exit code."""
    loop = asyncio.get_running_loop()
    transport, output = await loop.subprocess_exec(
        lambda: HeardOutput(take, loop), sys.executable, "-c", script, stdin=asyncio.subprocess.PIPE, stderr=None
    )
    process = asyncio.subprocess.Process(transport, output, loop)
    await asyncio.wait_for(output.ended(), 60)
    return await process.wait()


def test_every_line_is_heard_once_and_in_order_however_it_is_written() -> None:
    heard: list[bytes] = []
    script = """
import os
for piece in (b"one\\ntw", b"o\\n", b"\\n" + b"x" * 300_000, b"y\\nlast\\nhalf a li"):
    while piece:
        piece = piece[os.write(1, piece):]
"""
    assert asyncio.run(hear(script, heard.append)) == 0
    assert heard == [b"one", b"two", b"", b"x" * 300_000 + b"y", b"last"]


def test_what_was_said_before_the_end_is_heard_before_the_end_is_told() -> None:
    heard: list[bytes] = []
    script = "import os, sys; [print(n) for n in range(20_000)]; sys.stdout.flush(); os.kill(os.getpid(), 9)"
    assert asyncio.run(hear(script, heard.append)) == -signal.SIGKILL
    assert heard == [b"%d" % n for n in range(20_000)]


def test_a_line_that_can_not_be_taken_ends_the_child_and_no_later_one_is_heard() -> None:
    heard: list[bytes] = []

    def take(line: bytes) -> None:
        heard.append(line)
        if line == b"bad":
            raise wire.WireError("not a message")

    assert asyncio.run(hear("print('good\\nbad\\nlater', flush=True); input()", take)) == -signal.SIGKILL
    assert heard == [b"good", b"bad"]


def test_a_line_without_an_end_is_not_collected_for_ever() -> None:
    sizes: list[int] = []

    def take(line: bytes) -> None:
        sizes.append(len(line))
        raise wire.WireError("over the limit")

    script = "import os\nwhile True: os.write(1, bytes(65) * 10_000)"
    assert asyncio.run(hear(script, take)) == -signal.SIGKILL
    assert len(sizes) == 1
    assert wire.LINE_LIMIT_BYTES < sizes[0] < wire.LINE_LIMIT_BYTES + (1 << 20)
