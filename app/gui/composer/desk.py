"""What is written is kept and fed by Core: drafts, documents, waiting messages, saved prompts, the context's size.

GUI thread only. Everything is about one chat at a time, which may not have been made yet: its id is known already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal
from shiboken6 import isValid

from app.core.chat_views import AttachmentView, ContextUse, SavedPrompt
from app.core.events import AttachmentsChanged, Event, MessageAdded, QueuedTurnsChanged
from app.errors import KnownError
from app.gui.bridge import Bridge
from app.gui.composer.box import Composer
from app.gui.composer.suggestions import Suggestion
from app.gui.tongue import tr

if TYPE_CHECKING:
    from app.core.core import Core

_DRAFT_MS, _MEASURE_MS = 400, 250
_RECENT_AT_MOST = 20


class ComposerDesk(QObject):
    """`enter` says which chat is written in; `failed` with what Core could not do."""

    failed = Signal(object)  # KnownError
    edit_prompts_asked = Signal()

    def __init__(self, bridge: Bridge, composer: Composer) -> None:
        super().__init__(composer)
        self._bridge, self._composer = bridge, composer
        self._chat_id = ""  # of a chat that is, or will be
        self._is_temporary = False
        self._draft_id: str | None = None  # under which the draft is kept; None: nowhere
        self._pasted: dict[str, str] = {}  # by attachment: the text that it was made of
        self._last_paste: list[str] = []  # the ids that the last paste was given: none before Core answered
        self._unwanted: list[str] | None = None  # a paste that was undone before it had an id
        self._recent: list[Path] = []
        self._documents: tuple[str, ...] = ()  # names of those in this chat
        self._shown: Sequence[AttachmentView] = ()
        self.prompts: list[SavedPrompt] = []  # in their order
        self._draft = QTimer(self, singleShot=True, interval=_DRAFT_MS)
        self._draft.timeout.connect(self._keep_draft)
        self._measuring = QTimer(self, singleShot=True)
        self._measuring.timeout.connect(self._measure)
        self._n_measured = 0
        self._connect()

    # which chat

    def enter(self, chat_id: str, *, is_new: bool, is_temporary: bool, documents: Sequence[str] = ()) -> None:
        """Another chat is written in; `documents` are the names of those that are in it already."""
        self._chat_id = chat_id
        self._draft_id = chat_id if not is_new else None if is_temporary else ""
        self._documents = tuple(dict.fromkeys(documents))
        self._is_temporary = is_temporary
        if self._draft_id == "":
            done = self._if_still_here(self._composer.put)
            self._bridge.call(lambda core: core.draft(""), done=done, failed=self._ignore)
        self._show_attachments(())
        self._composer.queued.show_turns(())
        self._bridge.call(
            lambda core: (
                core.adopt_attachments(chat_id, is_temporary=is_temporary) if is_new else core.attachments(chat_id)
            ),
            done=self._if_still_here(self._show_attachments),
            failed=self._ignore,
        )
        self._bridge.call(
            lambda core: core.queued_turns(chat_id),
            done=self._if_still_here(self._composer.queued.show_turns),
            failed=self._ignore,
        )
        self._composer.gauge.forget()
        self._measuring.start(0 if is_new else _MEASURE_MS)  # a chat is painted first, a new one has nothing to paint

    def leave(self) -> None:
        """What is written stays with the chat that it was written in."""
        self.save_draft()
        self._composer.text.clear()
        self._draft.stop()

    def show_draft(self, draft: str) -> None:
        """What was written and not sent when the chat was left."""
        self._composer.text.setPlainText(draft)
        self._composer.text.moveCursor(self._composer.text.textCursor().MoveOperation.End)
        self._draft.stop()

    def became_chat(self, chat_id: str) -> None:
        """The new chat has been made: what is written from now on is its own draft."""
        if self._draft_id == "":
            self._bridge.call(lambda core: core.save_draft("", ""), failed=self._ignore)
        self._chat_id = self._draft_id = chat_id

    def save_draft(self) -> None:
        """What has been typed since the last time; also when the window closes."""
        if self._draft.isActive():
            self._draft.stop()
            self._keep_draft()

    def _keep_draft(self) -> None:
        if (draft_id := self._draft_id) is not None:
            text = self._composer.text.toPlainText()
            self._bridge.call(lambda core: core.save_draft(draft_id, text), failed=self._ignore)

    # events

    def hear(self, event: Event) -> None:
        match event:
            case AttachmentsChanged() if event.chat_id == self._chat_id:
                self._show_attachments(event.attachments)
                self.measure()
            case MessageAdded() if event.message.chat_id == self._chat_id and event.message.attachments:
                names = [view.name for view in event.message.attachments]
                self._documents = tuple(dict.fromkeys((*self._documents, *names)))
            case QueuedTurnsChanged() if event.chat_id == self._chat_id:
                self._composer.queued.show_turns(event.turns)

    def measure(self) -> None:
        """The context may be another one: ask soon how full it is."""
        if not self._measuring.isActive():
            self._measuring.start(_MEASURE_MS)

    def _measure(self) -> None:
        """Words that the engine has not counted yet wait for the job's step, others do not: an answer may come late."""
        chat_id, typed = self._chat_id, self._composer.text.toPlainText()
        self._n_measured += 1
        number = self._n_measured

        def done(use: ContextUse) -> None:
            if number == self._n_measured:
                self._composer.gauge.show_use(use)

        self._bridge.call(
            lambda core: core.context_use(chat_id, typed), done=self._if_still_here(done), failed=self._ignore
        )

    # documents

    def attach(self, paths: Sequence[Path]) -> None:
        """These go with the next message of this chat."""
        chat_id, files, is_temporary = self._chat_id, list(paths), self._is_temporary
        self._recent = [*files, *(old for old in self._recent if old not in files)][:_RECENT_AT_MOST]
        self._do(lambda core: core.attach(chat_id, files, is_temporary=is_temporary))
        self._composer.text.setFocus()

    def _attach_text(self, text: str) -> None:
        chat_id, name, is_temporary = self._chat_id, tr("Pasted text"), self._is_temporary
        paste = self._last_paste = []

        def done(made: str) -> None:
            self._pasted[made] = text
            paste.append(made)
            if self._unwanted is paste:
                self._put_back(made)
            else:
                self._show_attachments(self._shown)

        def failed(error: KnownError) -> None:
            self._composer.text.insertPlainText(text)
            self._say(error)

        self._bridge.call(
            lambda core: core.attach_text(chat_id, name, text, is_temporary=is_temporary), done=done, failed=failed
        )

    def _undo_paste(self) -> None:
        if self._last_paste:
            self._put_back(self._last_paste[0])
        else:
            self._unwanted = self._last_paste

    def _put_back(self, attachment_id: str) -> None:
        """A pasted text becomes a part of the message after all."""
        if (text := self._pasted.pop(attachment_id, None)) is not None:
            self._do(lambda core: core.detach(attachment_id))
            self._composer.text.insertPlainText(text)
            self._composer.text.setFocus()

    def _detach(self, attachment_id: str) -> None:
        self._pasted.pop(attachment_id, None)
        self._do(lambda core: core.detach(attachment_id))
        self._composer.text.setFocus()

    def _show_attachments(self, attachments: Sequence[AttachmentView]) -> None:
        self._shown = attachments
        self._composer.attachments.show_attachments(attachments, frozenset(self._pasted))

    # suggestions

    def prompt_offers(self) -> list[Suggestion]:
        """After "/"."""
        edit = self._composer.text
        made = [
            Suggestion(
                prompt.name,
                "bookmark",
                partial(edit.put_at_cursor, prompt.text, 0),
                below=" ".join(prompt.text.split())[:200],
            )
            for prompt in self.prompts
        ]
        return [*made, Suggestion(tr("Saved prompts…"), "pencil", self.edit_prompts_asked.emit)]

    def document_offers(self) -> list[Suggestion]:
        """After "@": one of this chat is named in the message, another one is added to it."""
        edit = self._composer.text
        names = tuple(dict.fromkeys((*(view.name for view in self._shown), *self._documents)))
        here = [
            Suggestion(name, "file-text", partial(edit.put_at_cursor, f"“{name}” ", 0), side=tr("in this chat"))
            for name in names
        ]
        recent = [
            Suggestion(path.name, "paperclip", partial(self.attach, [path]), side=tr("add"))
            for path in self._recent
            if path.name not in names
        ]
        return here + recent

    # inside

    def _queue(self, text: str) -> None:
        chat_id = self._chat_id

        def failed(error: KnownError) -> None:
            self._composer.put(text)
            self._say(error)

        self._bridge.call(lambda core: core.queue_turn(chat_id, text), failed=failed)

    def _typed(self) -> None:
        self._draft.start()
        self.measure()

    def _if_still_here(self, show: Callable[[Any], None]) -> Callable[[Any], None]:
        """An answer is shown only where its chat is still the one that is written in."""
        chat_id = self._chat_id

        def done(found: object) -> None:
            if isValid(self) and chat_id == self._chat_id:  # the window may have gone meanwhile
                show(found)

        return done

    def _do(self, work: Callable[[Core], object]) -> None:
        self._bridge.call(work, failed=self._say)

    def _say(self, error: KnownError) -> None:
        self.failed.emit(error)

    def _ignore(self, error: KnownError) -> None:
        """What nobody asked for need not be told: the bridge has logged it where it is a bug."""

    def _connect(self) -> None:
        composer = self._composer
        composer.text.textChanged.connect(self._typed)
        composer.text.long_pasted.connect(self._attach_text)
        composer.text.paste_undone.connect(self._undo_paste)
        composer.text.files_pasted.connect(self.attach)
        composer.queue_asked.connect(self._queue)
        composer.queued.changed.connect(lambda id, text: self._do(lambda core: core.edit_queued(id, text)))
        composer.queued.removed.connect(lambda id: self._do(lambda core: core.remove_queued(id)))
        composer.queued.send_asked.connect(lambda id: self._do(lambda core: core.send_queued(id)))
        composer.attachments.removed.connect(self._detach)
        composer.attachments.text_wanted.connect(self._put_back)
        composer.attachments.use_chosen.connect(lambda id, use: self._do(lambda core: core.set_attachment_use(id, use)))
