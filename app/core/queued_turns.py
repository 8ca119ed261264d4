"""Turns that were sent while a reply was written: on the disk first, sent in order when a reply has ended well."""

from __future__ import annotations

from collections.abc import Callable

from app.core.chat_views import QueuedTurn
from app.core.events import Event, NoticeShown, QueuedTurnsChanged
from app.errors import ErrorKind, KnownError
from app.store.library import Library, QueuedRow


class QueuedTurns:
    """`send` asks in a chat and takes the turn of the queue, in one commit."""

    def __init__(
        self,
        library: Library,
        send: Callable[[QueuedRow], None],
        is_answering: Callable[[str], bool],
        publish: Callable[[Event], None],
    ) -> None:
        self._library, self._send, self._is_answering, self._publish = library, send, is_answering, publish

    def recover(self) -> None:
        """At the start: what is left waits for the person."""
        self._library.leave_queued()

    def has(self, id: str) -> bool:
        return self._library.queued_turn(id) is not None

    def all(self, chat_id: str) -> list[QueuedTurn]:
        return [QueuedTurn(id=row.id, chat_id=row.chat_id, text=row.text) for row in self._library.queued(chat_id)]

    def store(self, id: str, chat_id: str, text: str) -> None:
        self._library.queue(id, chat_id, text)

    def added(self, chat_id: str) -> None:
        """A turn was stored: it is told, and sent where nothing is being written."""
        self._tell(chat_id)
        if not self._is_answering(chat_id):
            self._send_next(chat_id)

    def edit(self, id: str, text: str) -> None:
        row = self._row(id)
        self._library.edit_queued(id, text)
        self._tell(row.chat_id)

    def remove(self, id: str) -> None:
        row = self._row(id)
        self._library.remove_queued(id)
        self._tell(row.chat_id)

    def send(self, id: str) -> None:
        """Now, because the person says so."""
        row = self._row(id)
        self._send(row)
        self._tell(row.chat_id)

    def reply_ended(self, chat_id: str, *, went_well: bool) -> None:
        if went_well:
            self._send_next(chat_id)
        else:
            self._library.leave_queued(chat_id)

    def _send_next(self, chat_id: str) -> None:
        waiting = [row for row in self._library.queued(chat_id) if not row.is_left]
        if not waiting:
            return
        try:
            self.send(waiting[0].id)
        except KnownError as error:  # it stays in the queue
            self._publish(NoticeShown(sentence=error.sentence, is_error=True))

    def _row(self, id: str) -> QueuedRow:
        row = self._library.queued_turn(id)
        if row is None:
            raise KnownError(ErrorKind.BAD_REQUEST, "This message is not waiting any more: it was sent or removed.")
        return row

    def _tell(self, chat_id: str) -> None:
        self._publish(QueuedTurnsChanged(chat_id=chat_id, turns=tuple(self.all(chat_id))))
