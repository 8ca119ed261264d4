"""The contexts over one loaded model: one for chats and one for bulk, each made when it is first needed."""

from __future__ import annotations

from collections.abc import Mapping

from app.engine.messages import Priority
from app.engine.process.llama_context import AbortFlag, LlamaContext
from app.engine.process.llama_model import LlamaModel
from app.engine.process.memory_plan import KvPlan
from app.engine.tuned import Choice, FlashAttention
from app.errors import KnownError
from app.logs import topic

log = topic("engine")


class Contexts:
    """As long and as many as the plan says, computed as the choice says. `flags` tear a step, each its own kind's."""

    def __init__(
        self, model: LlamaModel, plan: KvPlan, choice: Choice, n_threads: int, flags: Mapping[Priority, AbortFlag]
    ) -> None:
        self._model, self._choice, self._n_threads, self._flags = model, choice, n_threads, flags
        self._flash = choice.flash_attention
        self._is_flash = self._flash is FlashAttention.ALWAYS
        self._shapes = {
            Priority.INTERACTIVE: (plan.chat_context, plan.chat_sequences),
            Priority.BULK: (plan.bulk_context, plan.bulk_sequences),
        }
        self._made: dict[Priority, LlamaContext] = {}

    def of(self, priority: Priority) -> LlamaContext:
        """Raises KnownError where there is no memory for it."""
        if priority not in self._made:
            self._made[priority] = self._make(priority)
        return self._made[priority]

    def prepare(self, priority: Priority, *, is_flash: bool) -> None:
        """See Backend."""
        if priority is Priority.BULK and priority not in self._made:
            self.use_flash(is_flash)
        self.of(priority)

    def use_flash(self, is_flash: bool) -> bool:
        """See Backend."""
        if self._flash is not FlashAttention.SUITED or is_flash == self._is_flash:
            return False
        self._is_flash = is_flash
        if Priority.BULK not in self._made:
            return False
        self.drop(Priority.BULK)
        try:
            self.of(Priority.BULK)
        except KnownError:  # it takes more memory than the other
            log.warning("no memory for bulk with flash attention %s; it stays as it was", is_flash)
            self._is_flash = not is_flash
            self._flash = FlashAttention.of(self._is_flash)
            self.of(Priority.BULK)
        return True

    def drop(self, priority: Priority) -> None:
        self._made.pop(priority).close()

    def close(self) -> None:
        for priority in list(self._made):
            self.drop(priority)

    def _make(self, priority: Priority) -> LlamaContext:
        n_context, n_sequences = self._shapes[priority]
        is_chat, choice = priority is Priority.INTERACTIVE, self._choice
        try:
            return LlamaContext(
                self._model.handle,
                n_context,
                n_sequences,
                self._n_threads,
                self._flags[priority] if self._model.can_cut else None,
                kv=choice.chat_kv if is_chat else choice.kv,
                flash_attention=choice.chat_flash_attention if is_chat else self._is_flash,
            )
        except KnownError as error:
            raise KnownError(error.kind, f"{error.sentence} {self._model.what_would_fit(n_context // 2)}") from error
