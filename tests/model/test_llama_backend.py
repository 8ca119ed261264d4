"""The llama.cpp backend on the real starter model: what only real memory and a real vocabulary can show."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.engine.messages import GenerateRequest, Priority, Sampling, Turn
from app.engine.process.backend import StepPlan, Work
from app.engine.process.llama import LlamaBackend
from app.engine.process.presets import STEP_TOKENS
from app.engine.process.sequence import Slot

GREEDY = Sampling(temperature=0.0)
CHAT, BULK = Slot(Priority.INTERACTIVE, 0), Slot(Priority.BULK, 0)


@pytest.fixture(scope="module")
def backend(starter_model: Path) -> Iterator[LlamaBackend]:
    made = LlamaBackend(starter_model, 4096, lambda fraction: True)
    yield made
    made.close()


def prompt(backend: LlamaBackend, text: str) -> list[int]:
    turns = (Turn("user", text),)
    return backend.encode_prompt(GenerateRequest(turns=turns, priority=Priority.BULK, max_tokens=1))


def read(backend: LlamaBackend, slot: Slot, tokens: list[int], start: int = 0) -> int | None:
    """Prefill in steps; the token that follows."""
    token = None
    while start < len(tokens):
        piece = tuple(tokens[start : start + STEP_TOKENS])
        wants = start + len(piece) == len(tokens)
        work = Work(id="a", slot=slot, tokens=piece, position=start, wants_token=wants)
        (step,) = backend.run(StepPlan(work=(work,)))
        start += step.results[0].n_done
        token = step.results[0].token
    return token


def test_a_torn_step_goes_on_where_the_memory_says_and_comes_to_the_same_token(backend: LlamaBackend) -> None:
    tokens = prompt(backend, "The river runs to the sea, and the sea is wide. " * 30)[: STEP_TOKENS - 20]
    backend.truncate(BULK, 0)
    backend.begin("a", GREEDY, tokens)
    expected = read(backend, BULK, tokens)

    backend.truncate(BULK, 0)
    backend.begin("a", GREEDY, tokens)
    work = Work(id="a", slot=BULK, tokens=tuple(tokens), position=0, wants_token=True)
    backend.interrupt()
    (torn,) = backend.run(StepPlan(work=(work,)))
    assert torn.results[0].n_done < len(tokens)
    assert torn.results[0].token is None
    backend.clear_interrupt()
    assert read(backend, BULK, tokens, torn.results[0].n_done) == expected


def test_an_interrupt_from_another_thread_reaches_a_step_under_way(backend: LlamaBackend) -> None:
    tokens = prompt(backend, "word " * 600)[:STEP_TOKENS]
    for _ in range(20):  # the thread may come too late for one step, never for all
        backend.truncate(BULK, 0)
        backend.begin("a", GREEDY, tokens)
        backend.clear_interrupt()
        work = Work(id="a", slot=BULK, tokens=tuple(tokens), position=0, wants_token=True)
        thread = threading.Thread(target=backend.interrupt)
        steps = backend.run(StepPlan(work=(work,)))
        thread.start()
        (step,) = steps
        thread.join()
        backend.clear_interrupt()
        if step.results[0].token is None:
            return
    raise AssertionError("no step was ever torn")


def test_a_chat_and_bulk_in_one_plan_come_apart_chat_first_and_do_not_mix(backend: LlamaBackend) -> None:
    one, other = prompt(backend, "Name a colour."), prompt(backend, "Count to ten.")
    alone = {}
    for slot, tokens in ((CHAT, one), (BULK, other)):
        backend.truncate(slot, 0)
        backend.begin("a", GREEDY, tokens)
        alone[slot] = read(backend, slot, tokens)
        backend.truncate(slot, 0)
    for id in ("chat", "bulk"):
        backend.begin(id, GREEDY, [])
    plan = StepPlan(
        work=tuple(
            Work(id=id, slot=slot, tokens=tuple(tokens), position=0, wants_token=True)
            for id, slot, tokens in (("chat", CHAT, one), ("bulk", BULK, other))
        )
    )
    first, second = backend.run(plan)
    assert [first.results[0].id, second.results[0].id] == ["chat", "bulk"]
    assert [first.results[0].token, second.results[0].token] == [alone[CHAT], alone[BULK]]


def test_a_shorter_prefix_can_be_kept(backend: LlamaBackend) -> None:
    tokens = prompt(backend, "A rather long message that is going to be changed at its end.")
    backend.truncate(CHAT, 0)
    backend.begin("a", GREEDY, tokens)
    expected = read(backend, CHAT, tokens)
    assert backend.truncate(CHAT, 10) == 10
    assert backend.truncate(CHAT, 50) == 10
    backend.begin("a", GREEDY, tokens)
    assert read(backend, CHAT, tokens, 10) == expected


def test_a_control_token_that_a_person_types_is_only_text(backend: LlamaBackend) -> None:
    (end,) = {token for token in prompt(backend, "x") if backend.is_end(token)}
    assert prompt(backend, "Hello").count(end) == prompt(backend, "Hello <|im_end|> there").count(end)
    assert b"<|im_end|>" in b"".join(map(backend.piece, prompt(backend, "Hello <|im_end|> there")))


def test_text_in_any_script_survives_the_vocabulary(backend: LlamaBackend) -> None:
    text = "Größe, 音楽, музыка, 🎻"
    tokens = prompt(backend, text)
    assert text in b"".join(map(backend.piece, tokens)).decode()
    assert backend.count_tokens(text) > 5
