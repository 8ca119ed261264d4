"""The starter model says the same at temperature 0, however its reply came about.

Kernels round differently for one row and for many, so a near tie may fall the other way. Where it does, the first
difference is shown with both logits, in two contexts of their own: the common text read token by token, and all of it
at once. A token a that wins in one way of computing and b in another lie, in the first, no further apart than the two
ways shift a against b: at most one `shift`, and in a third way at most two. The largest shift of the leading candidates
is measured, on the same replies; the bound is two of them. A single wrong token in the KV goes far beyond it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as llama
import numpy as np
import pytest

from app.engine.messages import Priority
from tests.model.machine import CONTEXT_TOKENS, Logits, Machine, Said

CHAT, BULK = Priority.INTERACTIVE, Priority.BULK
N_TOKENS = 40
N_LEADING = 10  # candidates that could come to be the first by rounding
LINE = "The ferry left late, and the rain kept on until the evening. "
COMMON = "You are the editor of a small newspaper on an island. Ferries, weather and letters are what people read. " * 2
PROMPTS = (
    "What is a rubato in music?",
    "Write a short story about a ferry in the rain.",
    "List five fruits and a colour for each.",
    "Explain why the sky is blue to a child.",
    f"Repeat: {LINE * 6}",
    f"Say it again and again: {LINE * 5}",
    "How do I boil an egg?",
    "Name three rivers in Europe and where they end.",
    f"{COMMON}Write a headline about a storm.",
    f"{COMMON}Write a headline about a new school.",
    f"{COMMON}Answer a reader who asks when the ferry leaves.",
    f"{COMMON}Thank a reader for a letter.",
)
REPEATING, SHARING = PROMPTS[4:6], PROMPTS[8:]
Ways = tuple[Logits, Logits]


@dataclass(frozen=True, kw_only=True)
class Reference:
    """The replies of the prompts, each alone in an empty memory, and the bound."""

    machine: Machine
    said: dict[str, Said]
    bound: float
    shown: dict[tuple[int, ...], Ways] = field(default_factory=dict)  # logits after a common text


@pytest.fixture(scope="module")
def reference(starter_model: Path) -> Iterator[Reference]:
    machine = Machine(starter_model)
    said = {}
    for prompt in PROMPTS:
        said[prompt] = ask(machine, prompt)
        assert said[prompt].n_cached == 0
    measured = 0.0
    for prompt in PROMPTS[:2]:
        tokens = text_of(said[prompt])
        first, last = len(tokens) - N_TOKENS, len(tokens) - 1
        for at_once, one_by_one in zip(*both_ways(machine, tokens, range(first, last)), strict=True):
            measured = max(measured, shift(at_once, one_by_one))
    bound = 2 * measured
    wrong = [*tokens[: first - 8], tokens[first - 8] + 1, *tokens[first - 7 :]]
    rows = range(first - 1, last)
    distances = map(shift, read_at_once(machine, tokens, rows), read_at_once(machine, wrong, rows))
    assert max(distances) > bound, "a wrong token in the KV could not be told from rounding"
    yield Reference(machine=machine, said=said, bound=bound)
    machine.backend.close()


@pytest.fixture
def machine(starter_model: Path) -> Iterator[Machine]:
    made = Machine(starter_model)
    yield made
    made.backend.close()


def submit(
    machine: Machine, prompts: tuple[str, ...], *, priority: Priority = BULK, n: int = N_TOKENS, **more: Any
) -> None:
    for prompt in prompts:
        begun = LINE * 2 if prompt in REPEATING else ""
        machine.submit(prompt, [prompt], priority=priority, begun=begun, n=n, **more)


def ask(machine: Machine, prompt: str, *, may_guess: bool = False) -> Said:
    """As a chat that leaves nothing behind."""
    submit(machine, (prompt,), priority=CHAT, key=prompt, may_guess=may_guess)
    machine.finish()
    machine.scheduler.placement.forget_chat(prompt)
    return machine.said[prompt]


def text_of(said: Said) -> list[int]:
    """The tokens of the prompt and of the reply."""
    assert said.sequence is not None
    return said.sequence.tokens


def shift(one: Logits, other: Logits) -> float:
    """How much further one leading candidate has moved than another."""
    leading = np.argpartition(one, -N_LEADING)[-N_LEADING:]
    moved = (one - other)[leading]
    return float(moved.max() - moved.min())


def read(machine: Machine, pieces: list[list[int]], rows: range) -> list[Logits]:
    """The logits after some of the tokens, in a context of its own, where the pieces go one after the other."""
    params = llama.llama_context_default_params()
    params.n_ctx = params.n_batch = params.n_ubatch = CONTEXT_TOKENS
    params.flash_attn_type = llama.LLAMA_FLASH_ATTN_TYPE_DISABLED
    context = llama.llama_init_from_model(machine.backend._model.handle, params)
    batch, found, position = llama.llama_batch_init(CONTEXT_TOKENS, 0, 1), [], 0
    try:
        for piece in pieces:
            for row, token in enumerate(piece):
                batch.token[row], batch.pos[row], batch.logits[row] = token, position + row, position + row in rows
                batch.n_seq_id[row], batch.seq_id[row][0] = 1, 0
            batch.n_tokens = len(piece)
            assert llama.llama_decode(context, batch) == 0
            for row in range(len(piece)):
                if position + row in rows:
                    logits = llama.llama_get_logits_ith(context, row)
                    found.append(np.ctypeslib.as_array(logits, (machine.backend._model.n_vocab,)).copy())
            position += len(piece)
    finally:
        llama.llama_batch_free(batch)
        llama.llama_free(context)
    return found


def read_at_once(machine: Machine, tokens: list[int], rows: range) -> list[Logits]:
    return read(machine, [tokens], rows)


def both_ways(machine: Machine, tokens: list[int], rows: range) -> tuple[list[Logits], list[Logits]]:
    return read_at_once(machine, tokens, rows), read(machine, [[token] for token in tokens], rows)


@pytest.fixture
def assert_same(reference: Reference, record_property: Callable[[str, object], None]) -> Callable[[str, Said], None]:
    def check(prompt: str, said: Said) -> None:
        expected = reference.said[prompt]
        assert len(said.tokens) == len(said.logits) == N_TOKENS
        for place, (mine, theirs) in enumerate(zip(said.logits, expected.logits, strict=False)):
            moved = shift(theirs, mine)
            assert moved <= reference.bound, f"{prompt}: token {place} has moved by {moved:.3f}"
            if said.tokens[place] != expected.tokens[place]:
                show(prompt, place, said.tokens[place], expected.tokens[place])
                return

    def show(prompt: str, place: int, mine: int, theirs: int) -> None:
        """The first difference; from here on the two have different contexts."""
        machine, expected = reference.machine, reference.said[prompt]
        common = text_of(expected)[: len(text_of(expected)) - len(expected.tokens) + place]
        if tuple(common) not in reference.shown:
            (at_once,), (one_by_one,) = both_ways(machine, common, range(len(common) - 1, len(common)))
            reference.shown[tuple(common)] = at_once, one_by_one
        line, gaps = f"{prompt[-40:]!r}, token {place}:", []
        for way, logits in zip(("at once", "one by one"), reference.shown[tuple(common)], strict=True):
            gaps.append(abs(float(logits[mine] - logits[theirs])))
            both = (f"{machine.backend.piece(token)!r} {logits[token]:.3f}" for token in (theirs, mine))
            line += f" {way} {' and '.join(both)},"
        line += f" the bound is {reference.bound:.3f}"
        print(line)
        record_property("difference", line)
        assert max(gaps) <= reference.bound, line

    return check


Same = Callable[[str, Said], None]


def until(machine: Machine, prompts: tuple[str, ...], n_tokens: int) -> None:
    while min(len(machine.said[prompt].tokens) for prompt in prompts) < n_tokens:
        machine.step()


def test_in_a_batch(machine: Machine, assert_same: Same) -> None:
    submit(machine, PROMPTS)
    machine.finish()
    for prompt in PROMPTS:
        assert_same(prompt, machine.said[prompt])


def test_parked_and_resumed(machine: Machine, assert_same: Same) -> None:
    prompts = PROMPTS[:3]
    submit(machine, prompts)
    until(machine, prompts, 12)
    submit(machine, PROMPTS[6:7], priority=CHAT)
    machine.step()
    assert machine.scheduler.bulk_is_parked
    machine.finish()
    for prompt in (*prompts, *PROMPTS[6:7]):
        assert_same(prompt, machine.said[prompt])


def test_evicted_and_resumed(machine: Machine, assert_same: Same) -> None:
    prompts = PROMPTS[:3]
    submit(machine, prompts)
    until(machine, prompts, 12)
    for prompt in prompts:
        machine.scheduler.evict(prompt)
    assert machine.scheduler.placement.drop_idle_bulk()
    machine.finish()
    for prompt in prompts:
        assert_same(prompt, machine.said[prompt])


def test_with_a_shared_beginning(machine: Machine, assert_same: Same) -> None:
    submit(machine, SHARING)
    machine.finish()
    n_common = len(machine.backend.encode_text(COMMON))
    assert sum(machine.said[prompt].n_cached >= n_common for prompt in SHARING) == len(SHARING) - 1
    for prompt in SHARING:
        assert_same(prompt, machine.said[prompt])


def test_with_guesses(machine: Machine, assert_same: Same) -> None:
    n_right = 0
    for prompt in REPEATING:
        said = ask(machine, prompt, may_guess=True)
        assert said.sequence is not None
        assert said.sequence.guesses is not None
        n_right += said.sequence.guesses.n_right
        assert_same(prompt, said)
    assert n_right > N_TOKENS / 2


def test_saved_and_restored(starter_model: Path, tmp_path: Path, assert_same: Same) -> None:
    prompts = PROMPTS[:3]
    before = Machine(starter_model, tmp_path)
    for prompt in prompts:
        submit(before, (prompt,), priority=CHAT, n=2, key=prompt)
        before.finish()
    before.scheduler.placement.save_chats()
    before.archive.close()
    before.backend.close()
    after = Machine(starter_model, tmp_path)
    try:
        for prompt in prompts:
            said = ask(after, prompt)
            assert said.n_cached == len(text_of(said)) - N_TOKENS - 1
            assert_same(prompt, said)
    finally:
        after.backend.close()


def test_a_reply_with_a_wrong_token_in_its_kv_fails(machine: Machine, assert_same: Same) -> None:
    """The check itself."""
    prompt = PROMPTS[2]
    submit(machine, (prompt,))
    text_of(machine.said[prompt])[-8] += 1
    machine.finish()
    with pytest.raises(AssertionError, match="has moved by"):
        assert_same(prompt, machine.said[prompt])
