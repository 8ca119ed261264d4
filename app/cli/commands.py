"""The commands over a running Core, wherever they were typed: here, or in another process (core/instance.py)."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path

from app import logs
from app.cli import options
from app.cli.codes import BUG, FAILED, OK, USAGE
from app.cli.doctor import doctor
from app.cli.format import format_model
from app.cli.jobs import JobCommands
from app.cli.models import about_models
from app.cli.moving import move
from app.cli.named_files import files_to_open
from app.cli.size import size
from app.cli.text import figures_line
from app.cli.tune import tune_model
from app.core.chat_views import MessageState
from app.core.core import Core
from app.core.events import (
    Event,
    ModelStateChanged,
    NoticeShown,
    PromptProgressed,
    ReplyEnded,
    ReplyGrew,
)
from app.core.instance import Console
from app.engine.interface import ModelState
from app.errors import ErrorKind, KnownError


class Commands:
    """Executes command lines on one Core. `has_window`: this program shows one."""

    def __init__(self, core: Core, *, has_window: bool) -> None:
        self._core = core
        self._has_window = has_window

    async def execute(self, arguments: Sequence[str], folder: Path, console: Console, *, is_own: bool = False) -> int:
        """Run one command line; every failure is a sentence on the console and an exit code.

        `is_own`: it is what this program was started for, and the program ends with it.
        """
        try:
            parsed = options.parse(arguments)
            self._check_model(parsed, folder)
            jobs = JobCommands(self._core, folder, console, is_own=is_own)
            match parsed.command:
                case None | "open":
                    return self._raise_window(console, files_to_open(parsed, folder))
                case "ask":
                    return self._show_quick_ask(parsed.text, console)
                case "chat":
                    return await self._chat(parsed, console)
                case "jobs":
                    return await jobs.about(parsed)
                case "batch":
                    return await jobs.batch(parsed)
                case "export" | "import":
                    return await move(self._core, parsed, folder, console)
                case "models":
                    return await about_models(self._core, parsed, folder, console)
                case "doctor":
                    return await doctor(self._core, console)
                case "tune":
                    return await tune_model(self._core, console, is_fresh=parsed.again)
                case "format":
                    return await format_model(self._core, parsed, folder, console)
                case "size":
                    return await size(self._core, parsed, console)
                case "serve":
                    return await self._serve(parsed, console)
                case _:
                    return await jobs.make(parsed)
        except options.UsageError as error:
            console.err(f"{error}\n")
            return USAGE
        except KnownError as error:
            console.err(f"{error}\n")
            return FAILED
        except BrokenPipeError:  # the reader of our output has gone
            raise
        except Exception:
            logs.topic("report").exception("a command failed through a fault of the program's own")
            console.err(f"This failed through a fault of Rubato's own. The report is in {self._core.paths.logs}.\n")
            return BUG

    def _check_model(self, parsed: argparse.Namespace, folder: Path) -> None:
        loaded = self._core.model_path
        if parsed.model is None or loaded is None:
            return
        if (folder / parsed.model).resolve() != loaded.resolve():
            raise KnownError(
                ErrorKind.PROFILE_IN_USE,
                f"The running Rubato has {loaded.name} loaded. Choose the model there, or close it first.",
            )

    def _raise_window(self, console: Console, files: Sequence[Path]) -> int:
        if not self._has_window:
            raise KnownError(
                ErrorKind.PROFILE_IN_USE,
                "A command is using this profile. Wait until it is done, or choose another folder with --profile.",
            )
        self._core.raise_window(files)
        console.err("Rubato is open already; its window comes to the front.\n")
        return OK

    def _show_quick_ask(self, text: str, console: Console) -> int:
        if not self._has_window:
            raise KnownError(
                ErrorKind.PROFILE_IN_USE,
                "A command is using this profile. Wait until it is done, or choose another folder with --profile.",
            )
        self._core.show_quick_ask(text)
        console.err("The quick ask of the Rubato that is open comes to the front.\n")
        return OK

    # chat

    async def _chat(self, parsed: argparse.Namespace, console: Console) -> int:
        ended: asyncio.Future[ReplyEnded] = asyncio.get_running_loop().create_future()
        chat_id = ""
        has_answer = False
        notices: list[str] = []

        def show(event: Event) -> None:
            nonlocal has_answer
            if isinstance(event, ModelStateChanged) and event.state is ModelState.LOADING:
                console.err(f"\rLoading {event.name}, {event.fraction:.0%}")
            elif isinstance(event, PromptProgressed) and event.chat_id == chat_id:
                console.err(f"\rReading the prompt, {event.n_read / max(1, event.n_total):.0%}")
            elif isinstance(event, ReplyGrew) and event.chat_id == chat_id:
                console.out(event.text)
                has_answer = True
            elif isinstance(event, NoticeShown) and event.is_error:
                notices.append(event.sentence)
            elif isinstance(event, ReplyEnded) and event.message.chat_id == chat_id and not ended.done():
                ended.set_result(event)

        remove = self._core.add_sink(show)
        try:
            existing = {chat.id for chat in self._core.chats()}
            known = parsed.chat if parsed.chat in existing else None
            chat_id = await self._core.send(known, parsed.prompt, new_id=parsed.chat or None)
            message = (await ended).message
        except asyncio.CancelledError:
            self._core.stop(chat_id)
            await self._core.wait_for_reply(chat_id)
            raise
        finally:
            remove()
            if has_answer:
                console.out("\n")
        if message.figures is not None:
            console.err(f"{figures_line(message.figures)}\n")
        if message.error:
            console.err(f"{message.error}\n")
        for sentence in dict.fromkeys(notices):  # a full disk tells it at each save
            console.err(f"{sentence}\n")
        has_failed = message.state in (MessageState.FAILED, MessageState.INTERRUPTED) or bool(notices)
        return FAILED if has_failed else OK

    async def _serve(self, parsed: argparse.Namespace, console: Console) -> int:
        from app.server.serve import serve  # HTTP is imported only where it is spoken

        return await serve(self._core, parsed.port, console)
