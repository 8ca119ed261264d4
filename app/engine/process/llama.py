"""The only file that imports llama_cpp: plans become llama_decode calls.

Which contexts and which KV layout there are is decided here and nowhere else: two contexts over one loaded model, one
for chats and one for bulk, each with a KV stream of its own a sequence. So a chat never walks over bulk's cells, a
bulk step can be torn without touching a chat, and a plan with both is computed chat first.

Return codes of llama_decode: 0 done, 1 no room, 2 aborted, negative broken.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as llama

from app import diagnostics
from app.engine.messages import Capabilities, GenerateRequest, Priority, Sampling
from app.engine.process.backend import DecodeFailed, StepPlan, StepResult, Work, WorkResult
from app.engine.process.chat_template import ChatTemplate
from app.engine.process.grammar import Matcher
from app.engine.process.logits import Row, log_probabilities, logits_of
from app.engine.process.memory_plan import KvPlan, plan_kv
from app.engine.process.presets import STEP_TOKENS
from app.engine.process.sampling import Sampler
from app.engine.process.sequence import Slot
from app.engine.process.thinking import ThinkingTags
from app.engine.process.threads import ThreadPolicy
from app.engine.process.vocabulary import Vocabulary
from app.errors import ErrorKind, KnownError
from app.logs import topic

log = topic("engine")

_DONE, _NO_ROOM, _ABORTED = 0, 1, 2
_F16_BYTES = 2


class _AbortFlag:
    """Read by ggml at every node of the graph, without Python: libc's strlen over one byte is false or true."""

    def __init__(self) -> None:
        self._byte = ctypes.create_string_buffer(2)
        libc = ctypes.CDLL("msvcrt" if sys.platform == "win32" else None)
        strlen = ctypes.cast(libc.strlen, ctypes.c_void_p).value
        self.callback = ctypes.cast(ctypes.c_void_p(strlen), llama.ggml_abort_callback)
        self.data = ctypes.cast(self._byte, ctypes.c_void_p)

    def raise_(self) -> None:
        self._byte[0] = b"\x01"

    def clear(self) -> None:
        self._byte[0] = b"\x00"


class _Context:
    """One llama_context: its batch buffer, its memory, the samplers of its sequences."""

    def __init__(self, model: Any, n_context: int, n_sequences: int, n_threads: int, flag: _AbortFlag | None) -> None:
        params = llama.llama_context_default_params()
        params.n_ctx = n_context * n_sequences
        params.n_seq_max = n_sequences
        params.n_batch = params.n_ubatch = STEP_TOKENS
        params.n_threads = params.n_threads_batch = n_threads
        params.kv_unified = False
        params.swa_full = True  # all tokens are kept, not only the window: a sequence can be cut anywhere
        # measured on a CPU: 1.6 to 2 times the TTFT with flash attention on
        params.flash_attn_type = llama.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.no_perf = True
        self.handle = llama.llama_init_from_model(model, params)
        if not self.handle:
            raise KnownError(
                ErrorKind.OUT_OF_MEMORY,
                "There is not enough memory for this model's context. Close other programs or choose a smaller model.",
            )
        self._n_threads = n_threads
        if flag is not None:
            llama.llama_set_abort_callback(self.handle, flag.callback, flag.data)
        self.memory = llama.llama_get_memory(self.handle)
        self.batch = llama.llama_batch_init(STEP_TOKENS, 0, 1)
        self.samplers: dict[int, Sampler] = {}

    def use_threads(self, n_threads: int) -> None:
        if n_threads != self._n_threads:
            self._n_threads = n_threads
            llama.llama_set_n_threads(self.handle, n_threads, n_threads)

    def decode(self, work: list[Work]) -> int:
        """Put the work's tokens into the batch and compute it; returns llama_decode's code."""
        batch, row = self.batch, 0
        for piece in work:
            for offset, token in enumerate(piece.tokens):
                batch.token[row] = token
                batch.pos[row] = piece.position + offset
                batch.n_seq_id[row] = 1
                batch.seq_id[row][0] = piece.slot.index
                batch.logits[row] = 0
                row += 1
            for wanted in range(row - 1 - piece.n_guessed, row):
                batch.logits[wanted] = piece.wants_token
        batch.n_tokens = row
        return int(llama.llama_decode(self.handle, batch))

    def n_kept(self, index: int) -> int:
        return int(llama.llama_memory_seq_pos_max(self.memory, index)) + 1

    def truncate(self, index: int, n_tokens: int) -> int:
        if self.n_kept(index) <= n_tokens:
            return self.n_kept(index)
        if n_tokens > 0 and llama.llama_memory_seq_rm(self.memory, index, n_tokens, -1):
            return n_tokens
        llama.llama_memory_seq_rm(self.memory, index, -1, -1)
        return 0

    def save(self, index: int) -> bytes:
        buffer = (ctypes.c_uint8 * llama.llama_state_seq_get_size(self.handle, index))()
        size = llama.llama_state_seq_get_data(self.handle, buffer, len(buffer), index)
        return bytes(memoryview(buffer)[:size])

    def restore(self, index: int, data: bytes) -> int:
        llama.llama_memory_seq_rm(self.memory, index, -1, -1)
        buffer = (ctypes.c_uint8 * len(data)).from_buffer_copy(data)
        if llama.llama_state_seq_set_data(self.handle, buffer, len(data), index) == 0:
            llama.llama_memory_seq_rm(self.memory, index, -1, -1)
            return 0
        return self.n_kept(index)

    def set_sampler(self, index: int, sampler: Sampler | None) -> None:
        old = self.samplers.pop(index, None)
        if old is not None:
            old.close()
        if sampler is not None:
            self.samplers[index] = sampler

    def close(self) -> None:
        for index in list(self.samplers):
            self.set_sampler(index, None)
        llama.llama_batch_free(self.batch)
        llama.llama_free(self.handle)


