"""The person's settings: one small JSON file, read once, written whole and swapped in.

What is unknown or broken in the file is ignored and logged: a bad settings file never stops the program.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import msgspec

from app.errors import ErrorKind, KnownError, from_os_error
from app.logs import topic


class Settings(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Everything a person can set. Times in seconds, sizes in tokens."""

    preset: Literal["responsive", "balanced", "batch"] = "responsive"
    balanced_slowdown: float = 1.5  # in Balanced a reply may take so many times as long as alone
    theme: str = "system"  # system | light | dark
    language: str = ""  # of the window, as in assets/languages; empty: the system's
    model: str = ""  # path of the model to load at start; empty: the starter model
    system_prompt: str = "You are a helpful assistant."
    temperature: float = 0.7
    max_reply_tokens: int = 2048
    context_tokens: int = 8192  # that a chat can have at most
    gpu_layers: int = -1  # of the model; -1: as many as fit the GPUs' memory
    gpu_split: list[float] = []  # how several GPUs share them, a number for each; empty: by their memory
    kv_kind: Literal["", "F16", "Q8_0"] = ""  # what a context is kept as; empty: F16, and what is fast here for jobs
    flash_attention: Literal["", "on", "off"] = ""  # empty: where it is faster here
    unload_after_minutes: float = 0.0  # without a request the model's memory is given back; 0: never
    kv_disk_gb: float = 4.0  # on the disk, for chats that were read already; 0: none
    window_geometry: str = ""  # Qt's own, as base64
    sidebar_shown: bool = True
    zoom: float = 1.0  # of all type
    makes_titles: bool = True  # the model names a chat when it has nothing else to do
    quick_ask_key: str = "Ctrl+Alt+Space"  # as Qt writes it, wherever the keyboard is (X11); empty: none
    enter_sends: bool = True  # else Ctrl+Enter, and Enter is a new line
    checks_spelling: bool = True  # of what is written in the window, where the platform has a checker
    watts: float = 0.0  # of this machine at work, for what jobs cost; 0: not given
    kwh_price: float = 0.0
    hosted_read_price: float = 0.0  # of a million tokens, elsewhere
    hosted_written_price: float = 0.0
    currency: str = "€"
    added_models: list[str] = []  # GGUF files, and folders of them, that stay where they are
    hub_token_name: str = ""  # of a token in huggingface_hub's own store; empty: none is sent
    hub_account: str = ""  # whose token it is
    hub_token_endpoint: str = ""  # the only hub that it is sent to
    closed_folders: list[str] = []  # ids of those whose chats the sidebar does not show


def load(path: Path) -> Settings:
    """The settings in `path`, or the defaults where there is no readable file."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Settings)
    except FileNotFoundError:
        return Settings()
    except (msgspec.MsgspecError, OSError) as error:
        topic("settings").warning("settings not read, defaults used: %s", error)
        return Settings()


def save(settings: Settings, path: Path) -> None:
    """Write and swap in, so that a crash leaves the old file or the new one. Raises KnownError."""
    part = path.with_suffix(".part")
    try:
        text = msgspec.json.encode(settings)
    except UnicodeEncodeError as error:
        raise KnownError(
            ErrorKind.BAD_REQUEST,
            "The settings could not be saved: the name of the chosen model file is not valid UTF-8. Rename it, and "
            "choose it again.",
        ) from error
    try:
        with part.open("wb") as file:
            file.write(msgspec.json.format(text))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise from_os_error(error, "save the settings") from error
