"""A deterministic Backend without a model, under the same rules: slots, KV, torn steps. Ships for tests and demos.

A token is a byte. The reply is a function of what lies in the slot's KV and of nothing else, so a KV that was mixed
up or cut wrongly shows in the text. Words in the last message steer it:

- `[[words N]]`: a reply of N words
- `[[say TEXT]]`: a reply of exactly that text; <think> and </think> in it are a thought's
- `[[later TEXT]]`: a reply to a later message without such words is exactly that text; TEXT may have an `until` in it
- `[[crash]]`: the process dies, as by a fault in native code, when the prompt has been read
- `[[stall]]`: the first step after the prompt never ends, unless it is interrupted
- `[[until FILE]]`: half of the reply comes, the rest when there is such a file; meanwhile its steps are torn
- `[[hang]]`: after the first token nothing goes on and nothing interrupts it, as by a fault in native code
"""

from __future__ import annotations

import hashlib
import math
import os
import re
import signal
import threading
import time
from array import array
from collections.abc import Iterator
from pathlib import Path

from app.engine.messages import Capabilities, GenerateRequest, Priority, Sampling
from app.engine.process.backend import NoRoom, StepPlan, StepResult, TextResult, Work, WorkResult
from app.engine.process.matcher import Matcher, Vocabulary
from app.engine.process.sequence import Slot
from app.engine.process.thinking import ThinkingTags
from app.errors import ErrorKind, KnownError

TOO_LARGE = "too-large.gguf"
END, TURN, REPLY = 256, 257, 258
EMBEDDING_SIZE = 32
LOOK_SECONDS = 0.005  # how often it is looked whether a file is there
_UNTIL = re.compile(r"\s*\[\[until (.*?)\]\]")
_LATER = re.compile(r"\[\[later ((?:\[\[.*?\]\]|.)*?)\]\]", re.DOTALL)
_WORDS = [
    "time",
    "stolen",
    "from",
    "one",
    "voice",
    "is",
    "given",
    "back",
    "later",
    "so",
    "that",
    "the",
    "whole",
    "keeps",
    "its",
    "measure",
    "and",
    "nobody",
    "waits",
    "long",
    "while",
    "many",
    "pages",
    "are",
    "read",
    "in",
    "the",
    "quiet",
    "of",
    "the",
    "night",
]


def reply_to(prompt: str) -> str:
    """The text that this backend generates for a conversation whose last message is `prompt`."""
    said = re.search(r"\[\[say (.*?)\]\]", prompt, re.DOTALL)
    if said:
        return said.group(1)
    wanted = re.search(r"\[\[words (\d+)\]\]", prompt)
    digest = hashlib.sha256(prompt.encode()).digest()
    n_words = int(wanted.group(1)) if wanted else 8 + digest[0] % 24
    words = [_WORDS[(digest[index % 32] + index * 7) % len(_WORDS)] for index in range(n_words)]
    return " ".join([digest.hex()[:8], *words]) + "."


def embedding_of_words(text: str) -> tuple[float, ...]:
    """The vector of this backend for a text: texts that share words are near, whatever their order and case."""
    sums = [0.0] * EMBEDDING_SIZE
    for word in re.findall(r"\w+", text.lower()) or [text]:
        digest = hashlib.sha256(word.encode()).digest()
        sums = [sum + (byte - 127.5) for sum, byte in zip(sums, digest, strict=True)]
    length = math.hypot(*sums)
    return tuple(number / length for number in sums)


