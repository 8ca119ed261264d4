"""Entrance of the engine process. Reader thread: commands from the pipe into the inbox. Main thread: the step loop."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from pathlib import Path
from typing import BinaryIO

import msgspec

from app import children, diagnostics, logs, wire
from app.engine.messages import Command, Event, LoadModel
from app.engine.process.backend import OpenBackend
from app.engine.process.inbox import Inbox
from app.engine.process.loop import EngineLoop
from app.engine.tuned import Choice

GOODBYE_SECONDS = 1.5  # for the step under way and the KV of chats, once the other side is gone


def main(arguments: list[str]) -> int:
    pipe_in, pipe_out = children.claim_pipes()  # before a native library can print
    options = _parse(arguments)
    logs.start(Path(options.logs), "engine", debug_topics=tuple(options.debug))
    diagnostics.dump_stacks_on_signal(sys.stderr)
    inbox = Inbox()
    threading.Thread(target=_read, args=(pipe_in, inbox), name="reader", daemon=True).start()

    def send(events: list[Event]) -> None:
        pipe_out.write(wire.encode(*events))

    try:
        EngineLoop(
            open_backend(options.backend, options.seconds_per_token, options.threads, options.tuning, options.choice),
            inbox,
            send,
            name=options.backend,
            kv_folder=options.kv,
        ).run()
    except BrokenPipeError:
        return 0  # the program is gone
    return 0


def open_backend(
    name: str,
    seconds_per_token: float = 0.0,
    n_threads: int | None = None,
    tuning: Path | None = None,
    choice: Choice | None = None,
) -> OpenBackend:
    """How a model is opened: by llama.cpp, or not at all by the fake. llama.cpp is imported when first needed."""
    if name == "fake":
        from app.engine.process.fake_llama import open_fake

        return lambda command, on_progress: open_fake(_path(command), seconds_per_token)
    from app.engine.process.llama import LlamaBackend

    return lambda command, on_progress: LlamaBackend(
        _path(command),
        command.context_tokens,
        on_progress,
        command.gpu_layers,
        command.gpu_split,
        n_threads=n_threads,
        tuning=tuning,
        choice=choice,
        kv=command.kv,
        flash_attention=command.flash_attention,
    )


def _path(command: LoadModel) -> Path:
    return Path(os.fsdecode(command.path))


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="rubato child engine")
    parser.add_argument("--logs", required=True)
    parser.add_argument("--kv", type=Path, help="a folder for saved KV of chats")
    parser.add_argument("--backend", choices=("llama", "fake"), default="llama")
    parser.add_argument("--tuning", type=Path, help="a folder with what was measured of models")
    parser.add_argument("--choice", type=_choice, help="what to run models with instead, as JSON")
    parser.add_argument("--threads", type=int, help="at most; without it every core")
    parser.add_argument("--seconds-per-token", type=float, default=0.0, help="how slow the fake backend is")
    parser.add_argument("--debug", action="append", default=[])
    return parser.parse_args(arguments)


def _choice(text: str) -> Choice:
    return msgspec.json.decode(text, type=Choice)


def _read(pipe: BinaryIO, inbox: Inbox) -> None:
    decoder: wire.Decoder[Command] = wire.Decoder(Command)
    try:
        for line in pipe:
            inbox.put(decoder.decode(line))
    except wire.WireError:
        logs.topic("wire").exception("the program sent what is not a command; the engine ends")
    inbox.close()
    # a native step that does not stop must not outlive the program
    timer = threading.Timer(GOODBYE_SECONDS, os._exit, args=(0,))
    timer.daemon = True
    timer.start()
