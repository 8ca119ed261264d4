"""What a person can ask for on a message. One object for all messages of a transcript; GUI thread only."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal


class Actions(QObject):
    """For the window to pass on to Core; what is about one message carries its id."""

    edit = Signal(str, str)  # id, new text
    edit_ended = Signal()  # sent or not: the editor that had the keyboard is gone
    regenerate = Signal(str)
    regenerate_menu = Signal(str, object)  # id, QPoint on the screen: with what else it could be made
    continue_reply = Signal(str)
    choose_version = Signal(str, int)
    choose_model = Signal()
    open_link = Signal(str)
    quote = Signal(str)  # Markdown or text, for the box to write in
    delete = Signal(str)
    pin = Signal(str, bool)
    use_passages = Signal(str)  # an attachment: its reply does not wait for the summary
