"""A request becomes the tokens of its prompt; a chat that has outgrown the context loses its oldest turns."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from app.engine.messages import GenerateRequest, Priority, Turn
from app.engine.process.backend import Backend
from app.engine.process.guesses import Guesses
from app.engine.process.history import first_kept_turn
from app.engine.process.kv_cache import common_prefix
from app.engine.process.presets import STEP_TOKENS
from app.engine.process.scoring import telling_beginnings
from app.engine.process.sequence import Sequence
from app.errors import ErrorKind, KnownError

TURN_TOKENS = 8  # what a template puts around a turn, about
REPLY_SHARE = 0.25  # of the context is left for the reply, where one as long is asked for
_MOST_COUNTS = 10_000


@dataclass(frozen=True, kw_only=True)
class Prompt:
    tokens: list[int]
    dropped_turns: int = 0


class Prompts:
    """Through one backend's template and tokenizer."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._counts: dict[int, int] = {}

    def sequence_of(self, id: str, request: GenerateRequest) -> Sequence:
        """What the scheduler is to run for a request. Raises KnownError, as `of`, or where the model can't write."""
        if not self._backend.capabilities.can_write:
            raise KnownError(
                ErrorKind.NO_MODEL, "This model makes embeddings of texts and can't write. Choose a model that writes."
            )
        prompt = self.of(request)
        sequence = Sequence(
            id=id,
            priority=request.priority,
            tokens=prompt.tokens,
            max_tokens=request.max_tokens,
            cache_key=request.cache_key,
            is_temporary=request.is_temporary,
            dropped_turns=prompt.dropped_turns,
            n_own=_own_tokens(prompt, request),
        )
        if request.priority is Priority.INTERACTIVE and request.may_guess:
            sequence.guesses = Guesses(sequence.tokens)
        if request.score:
            whole = [tuple(self._backend.encode_text(text)) for text in request.score]
            sequence.continuations = telling_beginnings(whole) if request.score_differs_only else tuple(whole)
            sequence.max_tokens = max(1, *map(len, sequence.continuations))
            if sequence.max_tokens > STEP_TOKENS:
                raise KnownError(
                    ErrorKind.PROMPT_TOO_LONG,
                    f"A text to be scored has {sequence.max_tokens:,} tokens, and {STEP_TOKENS} are the most. "
                    "Shorten it.",
                )
        return sequence

    def of(self, request: GenerateRequest) -> Prompt:
        """Raises KnownError for one that the template does not take, or that is empty."""
        if not any(turn.content.strip() for turn in request.turns):
            raise KnownError(ErrorKind.BAD_REQUEST, "There is nothing to answer: the prompt is empty.")
        tokens = self._backend.encode_prompt(request)
        if request.max_tokens < 1:
            raise KnownError(ErrorKind.BAD_REQUEST, "A reply has at least one token: ask for 1 or more.")
        if request.priority is Priority.BULK or request.keeps_all_turns:
            return Prompt(tokens=tokens)
        limit = self._backend.capabilities.interactive_context
        room = limit - min(request.max_tokens, int(limit * REPLY_SHARE))
        if len(tokens) <= room:
            return Prompt(tokens=tokens)
        n_dropped = self._turns_to_drop(request, room)
        if n_dropped == 0:
            return Prompt(tokens=tokens)  # one turn that is too long by itself
        shorter = msgspec.structs.replace(request, turns=_without_oldest(request.turns, n_dropped))
        return Prompt(tokens=self._backend.encode_prompt(shorter), dropped_turns=n_dropped)

    def typed_of(self, request: GenerateRequest) -> list[int]:
        """The prompt if its last turn is complete as it stands."""
        return self.of(msgspec.structs.replace(request, max_tokens=1)).tokens

    def beginning_of(self, request: GenerateRequest) -> list[int]:
        """Of a prompt whose last turn is not complete: the tokens that will stay, whatever is typed next."""
        typed = self.typed_of(request)
        *before, last = request.turns
        more = Turn(last.role, f"{last.content}{'x' if not last.content or last.content[-1].isspace() else ' and'}")
        longer = self.typed_of(msgspec.structs.replace(request, turns=(*before, more)))
        return typed[: common_prefix(typed, longer) + 1]

    def _turns_to_drop(self, request: GenerateRequest, room: int) -> int:
        system = [turn for turn in request.turns[:1] if turn.role == "system"]
        turns = request.turns[len(system) :]
        fixed = sum(map(self._count, system)) + self._backend.count_tokens(request.begun_reply)
        return first_kept_turn([self._count(turn) for turn in turns], room - fixed)

    def _count(self, turn: Turn) -> int:
        key = hash(turn.content)
        if key not in self._counts:
            if len(self._counts) > _MOST_COUNTS:
                self._counts.clear()
            self._counts[key] = self._backend.count_tokens(turn.content) + TURN_TOKENS
        return self._counts[key]


def _own_tokens(prompt: Prompt, request: GenerateRequest) -> int:
    letters = sum(len(turn.content) for turn in request.turns)
    return len(prompt.tokens) * len(request.turns[-1].content) // max(1, letters)


def _without_oldest(turns: tuple[Turn, ...], n: int) -> tuple[Turn, ...]:
    system = tuple(turn for turn in turns[:1] if turn.role == "system")
    return (*system, *turns[len(system) + n :])
