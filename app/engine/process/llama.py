"""Plans become llama_decode calls.

llama_cpp is imported here, by the other llama_*.py, and by bare.py, which measures it by itself.

Which contexts there are is decided in llama_contexts.py, and nowhere else: two over one loaded model, one for chats and
one for bulk, each with a KV stream of its own a sequence. So a chat never walks over bulk's cells, a bulk step can be
torn without touching a chat, and a plan with both is computed chat first.

Return codes of llama_decode: 0 done, 1 no room, 2 aborted, negative broken.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import llama_cpp.llama_cpp as llama

from app import diagnostics
from app.engine import tuned
from app.engine.fit import ContextShape
from app.engine.load_plan import layer_plan
from app.engine.messages import AUTOMATIC_LAYERS, Capabilities, GenerateRequest, Priority, Sampling
from app.engine.process.backend import (
    DecodeFailed,
    NoRoom,
    StepPlan,
    StepResult,
    TextResult,
    TextWork,
    Work,
    WorkResult,
)
from app.engine.process.gpus import gpus
from app.engine.process.llama_context import AbortFlag, LlamaContext
from app.engine.process.llama_contexts import Contexts
from app.engine.process.llama_embedding import EmbeddingContext
from app.engine.process.llama_model import LlamaModel
from app.engine.process.logits import Row, log_probabilities, logits_of
from app.engine.process.matcher import Matcher, Vocabulary
from app.engine.process.memory_plan import BULK_CONTEXT, BULK_SEQUENCES, CHAT_SEQUENCES
from app.engine.process.presets import STEP_TOKENS
from app.engine.process.sampling import Sampler
from app.engine.process.sequence import Slot
from app.engine.process.thinking import ThinkingTags
from app.engine.process.threads import ThreadPolicy
from app.engine.tuned import Choice
from app.errors import KnownError
from app.logs import topic

log = topic("engine")

_DONE, _NO_ROOM, _ABORTED = 0, 1, 2
MOST_ENCODED_TOKENS = 2048  # of a text to be embedded by an encoder; a decoder makes logits of each token besides


class LlamaBackend:
    """A loaded model with its two contexts. See backend.py for the promises."""

    def __init__(
        self,
        path: Path,
        context_tokens: int,
        on_progress: Callable[[float], bool],
        gpu_layers: int = AUTOMATIC_LAYERS,
        gpu_split: Sequence[float] = (),
        n_threads: int | None = None,
        tuning: Path | None = None,
        choice: Choice | None = None,
        kv: str = "",
        flash_attention: bool | None = None,
    ) -> None:
        """`tuning`: a folder with what was measured of models; `choice` is taken instead, where it is given.

        `kv`, `flash_attention`: a person's own wishes.
        """
        found = choice or (tuned.load(tuning, path).choice() if tuning is not None else Choice())
        self._choice = found.with_wishes(kv, flash_attention)
        self._n_threads = n_threads or diagnostics.physical_cores()
        self._threads = ThreadPolicy(self._n_threads)
        chat_kv, bulk_kv = self._choice.chat_kv, self._choice.kv
        contexts = [
            ContextShape(context_tokens=context_tokens, sequences=CHAT_SEQUENCES, kv_k=chat_kv, kv_v=chat_kv),
            ContextShape(context_tokens=BULK_CONTEXT, sequences=BULK_SEQUENCES, kv_k=bulk_kv, kv_v=bulk_kv),
        ]
        self._model = LlamaModel(
            path, on_progress, lambda shape: layer_plan(shape, contexts, gpus(), gpu_layers, gpu_split)
        )
        self._contexts: Contexts | None = None
        self._embedding: EmbeddingContext | None = None
        self._samplers: dict[str, Sampler] = {}  # by request
        self._flags = {priority: AbortFlag() for priority in Priority}
        try:
            try:
                self._open(path, context_tokens)
            except KnownError:
                if self._choice.chat_kv == "F16":
                    raise
                log.warning("%s takes no KV of the kind %s; it gets F16", path, self._choice.chat_kv)
                self._choice = found.with_wishes("F16", flash_attention)
                self._open(path, context_tokens)
        except BaseException:
            self.close()  # the model that was there before may need the memory
            raise

    def _open(self, path: Path, context_tokens: int) -> None:
        choice = self._choice
        plan = self._model.plan_kv(context_tokens, choice.width or BULK_SEQUENCES, choice.chat_kv, choice.kv)
        self._contexts = Contexts(self._model, plan, choice, self._n_threads, self._flags)
        can_write = bool(self._context(Priority.INTERACTIVE).memory)  # bulk's is made with its first request
        if not can_write:
            self._contexts.drop(Priority.INTERACTIVE)
        most_embedded = MOST_ENCODED_TOKENS if not can_write else STEP_TOKENS
        file = path.stat()
        kv = choice.chat_kv.lower()
        self._fingerprint = f"{path.name} {file.st_size} {file.st_mtime_ns} {version('llama-cpp-python')} {kv} {kv}"
        if self._choice.chat_flash_attention:
            self._fingerprint += " flash"  # V lies in another order then
        self._capabilities = Capabilities(
            model_name=self._model.meta("general.name") or path.stem.encode(errors="replace").decode(),
            n_parameters=llama.llama_model_n_params(self._model.handle),
            model_bytes=llama.llama_model_size(self._model.handle),
            trained_context=self._model.trained_context,
            interactive_context=plan.chat_context,
            interactive_sequences=plan.chat_sequences,
            bulk_context=plan.bulk_context,
            bulk_sequences=plan.bulk_sequences,
            kv_bytes=plan.kv_bytes if can_write else 0,
            n_threads=self._n_threads,
            step_tokens=min(self._choice.piece or STEP_TOKENS, STEP_TOKENS),
            has_template=self._model.template.is_models_own,
            can_tear=self._model.can_cut,
            can_write=can_write,
            embedding_size=self._model.embedding_size,
            embedding_tokens=min(most_embedded, self._model.trained_context) if self._model.embedding_size else 0,
            gpu_layers=self._model.gpu_layers,
        )

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def prepare(self, priority: Priority, *, is_flash: bool = False) -> None:
        self._all_contexts.prepare(priority, is_flash=is_flash)

    def use_flash(self, is_flash: bool) -> bool:
        return self._all_contexts.use_flash(is_flash)

    @property
    def _all_contexts(self) -> Contexts:
        assert self._contexts is not None, "the model is closed, or was not opened"
        return self._contexts

    def _context(self, priority: Priority) -> LlamaContext:
        return self._all_contexts.of(priority)

    def prepare_embedding(self) -> None:
        if self._embedding is None:
            capabilities = self._capabilities
            n_tokens = max(STEP_TOKENS, capabilities.embedding_tokens)
            size, flag = capabilities.embedding_size, self._flags[Priority.BULK]
            self._embedding = EmbeddingContext(self._model.handle, n_tokens, size, self._n_threads, flag)

    # text and tokens

    def encode_prompt(self, request: GenerateRequest) -> list[int]:
        return self._model.encode_prompt(request)

    def encode_text(self, text: str) -> list[int]:
        return self._model.encode_text(text)

    def encode_to_embed(self, text: str) -> list[int]:
        return self._model.encode_to_embed(text)

    def count_tokens(self, text: str) -> int:
        return self._model.count_tokens(text)

    def piece(self, token: int) -> bytes:
        return self._model.piece(token)

    def is_end(self, token: int) -> bool:
        return self._model.is_end(token)

    def vocabulary(self) -> Vocabulary:
        return self._model.vocabulary()

    @property
    def thinking(self) -> ThinkingTags | None:
        return self._model.template.thinking

    # the KV and the steps

    def begin(self, id: str, sampling: Sampling, tokens: list[int], matcher: Matcher | None = None) -> None:
        self.end(id)
        self._samplers[id] = Sampler(llama, self._model.vocab, self._model.n_vocab, sampling, tokens, matcher)

    def end(self, id: str) -> None:
        if id in self._samplers:
            self._samplers.pop(id).close()

    def truncate(self, slot: Slot, n_tokens: int) -> int:
        return self._context(slot.priority).truncate(slot.index, n_tokens)

    @property
    def can_cut(self) -> bool:
        return self._model.can_cut

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    def save(self, slot: Slot) -> bytes:
        return self._context(slot.priority).save(slot.index)

    def restore(self, slot: Slot, data: bytes) -> int:
        return self._context(slot.priority).restore(slot.index, data)

    def run(self, plan: StepPlan) -> Iterator[StepResult]:
        if len(plan.work) == 1 and not plan.texts:  # most often: a chat's token, and nothing to divide
            yield self._timed(plan, self._n_threads_for(plan.work[0].slot.priority))
            return
        for priority, group in itertools.groupby(plan.work, key=lambda work: work.slot.priority):
            yield self._timed(StepPlan(work=tuple(group)), self._n_threads_for(priority))
        if plan.texts:
            yield self._timed(StepPlan(texts=plan.texts), self._n_threads_for(plan.texts[0].priority))

    def _n_threads_for(self, priority: Priority) -> int:
        chosen = self._choice.chat_threads if priority is Priority.INTERACTIVE else self._choice.threads
        n = self._threads.threads(priority)
        return min(n, chosen) if chosen else n

    def _timed(self, part: StepPlan, n_threads: int) -> StepResult:
        """A part of a plan that is computed in one context."""
        started = time.perf_counter()
        results = self._run_in(self._context(part.work[0].slot.priority), part.work, n_threads) if part.work else ()
        texts = self._embed(part.texts, n_threads) if part.texts else ()
        return StepResult(results=results, texts=texts, seconds=time.perf_counter() - started)

    def _embed(self, texts: tuple[TextWork, ...], n_threads: int) -> tuple[TextResult, ...]:
        assert self._embedding is not None
        self._embedding.use_threads(n_threads)
        code = self._embedding.decode(texts)
        if code not in (_DONE, _ABORTED):
            raise DecodeFailed(f"llama_decode returned {code}", tuple(text.id for text in texts))
        is_done = code == _DONE
        return tuple(
            TextResult(work=text, vector=self._embedding.vector(place) if is_done else None)
            for place, text in enumerate(texts)
        )

    def _run_in(self, context: LlamaContext, work: tuple[Work, ...], n_threads: int) -> tuple[WorkResult, ...]:
        context.use_threads(n_threads)
        code = context.decode(work)
        if code == _DONE:
            results, row = [], -1
            to_score: list[tuple[Work, Row]] = []
            for piece in work:
                row += len(piece.tokens)
                if piece.continuations:
                    to_score.append((piece, log_probabilities(self._logits(context, row))))
                elif piece.wants_token:
                    results.append(self._choose(context, piece, row))
                else:
                    results.append(WorkResult(id=piece.id, n_done=len(piece.tokens)))
            # last: they compute more, and the rows of this step are gone then
            return (*results, *(self._score(context, piece, first) for piece, first in to_score))
        if code == _ABORTED:
            return tuple(self._after_tear(context, piece) for piece in work)
        ids = tuple(piece.id for piece in work)
        if code == _NO_ROOM:
            raise NoRoom(ids)
        for piece in work:
            context.truncate(piece.slot.index, 0)
        raise DecodeFailed(f"llama_decode returned {code}", ids)

    def _logits(self, context: LlamaContext, row: int) -> Row:
        return logits_of(llama, context.handle, row, self._model.n_vocab)

    def _score(self, context: LlamaContext, piece: Work, first: Row) -> WorkResult:
        """Each continuation after the work's last token; torn in the middle, that token goes again."""
        end = piece.position + len(piece.tokens)
        scores = []
        for continuation in piece.continuations:
            score = float(first[continuation[0]]) if continuation else 0.0
            if len(continuation) > 1:
                more = Work(
                    id=piece.id,
                    slot=piece.slot,
                    tokens=continuation[:-1],
                    position=end,
                    wants_token=True,
                    n_guessed=len(continuation) - 2,  # a row of logits for each
                )
                code = context.decode([more])
                rows = [self._logits(context, n) for n in range(len(continuation) - 1)] if code == _DONE else []
                score += sum(
                    float(log_probabilities(row)[token]) for row, token in zip(rows, continuation[1:], strict=False)
                )
                context.truncate(piece.slot.index, end)
                if code != _DONE:
                    kept = context.truncate(piece.slot.index, end - 1)
                    return WorkResult(id=piece.id, n_done=max(0, kept - piece.position), is_lost=kept < piece.position)
            scores.append(score)
        return WorkResult(id=piece.id, n_done=len(piece.tokens), scores=tuple(scores))

    def _choose(self, context: LlamaContext, piece: Work, row: int) -> WorkResult:
        """The next token, and before it the guesses that it would have been. `row`: of the piece's last token."""
        guesses = piece.tokens[len(piece.tokens) - piece.n_guessed :]
        n_right = 0
        token, error = None, None
        try:
            while True:
                token = self._samplers[piece.id].choose(context.handle, row - piece.n_guessed + n_right)
                if n_right == len(guesses) or token != guesses[n_right] or self.is_end(token):
                    break
                n_right += 1
        except KnownError as refused:
            token, error = None, refused
        n_done = len(piece.tokens) - piece.n_guessed + n_right
        if n_done < len(piece.tokens):
            context.truncate(piece.slot.index, piece.position + n_done)
        return WorkResult(
            id=piece.id,
            n_done=n_done,
            token=token,
            error=error,
            n_guessed=len(guesses),
            guessed=guesses[:n_right],
        )

    def _after_tear(self, context: LlamaContext, piece: Work) -> WorkResult:
        """Finished micro-batches stay in memory, but their logits are gone: the token that needs them goes again."""
        wanted_end = piece.position + len(piece.tokens) - piece.n_guessed - (1 if piece.wants_token else 0)
        kept = context.truncate(piece.slot.index, max(wanted_end, piece.position))
        if kept < piece.position:
            return WorkResult(id=piece.id, n_done=0, is_lost=True)
        return WorkResult(id=piece.id, n_done=kept - piece.position)

    @property
    def is_crowded(self) -> bool:
        return self._threads.is_crowded

    def interrupt(self) -> None:
        for flag in self._flags.values():
            flag.raise_()

    def clear_interrupt(self) -> None:
        for flag in self._flags.values():
            flag.clear()

    def close(self) -> None:
        for sampler in self._samplers.values():
            sampler.close()
        if self._contexts is not None:
            self._contexts.close()
        if self._embedding is not None:
            self._embedding.close()
        self._model.close()
