"""What was evicted goes on as if nothing had happened: its random numbers, and what its sampler remembers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from app.engine.messages import Event, GenerateRequest, Priority, RequestFinished, Sampling, Submit, TextProduced, Turn
from app.engine.process.inbox import Inbox
from app.engine.process.kv_archive import KvArchive
from app.engine.process.llama import LlamaBackend
from app.engine.process.running_model import RunningModel
from tests.model.tiny_models import full_attention

PROMPT = "The ferry left late, and the rain kept on until the evening."
N_TOKENS = 40
SEEDED = Sampling(temperature=1.0, seed=7)
SAMPLINGS = {
    "plain": SEEDED,
    "penalties": msgspec.structs.replace(SEEDED, repeat_penalty=1.4, frequency_penalty=0.5),
    "dry": msgspec.structs.replace(SEEDED, dry_multiplier=2.0, dry_allowed_length=1),
    "xtc": msgspec.structs.replace(SEEDED, xtc_probability=0.5),
    "mirostat": msgspec.structs.replace(SEEDED, mirostat=2),
}


@pytest.fixture
def model(tmp_path: Path) -> Iterator[RunningModel]:
    backend = LlamaBackend(full_attention(tmp_path / "tiny.gguf"), 512, lambda fraction: True)
    events: list[Event] = []
    archive = KvArchive(ram_bytes=10_000_000)
    yield RunningModel(backend=backend, archive=archive, inbox=Inbox(), tell=events.append, flush=lambda: None)
    backend.close()


def say(model: RunningModel, id: str, sampling: Sampling, *, evict_after: tuple[int, ...] = (), form: str = "") -> str:
    """The text of a bulk reply, which loses its slot after so many tokens, each time to others."""
    events: list[Event] = []
    model.tell = events.append
    request = GenerateRequest(
        turns=(Turn("user", PROMPT),), priority=Priority.BULK, max_tokens=N_TOKENS, sampling=sampling, grammar=form
    )
    model.submit(Submit(id=id, request=request))
    to_come = list(evict_after)
    while (plan := model.plan()) is not None:
        model.step(plan)
        sequence = model.scheduler.get(id)
        if sequence is not None and to_come and sequence.n_output == to_come[0]:
            to_come.pop(0)
            model.scheduler.evict(id)
            for n in range(model.backend.capabilities.bulk_sequences):
                other = GenerateRequest(
                    turns=(Turn("user", f"{n}. {PROMPT[n:]}"),), priority=Priority.BULK, max_tokens=3, sampling=SEEDED
                )
                model.submit(Submit(id=f"{id} {sequence.n_output} {n}", request=other))
    assert not to_come
    (last,) = [event for event in events if event.id == id and not isinstance(event, TextProduced)]
    assert isinstance(last, RequestFinished), last
    return "".join(event.text for event in events if isinstance(event, TextProduced) and event.id == id)


@pytest.mark.parametrize("sampling", SAMPLINGS.values(), ids=SAMPLINGS)
def test_a_seeded_reply_is_the_same(model: RunningModel, sampling: Sampling) -> None:
    undisturbed = say(model, "a", sampling)
    assert len(undisturbed) > N_TOKENS / 2
    assert say(model, "b", msgspec.structs.replace(sampling, seed=8)) != undisturbed
    assert say(model, "c", sampling, evict_after=(7, 20)) == undisturbed


def test_a_reply_that_follows_a_grammar_is_the_same(model: RunningModel) -> None:
    form = 'root ::= ("(" [a-z] [a-z] [a-z] ")")+'
    undisturbed = say(model, "a", SEEDED, form=form)
    assert undisturbed.startswith("(")
    assert say(model, "c", SEEDED, evict_after=(8, 21), form=form) == undisturbed