class LlamaBackend:
    """A loaded model with its two contexts. See backend.py for the promises."""

    def __init__(
        self,
        path: Path,
        context_tokens: int,
        on_progress: Callable[[float], bool],
        n_threads: int | None = None,
    ) -> None:
        self._n_threads = n_threads or diagnostics.physical_cores()
        self._threads = ThreadPolicy(self._n_threads)
        self._model = _load(path, on_progress)
        self._contexts: dict[Priority, _Context] = {}
        try:
            self._open(path, context_tokens)
        except BaseException:
            self.close()  # the model that was there before may need the memory
            raise

    def _open(self, path: Path, context_tokens: int) -> None:
        self._vocab = llama.llama_model_get_vocab(self._model)
        self._n_vocab = llama.llama_vocab_n_tokens(self._vocab)
        self._pieces: dict[int, bytes] = {}
        self._vocabulary: Vocabulary | None = None
        self._bos = llama.llama_vocab_bos(self._vocab)
        self._template = self._read_template()
        self._can_cut = can_tear = not (
            llama.llama_model_is_recurrent(self._model) or llama.llama_model_is_hybrid(self._model)
        )
        self._flags = {priority: _AbortFlag() for priority in Priority}
        self._beside: Future[StepResult] | None = None
        self._beside_threads = 0
        self._side = ThreadPoolExecutor(1, "bulk beside a chat")
        plan = self._plan_memory(context_tokens)
        n_threads = self._n_threads
        self._shapes = {
            Priority.INTERACTIVE: (plan.chat_context, plan.chat_sequences),
            Priority.BULK: (plan.bulk_context, plan.bulk_sequences),
        }
        self._context(Priority.INTERACTIVE)  # bulk's is made with its first request
        file = path.stat()
        self._fingerprint = f"{path.name} {file.st_size} {file.st_mtime_ns} {version('llama-cpp-python')} f16 f16"
        self._capabilities = Capabilities(
            model_name=self._meta("general.name") or path.stem.encode(errors="replace").decode(),
            n_parameters=llama.llama_model_n_params(self._model),
            model_bytes=llama.llama_model_size(self._model),
            trained_context=llama.llama_model_n_ctx_train(self._model),
            interactive_context=plan.chat_context,
            interactive_sequences=plan.chat_sequences,
            bulk_context=plan.bulk_context,
            bulk_sequences=plan.bulk_sequences,
            kv_bytes=plan.kv_bytes,
            n_threads=n_threads,
            has_template=self._template.is_models_own,
            can_tear=can_tear,
        )

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def prepare(self, priority: Priority) -> None:
        self._context(priority)

    def _context(self, priority: Priority) -> _Context:
        """Made when it is first needed. Raises KnownError where there is no memory for it."""
        if priority not in self._contexts:
            n_context, n_sequences = self._shapes[priority]
            flag = self._flags[priority] if self._can_cut else None
            self._contexts[priority] = _Context(self._model, n_context, n_sequences, self._n_threads, flag)
        return self._contexts[priority]

    # text and tokens

    def encode_prompt(self, request: GenerateRequest) -> list[int]:
        tokens: list[int] = []
        for text, may_hold_special in self._template.render(request.turns, request.begun_reply):
            tokens += self._tokenize(text, parse_special=may_hold_special)
        if llama.llama_vocab_get_add_bos(self._vocab) and tokens[:1] != [self._bos]:
            tokens.insert(0, self._bos)
        return tokens

    def encode_text(self, text: str) -> list[int]:
        return self._tokenize(text, parse_special=False)

    def count_tokens(self, text: str) -> int:
        return len(self._tokenize(text, parse_special=False))

    def piece(self, token: int) -> bytes:
        cached = self._pieces.get(token)
        if cached is None:
            buffer = ctypes.create_string_buffer(256)
            is_tag = bool(llama.llama_vocab_is_control(self._vocab, token)) and self._template.shows(self._text(token))
            length = llama.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, is_tag)
            cached = self._pieces[token] = buffer.raw[: max(0, length)]
        return cached

    @property
    def thinking(self) -> ThinkingTags | None:
        return self._template.thinking

    def is_end(self, token: int) -> bool:
        return bool(llama.llama_vocab_is_eog(self._vocab, token))

    def _tokenize(self, text: str, *, parse_special: bool) -> list[int]:
        data = text.encode("utf-8", "replace")
        room = len(data) + 16
        while True:
            tokens = (llama.llama_token * room)()
            count = llama.llama_tokenize(self._vocab, data, len(data), tokens, room, False, parse_special)
            if count >= 0:
                return tokens[:count]
            room = -count

    # the KV and the steps

    def begin(self, slot: Slot, sampling: Sampling, tokens: list[int], matcher: Matcher | None = None) -> None:
        vocabulary = self._read_vocabulary() if matcher is not None else None
        sampler = Sampler(llama, self._vocab, self._n_vocab, sampling, tokens, matcher, vocabulary)
        self._context(slot.priority).set_sampler(slot.index, sampler)

    def _read_vocabulary(self) -> Vocabulary:
        """For grammars: made with the first one."""
        if self._vocabulary is None:
            tokens = range(self._n_vocab)
            self._vocabulary = Vocabulary([self.piece(t) for t in tokens], [t for t in tokens if self.is_end(t)])
        return self._vocabulary

    def truncate(self, slot: Slot, n_tokens: int) -> int:
        return self._context(slot.priority).truncate(slot.index, n_tokens)

    @property
    def can_cut(self) -> bool:
        return self._can_cut

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    def save(self, slot: Slot) -> bytes:
        return self._context(slot.priority).save(slot.index)

    def restore(self, slot: Slot, data: bytes) -> int:
        return self._context(slot.priority).restore(slot.index, data)

    def run(self, plan: StepPlan) -> Iterator[StepResult]:
        for priority, group in itertools.groupby(plan.work, key=lambda work: work.slot.priority):
            n_threads = self._threads.threads(priority) - self._beside_threads
            yield self._timed(self._context(priority), list(group), max(1, n_threads))

    def _timed(self, context: _Context, work: list[Work], n_threads: int) -> StepResult:
        context.use_threads(n_threads)
        started = time.perf_counter()
        results = self._run_in(context, work)
        return StepResult(results=results, seconds=time.perf_counter() - started)

    @property
    def n_threads(self) -> int:
        return self._threads.threads(Priority.INTERACTIVE)

    def start_beside(self, plan: StepPlan, n_threads: int) -> None:
        self._flags[Priority.BULK].clear()
        self._beside_threads = n_threads
        self._beside = self._side.submit(self._timed, self._context(Priority.BULK), list(plan.work), n_threads)

    def take_beside(self) -> StepResult | None:
        if self._beside is None or not self._beside.done():
            return None
        return self._settle_beside(self._beside)

    def end_beside(self) -> StepResult:
        assert self._beside is not None
        self._flags[Priority.BULK].raise_()
        return self._settle_beside(self._beside)

    def _settle_beside(self, beside: Future[StepResult]) -> StepResult:
        try:
            return beside.result()
        finally:
            self._beside, self._beside_threads = None, 0
            self._flags[Priority.BULK].clear()

    def _run_in(self, context: _Context, work: list[Work]) -> tuple[WorkResult, ...]:
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
        for piece in work:
            context.truncate(piece.slot.index, 0)
        reason = "no room in the KV cache" if code == _NO_ROOM else f"llama_decode returned {code}"
        raise DecodeFailed(reason, tuple(piece.id for piece in work))

    def _logits(self, context: _Context, row: int) -> Row:
        return logits_of(llama, context.handle, row, self._n_vocab)

    def _score(self, context: _Context, piece: Work, first: Row) -> WorkResult:
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

    def _choose(self, context: _Context, piece: Work, row: int) -> WorkResult:
        """The next token, and before it the guesses that it would have been. `row`: of the piece's last token."""
        guesses = piece.tokens[len(piece.tokens) - piece.n_guessed :]
        n_right = 0
        token, error = None, None
        try:
            while True:
                token = context.samplers[piece.slot.index].choose(context.handle, row - piece.n_guessed + n_right)
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

    def _after_tear(self, context: _Context, piece: Work) -> WorkResult:
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
        self._flags[Priority.INTERACTIVE].clear()
        if self._beside is None:
            self._flags[Priority.BULK].clear()

    def close(self) -> None:
        if self._beside is not None:
            self.end_beside()
        self._side.shutdown()
        for context in self._contexts.values():
            context.close()
        llama.llama_model_free(self._model)

    # facts of the model

    def _meta(self, key: str) -> str:
        buffer = ctypes.create_string_buffer(256)
        length = llama.llama_model_meta_val_str(self._model, key.encode(), buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace") if length >= 0 else ""

    def _read_template(self) -> ChatTemplate:
        source = llama.llama_model_chat_template(self._model, None)
        control = [token for token in range(self._n_vocab) if llama.llama_vocab_is_control(self._vocab, token)]
        return ChatTemplate(
            source.decode("utf-8", "replace") if source else None,
            bos=self._text(self._bos),
            eos=self._text(llama.llama_vocab_eos(self._vocab)),
            special_texts=[self._text(token) for token in control],
        )

    def _text(self, token: int) -> str:
        """What the vocabulary calls it."""
        return llama.llama_vocab_get_text(self._vocab, token).decode("utf-8", "replace") if token >= 0 else ""

    def _plan_memory(self, context_tokens: int) -> KvPlan:
        n_head = max(1, llama.llama_model_n_head(self._model))
        n_head_kv = llama.llama_model_n_head_kv(self._model) or n_head
        head_size = llama.llama_model_n_embd(self._model) // n_head
        bytes_per_token = llama.llama_model_n_layer(self._model) * n_head_kv * head_size * 2 * _F16_BYTES
        plan = plan_kv(
            bytes_per_token=bytes_per_token,
            trained_context=llama.llama_model_n_ctx_train(self._model),
            wanted_context=context_tokens,
            free_bytes=diagnostics.free_memory_bytes(),
        )
        if plan is None:
            raise KnownError(
                ErrorKind.OUT_OF_MEMORY,
                "There is not enough free memory to use this model. Close other programs or choose a smaller model.",
            )
        return plan


_log_callback: Any = None  # must outlive every call from C


def _route_log() -> None:
    """llama.cpp's own messages go to the log: warnings and errors as such, the rest as detail."""
    global _log_callback
    if _log_callback is not None:
        return

    def write(level: int, text: bytes, _: Any) -> None:
        line = text.decode("utf-8", "replace").rstrip()
        if line.strip(". "):
            (log.debug if level in (0, 1, 2, 5) else log.warning)("llama.cpp: %s", line)

    _log_callback = llama.llama_log_callback(write)
    llama.llama_log_set(_log_callback, ctypes.c_void_p(0))
    llama.llama_backend_init()


def check(path: Path) -> None:
    """Open a file as a model without its weights. Raises KnownError for what `LlamaBackend` would refuse."""
    llama.llama_model_free(_load(path, lambda fraction: True, with_weights=False))


def _load(path: Path, on_progress: Callable[[float], bool], *, with_weights: bool = True) -> Any:
    """The model in memory. Raises KnownError for a file that is not there, not a GGUF, cut short or unknown."""
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise KnownError(
            ErrorKind.NO_MODEL, f"The model file {path} can't be opened ({error.strerror}). Choose another one."
        ) from error
    if magic != b"GGUF":
        raise KnownError(
            ErrorKind.MODEL_UNREADABLE, f"{path.name} is not a GGUF model, whatever its name says. Choose another file."
        )
    _route_log()
    params = llama.llama_model_default_params()
    callback = llama.llama_progress_callback(lambda fraction, _: on_progress(fraction))
    params.progress_callback = callback
    if not with_weights:
        params.no_alloc, params.load_mode = True, llama.LLAMA_LOAD_MODE_NONE
    model = llama.llama_model_load_from_file(os.fsencode(path), params)
    if not model:
        raise KnownError(
            ErrorKind.MODEL_UNREADABLE,
            f"{path.name} could not be loaded: it is damaged, cut short, or of a kind that this version does not "
            "know. Download it again or choose another model.",
        )
    return model
