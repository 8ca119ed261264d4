"""What a reply may say next: the door to llguidance, which compiles grammars and follows them, in Rust.

The only file that imports it. It does not raise but turns into an error, and stays one: that becomes a KnownError here,
and the one request fails. What it can't bound by itself is bounded before, in lark.py and json_schema.py.
"""

from __future__ import annotations

import re
import threading
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from llguidance import LLMatcher, LLParserLimits, LLTokenizer

from app.engine.process import json_schema
from app.engine.process.lark import too_large
from app.errors import ErrorKind, KnownError
from app.logs import topic

log = topic("engine")

MOST_SECONDS = 3.0  # to compile a grammar; most take a few milliseconds
_MOST_SAID = 200  # characters of an explanation
_OF_SCHEMA = re.compile('compile JSON schema: |parse "%json": ')
_STACK_BYTES = 64 << 20  # of the thread that compiles, which goes down with every rule within a rule; used as needed


def _limits(n_tokens: int) -> LLParserLimits:
    """Many times what grammars in use need; at all of them together a token takes some tenths of a second."""
    return LLParserLimits(
        max_items_in_row=1_200,  # ways to read a text up to one place; an object of 300 optional properties has as many
        step_max_items=10_000 + n_tokens // 5,  # the same for all tokens at one place
        step_lexer_fuel=200_000,
        initial_lexer_fuel=300_000,
        max_lexer_states=50_000,  # 1 to 2 kB each
        max_grammar_size=100_000,
        verbose_errors=False,
    )


Mask = npt.NDArray[np.bool_]


class _Tokens:
    """As llguidance wants a tokenizer; it is asked for none, because nothing is forced."""

    is_tokenizer_wrapper = True
    bos_token_id = None
    special_token_ids: tuple[int, ...] = ()

    def __init__(self, tokens: list[bytes]) -> None:
        self.tokens = tokens
        self.eos_token_id = len(tokens) - 1


class Vocabulary:
    """The tokens of a model as bytes; `ends` are the ones that end a reply. A token without bytes never follows.

    Every byte is a token as well, behind those of the model: so any text can be read.
    """

    def __init__(self, pieces: list[bytes], ends: list[int]) -> None:
        self.n_tokens = len(pieces)
        self.ends = np.array(ends, dtype=np.int64)
        self.is_end = frozenset(ends)
        tokens = [b"" if token in self.is_end else piece for token, piece in enumerate(pieces)]
        tokens += [bytes([byte]) for byte in range(256)] + [b""]
        self.n_bits = len(tokens)
        self._tokenizer = LLTokenizer(_Tokens(tokens))  # type: ignore[arg-type]
        self._compiled = lru_cache(maxsize=8)(self._compile)  # the requests of a job have the same one

    def matcher(self, grammar: str) -> Matcher:
        """At the start of a text. `grammar` is Lark. Raises KnownError for one that can't be followed."""
        compiled = self._compiled(grammar)
        if compiled is None:
            raise too_large()
        if compiled.is_error():
            raise _refused(compiled, is_begun=False)
        return Matcher(self, compiled.deep_copy())

    def _compile(self, grammar: str) -> LLMatcher | None:
        """None: it is not done in time."""
        found: list[LLMatcher] = []
        limits = _limits(self.n_tokens)

        def compile_() -> None:
            matcher = LLMatcher(self._tokenizer, grammar, log_level=0, limits=limits)
            matcher.compute_bitmask()  # an error of its own is found here
            found.append(matcher)

        thread = threading.Thread(target=compile_, name="compile a grammar", daemon=True)
        before = threading.stack_size(_STACK_BYTES)
        try:
            thread.start()
        finally:
            threading.stack_size(before)
        thread.join(MOST_SECONDS)
        return found[0] if found else None


class Matcher:
    """The reply of one request under its grammar. Raises KnownError where following it has become too much."""

    def __init__(self, vocabulary: Vocabulary, native: LLMatcher) -> None:
        self._vocabulary, self._native = vocabulary, native

    @property
    def is_end(self) -> bool:
        """May the text end here?"""
        result = self._native.is_accepting()
        self._check()
        return result

    def allows(self, token: int) -> bool:
        if token in self._vocabulary.is_end:
            return self.is_end
        result = self._native.validate_tokens([token]) == 1
        self._check()
        return result

    def allowed(self) -> Mask:
        """Of each token of the vocabulary: may it follow? One at least. Raises KnownError where none may."""
        vocabulary = self._vocabulary
        bits = np.zeros((vocabulary.n_bits + 31) // 32, dtype=np.uint32)
        self._native.unsafe_compute_mask_ptr(bits.ctypes.data, bits.nbytes)
        self._check()
        mask = np.unpackbits(bits.view(np.uint8), count=vocabulary.n_tokens, bitorder="little").view(np.bool_)
        mask[vocabulary.ends] = self.is_end
        if not mask.any():
            raise _not_satisfiable()
        return mask

    def accept(self, token: int) -> None:
        """Go on behind an allowed token; behind an end there is nothing."""
        if token not in self._vocabulary.is_end:
            self._native.consume_token(token)
            self._check()

    def read(self, text: str) -> bool:
        """Go on behind a text; False where the grammar forbids it."""
        tokens = [self._vocabulary.n_tokens + byte for byte in text.encode("utf-8", "replace")]
        n_read = self._native.try_consume_tokens(tokens)
        self._check()
        return n_read == len(tokens)

    def _check(self) -> None:
        if self._native.is_error():
            raise _refused(self._native, is_begun=True)


def _refused(native: LLMatcher, *, is_begun: bool) -> KnownError:
    said = native.get_error()
    of_schema = _OF_SCHEMA.search(said)
    if of_schema:
        first, *more = said[of_schema.end() :].splitlines()
        of_pattern = next((line.removeprefix("error: ") for line in more if line.startswith("error: ")), "")
        return json_schema.refused(f"{first} {of_pattern}".strip()[:_MOST_SAID])
    if not said.startswith("NoExtension"):
        log.info("a grammar was refused: %s", said.partition("\n")[0][:_MOST_SAID])
        return too_large()
    if is_begun:
        return _not_satisfiable()
    return KnownError(ErrorKind.BAD_REQUEST, "The grammar allows no text at all: a rule calls itself for ever.")


def _not_satisfiable() -> KnownError:
    return KnownError(
        ErrorKind.BAD_REQUEST,
        "The grammar can't be satisfied: no token of this model can follow what has been said so far.",
    )