class FakeBackend:
    """See the module. `seconds_per_token` makes steps take time, in which they can be interrupted.

    `kv_tokens`: room for all of bulk together, where it is less than its slots promise.
    """

    def __init__(
        self,
        *,
        seconds_per_token: float = 0.0,
        capabilities: Capabilities | None = None,
        kv_tokens: int | None = None,
    ) -> None:
        self._capabilities = capabilities or FAKE_CAPABILITIES
        self._seconds_per_token = seconds_per_token
        self._is_flash = False  # only that bulk's slots are empty after a change
        self._kv: dict[Slot, list[int]] = {}
        self._kv_tokens = kv_tokens
        self._interrupted = threading.Event()
        self._hangs = False

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def prepare(self, priority: Priority, *, is_flash: bool = False) -> None:
        pass

    def use_flash(self, is_flash: bool) -> bool:
        is_new, self._is_flash = is_flash != self._is_flash, is_flash
        for slot in [slot for slot in self._kv if is_new and slot.priority is Priority.BULK]:
            del self._kv[slot]
        return is_new

    def encode_prompt(self, request: GenerateRequest) -> list[int]:
        tokens: list[int] = []
        for turn in request.turns:
            tokens += [TURN, *f"{turn.role}: {turn.content}".encode(), END]
        return [*tokens, REPLY, *request.begun_reply.encode()]

    def prepare_embedding(self) -> None:
        pass

    def encode_to_embed(self, text: str) -> list[int]:
        return self.encode_text(text)

    def encode_text(self, text: str) -> list[int]:
        return list(text.encode())

    def count_tokens(self, text: str) -> int:
        return len(text.encode())

    def piece(self, token: int) -> bytes:
        return bytes([token]) if token < END else b""

    @property
    def thinking(self) -> ThinkingTags | None:
        return ThinkingTags(tags={"<think>": True, "</think>": False})

    def is_end(self, token: int) -> bool:
        return token == END

    def vocabulary(self) -> Vocabulary:
        return Vocabulary([self.piece(token) for token in range(REPLY + 1)], [END])

    def begin(self, id: str, sampling: Sampling, tokens: list[int], matcher: Matcher | None = None) -> None:
        pass

    def end(self, id: str) -> None:
        pass

    def truncate(self, slot: Slot, n_tokens: int) -> int:
        kv = self._kv.setdefault(slot, [])
        del kv[n_tokens:]
        return len(kv)

    @property
    def can_cut(self) -> bool:
        return True

    @property
    def fingerprint(self) -> str:
        return "fake"

    def save(self, slot: Slot) -> bytes:
        return array("i", self._kv.get(slot, [])).tobytes()

    def restore(self, slot: Slot, data: bytes) -> int:
        self._kv[slot] = array("i", data).tolist()
        return len(self._kv[slot])

    def run(self, plan: StepPlan) -> Iterator[StepResult]:
        bulk = [piece for piece in plan.work if piece.slot.priority is Priority.BULK]
        held = sum(len(kv) for slot, kv in self._kv.items() if slot.priority is Priority.BULK)
        if bulk and self._kv_tokens is not None and held + sum(len(p.tokens) for p in bulk) > self._kv_tokens:
            raise NoRoom(tuple(piece.id for piece in bulk))
        for piece in plan.work:
            started = time.perf_counter()
            kv = self._kv.setdefault(piece.slot, [])
            assert len(kv) == piece.position, f"{piece.id}: {len(kv)} tokens in the KV, the plan says {piece.position}"
            if self._interrupted.wait(self._seconds_per_token * len(piece.tokens)) or self._interrupted.is_set():
                result = WorkResult(id=piece.id, n_done=0)
            else:
                result = self._compute(piece, kv)
            yield StepResult(results=(result,), seconds=time.perf_counter() - started)
            if self._hangs:
                threading.Event().wait()  # the first token is told, and nothing else was heard since
        for text in plan.texts:
            is_torn = self._interrupted.wait(self._seconds_per_token * len(text.tokens)) or self._interrupted.is_set()
            vector = None if is_torn else embedding_of_words(bytes(text.tokens).decode("utf-8", "replace"))
            yield StepResult(texts=(TextResult(work=text, vector=vector),), seconds=0.0)

    def _compute(self, piece: Work, kv: list[int]) -> WorkResult:
        n_sure = len(piece.tokens) - piece.n_guessed
        kv.extend(piece.tokens[:n_sure])
        if not piece.wants_token:
            return WorkResult(id=piece.id, n_done=len(piece.tokens))
        start = len(kv) - kv[::-1].index(REPLY)
        conversation = _last_turn(kv[: start - 1])
        if "[[crash]]" in conversation:
            os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        if "[[stall]]" in conversation and len(kv) > start:
            self._interrupted.wait()
            del kv[len(kv) - n_sure :]
            return WorkResult(id=piece.id, n_done=0)
        self._hangs = "[[hang]]" in conversation
        later = "" if "[[" in conversation else _later(kv[:start])
        reply = (_UNTIL.sub("", later) or reply_to(conversation)).encode()
        said = [*reply, END]
        until = _UNTIL.search(later or _LATER.sub("", conversation))
        if until and len(kv) - start >= max(1, len(reply) // 2) and not Path(until[1]).exists():
            self._interrupted.wait(LOOK_SECONDS)
            del kv[len(kv) - n_sure :]
            return WorkResult(id=piece.id, n_done=0)
        if piece.continuations:
            scores = tuple(-float(_n_different(continuation, reply)) for continuation in piece.continuations)
            return WorkResult(id=piece.id, n_done=n_sure, scores=scores)
        guesses, n_right = piece.tokens[n_sure:], 0
        while n_right < len(guesses) and guesses[n_right] == said[min(len(kv) - start, len(reply))]:
            kv.append(guesses[n_right])
            n_right += 1
        return WorkResult(
            id=piece.id,
            n_done=n_sure + n_right,
            token=said[min(len(kv) - start, len(reply))],
            n_guessed=len(guesses),
            guessed=guesses[:n_right],
        )

    @property
    def is_crowded(self) -> bool:
        return False

    def interrupt(self) -> None:
        self._interrupted.set()

    def clear_interrupt(self) -> None:
        self._interrupted.clear()

    def close(self) -> None:
        pass


def open_fake(path: Path, seconds_per_token: float) -> FakeBackend:
    """As a model file of any name, except too-large.gguf, for which there is never memory."""
    if path.name == TOO_LARGE:
        raise KnownError(
            ErrorKind.OUT_OF_MEMORY,
            "There is not enough free memory to use this model. Close other programs or choose a smaller model.",
        )
    return FakeBackend(seconds_per_token=seconds_per_token)


def _n_different(continuation: tuple[int, ...], reply: bytes) -> int:
    """Bytes that are not those of the reply."""
    return sum(token != (reply[n] if n < len(reply) else END) for n, token in enumerate(continuation))


def _later(tokens: list[int]) -> str:
    said = _LATER.findall(_text(tokens))
    return said[-1] if said else ""


def _last_turn(tokens: list[int]) -> str:
    start = len(tokens) - tokens[::-1].index(TURN)
    return _text(tokens[start:]).partition(": ")[2]


def _text(tokens: list[int]) -> str:
    return bytes(token for token in tokens if token < END).decode("utf-8", "replace")


FAKE_CAPABILITIES = Capabilities(
    model_name="Fake",
    n_parameters=0,
    model_bytes=0,
    trained_context=8192,
    interactive_context=8192,
    interactive_sequences=2,
    bulk_context=4096,
    bulk_sequences=4,
    kv_bytes=0,
    n_threads=1,
    has_template=True,
    embedding_size=EMBEDDING_SIZE,
    embedding_tokens=2048,
)
