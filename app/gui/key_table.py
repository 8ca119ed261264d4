"""What can be done by key and by Ctrl+K: one table, of which the shortcuts, the palette and F1 are made."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from app.gui.exports import Format
from app.gui.keys import Key
from app.gui.tongue import mark

if TYPE_CHECKING:
    from app.gui.window import Window

_EXPORTS: tuple[tuple[Format, str], ...] = (
    ("markdown", mark("Export this chat as Markdown")),
    ("html", mark("Export this chat as HTML")),
    ("pdf", mark("Export this chat as PDF")),
    ("json", mark("Export this chat as JSON")),
)


def key_table(window: Window) -> tuple[Key, ...]:
    """Those with keys in the order of the list of keys; then what only Ctrl+K finds."""
    chat = window.conversation

    def in_chat(do: Callable[[], object]) -> Callable[[], object]:
        """For a key of the chat: nothing happens to a chat that another page hides."""
        return lambda: do() if chat.isVisible() else None

    def show_sidebar() -> None:
        window.show_sidebar(not window.sidebar.isVisible())

    return (
        Key(("Return",), mark("Send")),
        Key(("Shift+Return",), mark("New line")),
        Key(("Esc",), mark("Stop the reply, or back to the chat"), window.escape, is_offered=False),
        Key(("Up",), mark("In an empty message: edit the last one")),
        Key(("/",), mark("Begin a message with it: saved prompts")),
        Key(("@",), mark("In a message: documents")),
        Key(("Ctrl+K",), mark("Find a chat, or something to do"), window.open_palette, is_offered=False),
        Key(("Ctrl+F",), mark("Find in this chat"), in_chat(chat.finder.open), "search"),
        Key(("F3",), mark("The next one that was found"), in_chat(lambda: chat.finder.step(1)), is_offered=False),
        Key(("Shift+F3",), mark("The one before"), in_chat(lambda: chat.finder.step(-1)), is_offered=False),
        Key(("Ctrl+N",), mark("New chat"), window.new_chat, "square-pen"),
        Key(
            ("Ctrl+Shift+T",),
            mark("New temporary chat"),
            lambda: window.new_chat(is_temporary=True),
            "message-square-dashed",
        ),
        Key(("Ctrl+Shift+N",), mark("New folder"), window.chat_desk.add_folder, "folder-plus"),
        Key(("Ctrl+L",), mark("Choose a model"), window.model_desk.open_menu, "box"),
        Key(("Ctrl+.",), mark("Persona and settings of this chat"), window.toggle_parameters, "sliders-horizontal"),
        Key(("Ctrl+B",), mark("Show or hide the sidebar"), show_sidebar, "panel-left"),
        Key(("Ctrl+J",), mark("Show or hide the jobs"), window.toggle_jobs, "list-todo"),
        Key(("Ctrl+Shift+J",), mark("New job"), window.new_job, "plus"),
        Key(("Ctrl+Shift+L",), mark("The lab: how fast this machine is"), lambda: window.lab.open(), "flask-conical"),
        Key(("Ctrl+O",), mark("Summarise documents"), window.choose_documents, "file-text"),
        Key(("Ctrl+R",), mark("Regenerate the last reply"), in_chat(chat.regenerate_last), "rotate-ccw"),
        Key(
            ("Ctrl+Shift+R",),
            mark("Regenerate with another model or other settings"),
            in_chat(chat.ask_how_to_regenerate),
            "rotate-ccw",
        ),
        Key(("Ctrl+Shift+Q",), mark("Quote what is selected"), in_chat(chat.quote_selection), "text-quote"),
        Key(("Ctrl+Shift+C",), mark("Copy the last reply"), in_chat(chat.copy_last), "copy"),
        Key(("Alt+Left",), mark("Version before"), in_chat(lambda: chat.step_version(-1)), "chevron-left"),
        Key(("Alt+Right",), mark("Next version"), in_chat(lambda: chat.step_version(1)), "chevron-right"),
        Key(("Ctrl++", "Ctrl+="), mark("Larger text"), lambda: window.settings.step_zoom(1), "zoom-in"),
        Key(("Ctrl+-",), mark("Smaller text"), lambda: window.settings.step_zoom(-1), "zoom-out"),
        Key(("Ctrl+0",), mark("Text as large as at first"), lambda: window.settings.step_zoom(0), "search"),
        Key(("Ctrl+,",), mark("Settings"), window.settings.open, "settings"),
        Key(("F1", "Ctrl+/"), mark("List of keys"), window.open_keys, "keyboard"),
        *_without_keys(window),
    )


def _without_keys(window: Window) -> tuple[Key, ...]:
    desk, chat = window.chat_desk, window.conversation

    def this(do: Callable[[str], object]) -> Callable[[], object]:
        """For an action on the chat that is shown."""
        return lambda: do(chat.chat_id) if chat.chat_id else None

    return (
        Key((), mark("Rename this chat"), this(desk.rename), "pencil"),
        Key((), mark("Tags of this chat"), this(desk.edit_tags), "tag"),
        Key((), mark("Duplicate this chat"), this(desk.duplicate), "copy"),
        Key((), mark("Pinned messages of this chat"), this(window.pinned.open), "pin"),
        Key((), mark("Copy the last reply as text"), chat.copy_last_as_text, "copy"),
        Key((), mark("Pin or unpin the last reply"), chat.pin_last, "pin"),
        Key((), mark("Delete the last message"), chat.delete_last, "trash-2"),
        Key((), mark("Archive this chat"), this(lambda chat_id: desk.archive(chat_id, True)), "archive"),
        Key((), mark("Delete this chat"), this(desk.delete), "trash-2"),
        *(Key((), name, this(partial(window.export_chat, form)), "download") for form, name in _EXPORTS),
        Key((), mark("All models"), window.models.open, "box"),
        Key((), mark("Unload the model"), window.model_desk.unload, "box"),
        Key((), mark("Personas"), window.library.open_personas, "user-round"),
        Key((), mark("Saved prompts"), window.open_prompts, "bookmark"),
        Key((), mark("Quick ask"), window.summons.ask, "zap"),
        Key((), mark("Export everything"), window.export_everything, "download"),
        Key((), mark("Import chats"), window.import_chats, "upload"),
        Key((), mark("Light theme"), lambda: window.settings.change({"theme": "light"}), "sun"),
        Key((), mark("Dark theme"), lambda: window.settings.change({"theme": "dark"}), "moon"),
        Key((), mark("Theme of the system"), lambda: window.settings.change({"theme": "system"}), "sun-moon"),
    )
