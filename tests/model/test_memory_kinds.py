"""Every kind of memory that a model can have gives the same reply, however its tokens came into the KV.

Kernels round differently for one row and for many, and a near tie may then fall the other way. So not the text is
compared but the logits up to the first token that differs, against a bound (see `bound`) that a KV in which a single
token is wrong exceeds by far.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from app.engine.client import EngineClient
from app.engine.local import local_engine
from app.engine.messages import GenerateRequest, Priority, RequestFinished, Sampling, Turn, Usage
from app.engine.process.kv_archive import Kept, KvArchive
from app.engine.process.llama import LlamaBackend
from app.engine.process.sequence import Slot
from tests.contracts.test_engine_contract import Observer, answer
from tests.model.machine import CONTEXT_TOKENS, Logits, Machine, Said
from tests.model.tiny_models import KINDS, full_attention, recurrent

CHAT, BULK = Priority.INTERACTIVE, Priority.BULK
STORY = "The ferry left late, and the rain kept on until the evening. " * 3
OTHER = "A letter came in the morning; nobody had written on its back. " * 3
HALF_STEP = 2.0**-11  # of f16, in which the KV is kept: a value at the edge of two falls to the one or the other
SAFETY = 10  # how much further apart than the measured rounding two logits may lie
FLASH_SAFETY = 3  # the same, where all ways of computing were measured on several texts


@pytest.fixture(scope="module", params=KINDS)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return KINDS[request.param](tmp_path_factory.mktemp("model") / "tiny.gguf")


@pytest.fixture
def machine(model: Path) -> Iterator[Machine]:
    made = Machine(model)
    yield made
    made.backend.close()


@lru_cache
def alone(model: Path, *turns: str, n: int = 12) -> Said:
    """The reference: on a machine of its own, in which nothing else ever was."""
    machine = Machine(model)
    try:
        return machine.ask("alone", list(turns), priority=CHAT, n=n)
    finally:
        machine.backend.close()


def logits_after(machine: Machine, pieces: list[list[int]]) -> Logits:
    """Of the last token, when the pieces go into an empty bulk slot one after the other."""
    backend, slot, tokens = machine.backend, Slot(BULK, 0), list[int]()
    backend.truncate(slot, 0)
    for piece in pieces:
        start, tokens = len(tokens), tokens + piece
        logits = machine.read(slot, tokens, start)
    backend.truncate(slot, 0)
    return logits


@pytest.fixture(scope="module")
def bound(model: Path) -> float:
    """Measured: the same tokens at once, and the last of them one by one. And a wrong one lies far beyond it.

    At the least, one rounding of f16 in what the largest logit is made of.
    """
    machine = Machine(model)
    tokens = machine.encode(STORY)
    assert not machine.backend.use_flash(False)
    at_once = logits_after(machine, [tokens])
    pieces = logits_after(machine, [tokens[:-40], *([token] for token in tokens[-40:])])
    measured = float(np.abs(at_once - pieces).max())
    found = max(SAFETY * measured, HALF_STEP * float(np.abs(at_once).max()))
    wrong = [*tokens[:-50], tokens[-50] + 1, *tokens[-49:]]
    distance = np.abs(logits_after(machine, [wrong]) - at_once).max()
    machine.backend.close()
    assert distance > 5 * found, "a wrong token in the KV could not be told from rounding"
    return found


@pytest.fixture(scope="module")
def bulk_bound(model: Path, bound: float) -> float:
    """Bulk is computed with flash attention, which rounds to f16 as it sums, or without it.

    Measured: three texts, each with and without it, at once and the last of it one by one. What a request meets is
    one of these four for each of its tokens; two of them are at most so far apart.
    """
    machine, measured = Machine(model), 0.0
    for text in (STORY, OTHER, STORY + OTHER):
        tokens, ways = machine.encode(text), list[Logits]()
        for is_flash in (False, True):
            machine.backend.use_flash(is_flash)
            ways.append(logits_after(machine, [tokens]))
            ways.append(logits_after(machine, [tokens[:-40], *([token] for token in tokens[-40:])]))
        measured = max(measured, *(float(np.abs(a - b).max()) for a, b in itertools.combinations(ways, 2)))
    found = max(bound, FLASH_SAFETY * measured)
    tokens = machine.encode(STORY)
    wrong = [*tokens[:-50], tokens[-50] + 1, *tokens[-49:]]
    distance = np.abs(logits_after(machine, [wrong]) - logits_after(machine, [tokens])).max()
    machine.backend.close()
    assert distance > 5 * found, "a wrong token in the KV could not be told from rounding"
    return found


def assert_same(said: Said, expected: Said, bound: float) -> None:
    assert len(said.tokens) == len(expected.tokens)
    for place, (mine, theirs) in enumerate(zip(said.logits, expected.logits, strict=True)):
        distance = float(np.abs(mine - theirs).max())
        assert distance <= bound, f"token {place}: the logits are {distance:.2g} apart, rounding explains {bound:.2g}"
        if said.tokens[place] != expected.tokens[place]:
            return  # a near tie: from here on the two have different contexts


def test_beside_others_a_request_gets_the_reply_that_it_gets_alone(machine: Machine, bulk_bound: float) -> None:
    prompts = [f"{n}. {STORY if n % 2 else OTHER}"[: 40 + 30 * n] for n in range(5)]
    for n, prompt in enumerate(prompts):
        machine.submit(f"{n}", [prompt], priority=BULK)
    machine.submit("chat", [OTHER], priority=CHAT)
    machine.finish()
    for n, prompt in enumerate(prompts):
        assert_same(machine.said[f"{n}"], alone(machine.path, prompt), bulk_bound)
    assert_same(machine.said["chat"], alone(machine.path, OTHER), bulk_bound)


def test_parked_for_a_chat_and_resumed(machine: Machine, bulk_bound: float) -> None:
    machine.submit("bulk", [STORY], priority=BULK)
    while len(machine.said["bulk"].tokens) < 8:
        machine.step()
    machine.submit("chat", [OTHER], priority=CHAT)
    machine.step()
    assert machine.scheduler.bulk_is_parked
    machine.finish()
    assert_same(machine.said["bulk"], alone(machine.path, STORY), bulk_bound)


def test_evicted_and_resumed_in_a_slot_that_others_have_used(machine: Machine, bulk_bound: float) -> None:
    machine.submit("evicted", [STORY], priority=BULK)
    while len(machine.said["evicted"].tokens) < 8:
        machine.step()
    machine.scheduler.evict("evicted")
    for n in range(machine.backend.capabilities.bulk_sequences):
        machine.submit(f"{n}", [f"{n}. {OTHER}"], priority=BULK, n=20)
    machine.finish()
    assert_same(machine.said["evicted"], alone(machine.path, STORY), bulk_bound)


def test_evicted_and_resumed_where_it_was(machine: Machine, bulk_bound: float) -> None:
    machine.submit("evicted", [STORY], priority=BULK)
    while len(machine.said["evicted"].tokens) < 8:
        machine.step()
    machine.scheduler.evict("evicted")
    machine.finish()
    said = machine.said["evicted"]
    assert said.n_cached > len(STORY), "its KV was still there, whole"
    assert_same(said, alone(machine.path, STORY), bulk_bound)


def test_torn_by_interrupts(machine: Machine, bulk_bound: float) -> None:
    """While the prompt is read, and while the reply is written."""
    machine.submit("bulk", [STORY], priority=BULK)
    machine.step(torn=True)
    sequence = machine.said["bulk"].sequence
    assert sequence is not None
    assert (sequence.n_kv == 0) is machine.backend.can_cut, "what can't be cut is not torn"
    machine.step()
    while machine.step():
        machine.step(torn=True)
    assert_same(machine.said["bulk"], alone(machine.path, STORY), bulk_bound)


def test_bulk_requests_share_their_beginning(machine: Machine, bulk_bound: float) -> None:
    prompts = [f"{STORY}Part {n}: {OTHER[n : n + 20]}" for n in range(machine.backend.capabilities.bulk_sequences + 4)]
    for n, prompt in enumerate(prompts):
        machine.submit(f"{n}", [prompt], priority=BULK)
    machine.finish()
    read_whole = [id for id, said in machine.said.items() if said.n_cached < len(STORY)]
    assert read_whole == ["0"], "the first one reads it, the others wait for that"
    for n in (0, 1, len(prompts) - 1):
        assert_same(machine.said[f"{n}"], alone(machine.path, prompts[n]), bulk_bound)


def test_rows_after_documents_are_computed_in_the_other_way_in_empty_slots(machine: Machine, bulk_bound: float) -> None:
    instruction = [STORY, "I will."]
    for n in range(3):
        machine.submit(f"document {n}", [f"{n}. {STORY}"], priority=BULK)
    machine.finish()
    for n in range(3):
        machine.submit(f"row {n}", [*instruction, f"And {n}?"], priority=BULK, n=3)
    machine.finish()
    machine.submit("document 3", [f"3. {STORY}"], priority=BULK)
    machine.finish()
    for n in range(3):
        assert_same(machine.said[f"row {n}"], alone(machine.path, *instruction, f"And {n}?", n=3), bulk_bound)
    for n in range(4):
        assert_same(machine.said[f"document {n}"], alone(machine.path, f"{n}. {STORY}"), bulk_bound)
    assert machine.said["document 3"].n_cached == 0


def test_the_second_turn_of_a_chat_is_read_from_the_end_of_the_first(machine: Machine, bound: float) -> None:
    first = machine.ask("1", [STORY], key="a", priority=CHAT)
    turns = [STORY, machine.text(first), "And then? " * 3]
    second = machine.ask("2", turns, key="a", priority=CHAT)
    assert second.n_cached >= len(STORY) + len(first.tokens)
    assert_same(second, alone(machine.path, *turns), bound)


def test_a_reply_that_is_generated_again_needs_no_reading(machine: Machine, bound: float) -> None:
    turns = [STORY, "Yes.", OTHER]
    first = machine.ask("1", turns, key="a", priority=CHAT)
    for id in ("2", "3"):
        again = machine.ask(id, turns, key="a", priority=CHAT)
        assert again.sequence is not None
        assert again.n_cached == again.sequence.n_prompt - 1
        assert again.sequence.n_unusable == 0
        assert_same(again, first, bound)


def test_an_edit_of_the_last_turn_again_and_again_is_read_from_the_turn_before(machine: Machine, bound: float) -> None:
    reply = machine.text(machine.ask("1", [STORY], key="a", priority=CHAT))
    machine.ask("2", [STORY, reply, "What next?"], key="a", priority=CHAT)
    for n in range(3):
        turns = [STORY, reply, f"{n} words of what comes next?"]
        edited = machine.ask(f"edit {n}", turns, key="a", priority=CHAT)
        assert edited.n_cached >= len(STORY)
        assert_same(edited, alone(machine.path, *turns), bound)


def test_an_edit_of_an_early_turn_is_cut_there_or_the_reason_is_told(machine: Machine, bound: float) -> None:
    machine.ask("1", [STORY + OTHER, "Yes.", OTHER], key="a", priority=CHAT)
    turns = [STORY + "But " + OTHER, "No.", OTHER]
    edited = machine.ask("2", turns, key="a", priority=CHAT)
    assert edited.sequence is not None
    if machine.backend.can_cut:
        assert edited.n_cached >= len(STORY)
        assert edited.sequence.n_unusable == 0
    else:
        assert edited.n_cached == 0
        assert edited.sequence.n_unusable >= len(STORY)
    assert_same(edited, alone(machine.path, *turns), bound)


def test_a_cut_at_any_place_is_right_or_refused(machine: Machine, bound: float) -> None:
    """Below the scheduler: within a sliding window, at its edge, and far behind everything that it still sees."""
    backend, slot = machine.backend, Slot(BULK, 1)
    tokens = machine.encode((STORY + OTHER) * 3)[: CONTEXT_TOKENS - 1]
    expected = logits_after(machine, [tokens])
    for n_dropped in (1, 31, 32, 33, 200, 800):
        backend.truncate(slot, 0)
        machine.read(slot, tokens, 0)
        kept = backend.truncate(slot, len(tokens) - n_dropped)
        if not backend.can_cut:
            assert kept == 0
            return
        assert kept == len(tokens) - n_dropped
        distance = float(np.abs(machine.read(slot, tokens, kept) - expected).max())
        assert distance <= bound, f"{n_dropped} tokens dropped"


def test_a_chat_that_was_displaced_comes_back_from_ram(machine: Machine, bound: float) -> None:
    first = machine.ask("1", [STORY], key="a", priority=CHAT)
    for n in range(machine.backend.capabilities.interactive_sequences):
        machine.ask(f"other {n}", [f"{n}. {OTHER}"], key=f"other {n}", priority=CHAT)
    turns = [STORY, machine.text(first), "And then? " * 3]
    second = machine.ask("2", turns, key="a", priority=CHAT)
    assert second.n_cached >= len(STORY) + len(first.tokens)
    assert_same(second, alone(machine.path, *turns), bound)


def test_a_chat_has_few_checkpoints_and_a_deleted_one_none(tmp_path: Path) -> None:
    machine = Machine(recurrent(tmp_path / "tiny.gguf"))
    turns = [STORY]
    for n in range(5):
        said = machine.ask(f"{n}", turns, key="a", priority=CHAT, n=4)
        turns += [machine.text(said), f"{n} more"]
    assert machine.archive.count_checkpoints("a") == 2
    machine.scheduler.placement.forget_chat("a")
    assert machine.archive.count_checkpoints("a") == 0
    machine.backend.close()


def test_what_was_typed_and_typed_over_costs_the_chat_nothing(machine: Machine, bound: float) -> None:
    reply = machine.text(machine.ask("1", [STORY], key="a", priority=CHAT))
    is_read = machine.read_ahead([STORY, reply, OTHER], key="a")
    assert is_read is machine.backend.can_cut
    turns = [STORY, reply, "Something else."]
    second = machine.ask("2", turns, key="a", priority=CHAT)
    assert second.n_cached >= len(STORY) + len(reply)
    assert_same(second, alone(machine.path, *turns), bound)


def test_a_chat_of_which_nothing_is_there_is_read_ahead(machine: Machine, bound: float) -> None:
    assert machine.read_ahead([STORY, "Yes.", ""], key="a")
    turns = [STORY, "Yes.", "And then?"]
    said = machine.ask("1", turns, key="a", priority=CHAT)
    if machine.backend.can_cut:  # else its beginning should end where the typing begins: see Prompts.beginning_of
        assert said.n_cached >= len(STORY)
    assert_same(said, alone(machine.path, *turns), bound)


def test_a_checkpoint_never_goes_to_the_disk(tmp_path: Path) -> None:
    archive = KvArchive(ram_bytes=1000, folder=tmp_path, disk_bytes=1000)
    archive.put(Kept("a", [1, 2, 3], b"three"))
    archive.put(Kept("a", [1, 2], b"two", is_checkpoint=True))
    archive.close()
    (file,) = tmp_path.iterdir()
    assert file.read_bytes().endswith(b"three")


# through the engine process


@asynccontextmanager
async def started(model: Path, folder: Path) -> AsyncIterator[EngineClient]:
    engine = local_engine(folder, kv_folder=folder / "kv", kv_disk_bytes=10**9)
    await engine.start(Observer())
    try:
        await engine.load(model)
        yield engine
    finally:
        await engine.close()


async def ask(engine: EngineClient, id: str, request: GenerateRequest) -> tuple[str, Usage]:
    text, last = await answer(engine, id, request)
    assert isinstance(last, RequestFinished), last
    return text, last.usage


def chat(*texts: str) -> GenerateRequest:
    turns = tuple(Turn("user" if n % 2 == 0 else "assistant", text) for n, text in enumerate(texts))
    return GenerateRequest(turns=turns, priority=CHAT, max_tokens=12, sampling=Sampling(temperature=0), cache_key="a")


def test_after_a_restart_a_chat_goes_on_from_the_disk(model: Path, tmp_path: Path) -> None:
    async def story() -> None:
        async with started(model, tmp_path) as engine:
            text, _ = await ask(engine, "1", chat(STORY))
            second = chat(STORY, text, "And then?")
            expected, _ = await ask(engine, "2", second)
            engine.forget_chat("a")
            await ask(engine, "3", chat(STORY))  # so that the first turn lies on the disk
        async with started(model, tmp_path) as engine:
            again, usage = await ask(engine, "4", second)
            assert usage.cached_tokens >= len(STORY) + len(text)
            assert again == expected

    asyncio.run(story())


def test_the_reason_for_reading_again_comes_with_the_last_word(tmp_path: Path) -> None:
    async def story(model: Path) -> str:
        async with started(model, tmp_path) as engine:
            await ask(engine, "1", chat(STORY + OTHER))
            _, usage = await ask(engine, "2", chat(STORY + "But" + OTHER))
            return usage.reread_reason

    assert asyncio.run(story(full_attention(tmp_path / "full.gguf"))) == ""
    assert "the whole chat was read again" in asyncio.run(story(recurrent(tmp_path / "recurrent.gguf")))


def test_a_model_without_a_template_says_so(tmp_path: Path) -> None:
    for template in (None, "{{ messages[0].content }}"):
        backend = LlamaBackend(full_attention(tmp_path / "tiny.gguf", template), 512, lambda fraction: True)
        assert backend.capabilities.has_template is (template is not None)
        backend.close()
