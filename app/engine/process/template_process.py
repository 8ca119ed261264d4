"""Chat templates that might never end are rendered in a process of their own, which can be ended.

A template is a program that comes with a model, and Python can't stop one that runs in its own process. One such
process serves one engine; it is started with the first template that needs it and again after it had to be killed.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import queue
import subprocess
import sys
import threading
from functools import lru_cache
from typing import IO, Any

import msgspec

from app import children
from app.child_command import child_command

LIMIT_SECONDS = 2.0  # a template takes a few milliseconds
START_SECONDS = 20.0  # of the process, on a machine that has much to do
MOST_BYTES = 8_000_000  # of a rendered prompt
MEMORY_BYTES = 1 << 30


class RenderTask(msgspec.Struct, frozen=True):
    """What the template gets. `variables` are plain data."""

    source: str
    variables: dict[str, Any]


class Rendered(msgspec.Struct, frozen=True):
    """`refusal`: what the template, or Jinja, has against it."""

    text: str = ""
    refusal: str = ""


class TemplateDidNotEnd(Exception):
    """Its process was killed."""


class TemplateProcess:
    """Starts when it is first used, or before. Not for more than one thread."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._is_ready = False

    def start(self) -> None:
        """Don't wait for it."""
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._lines = queue.SimpleQueue()
            self._process = subprocess.Popen(
                child_command("template"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=os.name == "posix",
            )
            arguments = (self._process.stdout, self._lines)
            threading.Thread(target=_pass_lines, args=arguments, name="template", daemon=True).start()
            self._is_ready = False

    def render(self, task: RenderTask) -> Rendered:
        """Raises TemplateDidNotEnd for what takes too long, too much memory, or writes too much."""
        process = self._started()
        assert process.stdin is not None
        try:
            process.stdin.write(msgspec.json.encode(task) + b"\n")
            process.stdin.flush()
            return msgspec.json.decode(self._line(LIMIT_SECONDS), type=Rendered)
        except (OSError, queue.Empty, msgspec.MsgspecError) as error:
            self.close()
            raise TemplateDidNotEnd from error

    def close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            assert stream is not None
            with contextlib.suppress(OSError):
                stream.close()

    def _started(self) -> subprocess.Popen[bytes]:
        self.start()
        assert self._process is not None
        if not self._is_ready:
            with contextlib.suppress(queue.Empty):
                self._line(START_SECONDS)
            self._is_ready = True
        return self._process

    def _line(self, seconds: float) -> bytes:
        return self._lines.get(timeout=seconds)


def _pass_lines(stream: IO[bytes], lines: queue.SimpleQueue[bytes]) -> None:
    with contextlib.suppress(OSError, ValueError):  # it was closed
        while True:
            line = stream.readline(MOST_BYTES)
            lines.put(line)  # one that is not whole, or the end, is no answer
            if not line.endswith(b"\n"):
                return


@lru_cache(maxsize=1)
def template_process() -> TemplateProcess:
    """The one of this engine."""
    made = TemplateProcess()
    atexit.register(made.close)
    return made


# the child's side


def main() -> int:
    """Answer tasks until the input ends."""
    from app.engine.process.chat_template import render_here

    pipe_in, pipe_out = children.claim_pipes()
    _limit_memory()
    pipe_out.write(b"\n")
    for line in pipe_in:
        watch = threading.Timer(2 * LIMIT_SECONDS, os._exit, args=(1,))  # the engine that would kill it may be gone
        watch.daemon = True
        watch.start()
        task = msgspec.json.decode(line, type=RenderTask)
        try:
            rendered = Rendered(text=render_here(task.source, task.variables))
        except MemoryError:
            os._exit(1)
        except Exception as error:
            rendered = Rendered(refusal=str(error)[:500] or type(error).__name__)
        watch.cancel()
        pipe_out.write(msgspec.json.encode(rendered) + b"\n")
    return 0


def _limit_memory() -> None:
    if sys.platform != "win32":
        import resource

        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
