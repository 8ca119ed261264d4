"""One loaded model: its file, its vocabulary, its chat template. Used by llama.py, which computes with it."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as llama

from app import diagnostics
from app.engine.fit import ContextShape, advice, kv_bytes
from app.engine.gguf_header import shown
from app.engine.gguf_metadata import read_metadata
from app.engine.load_plan import ON_PROCESSOR, LayerPlan
from app.engine.messages import GenerateRequest
from app.engine.model_shape import ModelShape, shape_of
from app.engine.process import cold_file, llama_backends
from app.engine.process.chat_template import ChatTemplate
from app.engine.process.matcher import Vocabulary
from app.engine.process.memory_plan import SMALLEST_CONTEXT, KvPlan, plan_kv
from app.errors import ErrorKind, KnownError
from app.logs import topic

log = topic("engine")

_READ_SHARE = 0.9  # of a load, where the file comes from the disk
_POOLINGS = {
    str(pooling)
    for pooling in (llama.LLAMA_POOLING_TYPE_MEAN, llama.LLAMA_POOLING_TYPE_CLS, llama.LLAMA_POOLING_TYPE_LAST)
}


class LlamaModel:
    """Raises KnownError where the file can't be used."""

    def __init__(
        self,
        path: Path,
        on_progress: Callable[[float], bool],
        plan: Callable[[ModelShape], LayerPlan] = lambda shape: ON_PROCESSOR,
    ) -> None:
        metadata = read_metadata(path)  # in a sentence, what llama.cpp would only say in its log
        self.shape = shape_of(metadata)
        on_progress = _read_in(metadata.parts, on_progress)
        layers = plan(self.shape)
        try:
            self.handle = _load(path, metadata.architecture, on_progress, layers)
        except KnownError:
            if not layers.n_layers:
                raise
            log.warning("%s could not be loaded with %d layers on GPUs; the processor computes", path, layers.n_layers)
            layers = ON_PROCESSOR
            self.handle = _load(path, metadata.architecture, on_progress, layers)
        self.gpu_layers = layers.n_layers
        self.vocab = llama.llama_model_get_vocab(self.handle)
        self.n_vocab = llama.llama_vocab_n_tokens(self.vocab)
        self._bos = llama.llama_vocab_bos(self.vocab)
        # can its memory take back the end of a sequence?
        self.can_cut = not (llama.llama_model_is_recurrent(self.handle) or llama.llama_model_is_hybrid(self.handle))
        self._pieces: dict[int, bytes] = {}
        self._vocabulary: Vocabulary | None = None
        try:
            self.template = self._read_template()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        llama.llama_model_free(self.handle)

    # text and tokens

    def encode_prompt(self, request: GenerateRequest) -> list[int]:
        tokens: list[int] = []
        for text, may_hold_special in self.template.render(request.turns, request.begun_reply):
            tokens += self._tokenize(text, parse_special=may_hold_special)
        if llama.llama_vocab_get_add_bos(self.vocab) and tokens[:1] != [self._bos]:
            tokens.insert(0, self._bos)
        return tokens

    def encode_text(self, text: str) -> list[int]:
        return self._tokenize(text, parse_special=False)

    def encode_to_embed(self, text: str) -> list[int]:
        return self._tokenize(text, parse_special=False, add_special=True)

    def count_tokens(self, text: str) -> int:
        return len(self._tokenize(text, parse_special=False))

    def piece(self, token: int) -> bytes:
        cached = self._pieces.get(token)
        if cached is None:
            is_tag = bool(llama.llama_vocab_is_control(self.vocab, token)) and self.template.shows(self._text(token))
            cached = self._pieces[token] = self._read_piece(token, is_tag)
        return cached

    def is_end(self, token: int) -> bool:
        return bool(llama.llama_vocab_is_eog(self.vocab, token))

    def _tokenize(self, text: str, *, parse_special: bool, add_special: bool = False) -> list[int]:
        data = text.encode("utf-8", "replace")
        room = len(data) + 16
        while True:
            tokens = (llama.llama_token * room)()
            count = llama.llama_tokenize(self.vocab, data, len(data), tokens, room, add_special, parse_special)
            if count >= 0:
                return tokens[:count]
            room = -count

    def _read_piece(self, token: int, is_shown: bool) -> bytes:
        room = 256
        while True:
            buffer = ctypes.create_string_buffer(room)
            length = llama.llama_token_to_piece(self.vocab, token, buffer, room, 0, is_shown)
            if length >= 0:
                return buffer.raw[:length]
            room = -length

    def vocabulary(self) -> Vocabulary:
        """Made with the first grammar."""
        if self._vocabulary is None:
            tokens = range(self.n_vocab)
            self._vocabulary = Vocabulary([self.piece(t) for t in tokens], [t for t in tokens if self.is_end(t)])
        return self._vocabulary

    # facts

    @property
    def trained_context(self) -> int:
        return int(llama.llama_model_n_ctx_train(self.handle))

    def kv_bytes_per_token_in(self, kind: str) -> int:
        """In one of llama_context.KV_KINDS."""
        of_one = ContextShape(context_tokens=256, kv_k=kind, kv_v=kind)
        return kv_bytes(self.shape, of_one) // 256

    def plan_kv(self, context_tokens: int, bulk_sequences: int, chat_kv: str, bulk_kv: str) -> KvPlan:
        """What of this the memory takes that is free now. Raises KnownError where nothing fits."""
        plan = plan_kv(
            bytes_per_token=self.kv_bytes_per_token_in(chat_kv),
            trained_context=self.trained_context,
            wanted_context=context_tokens,
            free_bytes=diagnostics.free_memory_bytes(),
            bulk_sequences=bulk_sequences,
            bulk_bytes_per_token=self.kv_bytes_per_token_in(bulk_kv),
        )
        if plan is None:
            raise KnownError(
                ErrorKind.OUT_OF_MEMORY,
                f"There is not enough free memory to use this model. {self.what_would_fit(SMALLEST_CONTEXT)}",
            )
        return plan

    def what_would_fit(self, context_tokens: int) -> str:
        """One sentence for a load that failed."""
        return advice(self.shape, ContextShape(context_tokens=context_tokens), diagnostics.free_memory_bytes())

    @property
    def embedding_size(self) -> int:
        """Numbers in the vector of a text; 0: its file names no way to make one."""
        pooling = self.meta(f"{self.meta('general.architecture')}.pooling_type")
        if pooling not in _POOLINGS:
            return 0
        return int(llama.llama_model_n_embd_out(self.handle))

    def meta(self, key: str) -> str:
        buffer = ctypes.create_string_buffer(256)
        length = llama.llama_model_meta_val_str(self.handle, key.encode(), buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace") if length >= 0 else ""

    def _read_template(self) -> ChatTemplate:
        source = llama.llama_model_chat_template(self.handle, None)
        control = [token for token in range(self.n_vocab) if llama.llama_vocab_is_control(self.vocab, token)]
        return ChatTemplate(
            source.decode("utf-8", "replace") if source else None,
            bos=self._text(self._bos),
            eos=self._text(llama.llama_vocab_eos(self.vocab)),
            special_texts=[self._text(token) for token in control],
        )

    def _text(self, token: int) -> str:
        """What the vocabulary calls it."""
        return llama.llama_vocab_get_text(self.vocab, token).decode("utf-8", "replace") if token >= 0 else ""


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


def check(path: Path) -> None:
    """Open a file as a model without its weights. Raises KnownError for what `LlamaModel` would refuse."""
    kind = read_metadata(path).architecture
    llama.llama_model_free(_load(path, kind, lambda fraction: True, with_weights=False))


def _read_in(parts: Sequence[Path], on_progress: Callable[[float], bool]) -> Callable[[float], bool]:
    """Read a file into the system's memory that is not there, where it has room; returns who hears the rest of it."""
    size = sum(part.stat().st_size for part in parts)
    if size > diagnostics.free_memory_bytes() or not cold_file.is_cold(parts):
        return on_progress
    cold_file.read(parts, lambda fraction: on_progress(fraction * _READ_SHARE))
    return lambda fraction: on_progress(_READ_SHARE + fraction * (1 - _READ_SHARE))


def _load(
    path: Path,
    kind: str,
    on_progress: Callable[[float], bool],
    layers: LayerPlan = ON_PROCESSOR,
    *,
    with_weights: bool = True,
) -> Any:
    """The model in memory. Raises KnownError for what llama.cpp can't load though its header is right."""
    _route_log()
    llama_backends.start()
    params = llama.llama_model_default_params()
    callback = llama.llama_progress_callback(lambda fraction, _: on_progress(fraction))
    params.progress_callback = callback
    params.n_gpu_layers = layers.n_layers
    if layers.shares:
        params.tensor_split = (ctypes.c_float * llama.LLAMA_MAX_DEVICES)(*layers.shares)
    if not with_weights:
        params.no_alloc, params.load_mode = True, llama.LLAMA_LOAD_MODE_NONE
    model = llama.llama_model_load_from_file(os.fsencode(path), params)
    if not model:
        raise KnownError(
            ErrorKind.MODEL_UNREADABLE,
            f"{path.name} could not be loaded: it is damaged, or of a kind that this version does not know "
            f"(“{shown(kind)}”). Download it again or choose another model.",
        )
    return model
