"""Samplers and grammars: single choices from logits that are made for it, and whole requests on a tiny model."""

from __future__ import annotations

import asyncio
import ctypes
import json
import math
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as llama
import msgspec
import pytest

from app.engine.client import EngineClient
from app.engine.local import local_engine
from app.engine.messages import (
    FinishReason,
    GenerateRequest,
    Priority,
    RequestFailed,
    RequestFinished,
    Sampling,
    TextProduced,
    Turn,
)
from app.engine.process import gbnf, lark
from app.engine.process.llama import LlamaBackend
from app.engine.process.matcher import Vocabulary
from app.engine.process.sampling import Sampler
from app.engine.sampling_range import check_sampling
from app.errors import ErrorKind, KnownError
from tests.contracts.test_engine_contract import Observer, answer
from tests.model.tiny_models import TEMPLATE, full_attention

GREEDY = Sampling(temperature=0)
OPEN = Sampling(temperature=1, top_k=0, top_p=1, min_p=0)  # nothing is cut off
LETTERS = "abcdefgh"
BOOLEANS = {"items": {"type": "boolean"}, "maxItems": 2}


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaBackend]:
    made = LlamaBackend(full_attention(tmp_path_factory.mktemp("model") / "tiny.gguf"), 512, lambda fraction: True)
    yield made
    made.close()


class Binding:
    """The real binding, but for the logits, which are given."""

    def __init__(self, logits: list[float]) -> None:
        self._logits = logits

    def __getattr__(self, name: str) -> Any:
        return getattr(llama, name)

    def llama_get_logits_ith(self, context: Any, row: int) -> Any:
        self._buffer = (ctypes.c_float * len(self._logits))(*self._logits)  # anew: a choice may write into it
        return ctypes.cast(self._buffer, ctypes.POINTER(ctypes.c_float))

    def llama_sampler_sample(self, chain: Any, context: Any, row: int) -> int:
        rows = (llama.llama_token_data * len(self._logits))(*((t, logit, 0) for t, logit in enumerate(self._logits)))
        array = llama.llama_token_data_array(data=rows, size=len(rows), selected=-1, sorted=False)
        llama.llama_sampler_apply(chain, ctypes.byref(array))
        token = int(array.data[array.selected].id)
        llama.llama_sampler_accept(chain, token)
        return token


def choose(
    backend: LlamaBackend, logits: list[float], sampling: Sampling, *, before: str = "", times: int = 1, **more: Any
) -> list[int]:
    """Tokens chosen one after the other by one sampler; the letters of `before` are tokens that came before."""
    tokens = [LETTERS.index(letter) for letter in before]
    sampler = Sampler(Binding(logits), backend._model.vocab, len(logits), sampling, tokens, **more)
    chosen = [sampler.choose(None, 0) for _ in range(times)]
    sampler.close()
    return chosen


def seen(backend: LlamaBackend, probabilities: list[float], **sampling: Any) -> set[int]:
    """Every token that is ever chosen where tokens have these probabilities."""
    settings = msgspec.structs.replace(OPEN, seed=5, **sampling)
    return set(choose(backend, [math.log(p) for p in probabilities], settings, times=400))


@pytest.mark.parametrize("logits", [[1.0, 3.0, 3.0, 2.0], [0.0] * 5, [-5.0, -1.0, -1.0], [2.0, 1.0]])
def test_greedy_is_llama_cpps_greedy_with_the_lowest_of_equals(backend: LlamaBackend, logits: list[float]) -> None:
    chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
    llama.llama_sampler_chain_add(chain, llama.llama_sampler_init_greedy())
    expected = Binding(logits).llama_sampler_sample(chain, None, 0)
    llama.llama_sampler_free(chain)
    assert choose(backend, logits, GREEDY) == [expected] == [logits.index(max(logits))]


def test_each_sampler_cuts_off_what_it_is_there_for(backend: LlamaBackend) -> None:
    shares = [0.5, 0.2, 0.15, 0.1, 0.05]
    assert seen(backend, shares) == {0, 1, 2, 3, 4}
    assert seen(backend, shares, top_k=2) == {0, 1}
    assert seen(backend, shares, top_p=0.6) == {0, 1}
    assert seen(backend, shares, min_p=0.25) == {0, 1, 2}
    assert seen(backend, shares, typical_p=0.3) != {0, 1, 2, 3, 4}
    assert seen(backend, shares, xtc_probability=1, xtc_threshold=0.12) == {2, 3, 4}, "the top ones but the last"
    assert seen(backend, shares, temperature=0.05) == {0}
    assert seen(backend, shares, mirostat=2, mirostat_tau=0.5) <= {0, 1}
    assert seen(backend, shares, mirostat=1, mirostat_tau=9) == {0, 1, 2, 3, 4}


def test_penalties_and_biases_change_the_choice(backend: LlamaBackend) -> None:
    logits = [2.0, 1.9, 1.0]
    assert choose(backend, logits, GREEDY, before="a") == [0]
    for change in ({"repeat_penalty": 1.2}, {"frequency_penalty": 0.2}, {"presence_penalty": 0.2}):
        assert choose(backend, logits, msgspec.structs.replace(GREEDY, **change), before="a") == [1], change
        assert choose(backend, logits, msgspec.structs.replace(GREEDY, **change)) == [0], change
    strong = Sampling(temperature=0, presence_penalty=9, penalty_tokens=2)
    assert choose(backend, logits, strong, before="abcc") == [0], "it looks back only so far"
    assert choose(backend, logits, strong, times=4) == [0, 1, 2, 0], "what it chose counts as well"
    assert choose(backend, logits, Sampling(temperature=0, logit_bias=((0, -9.0), (2, 5.0), (99, 1.0)))) == [2]


def test_dry_breaks_a_repetition(backend: LlamaBackend) -> None:
    logits = [0.0, 0.0, 1.0, 0.9, 0, 0, 0, 0]
    dry = Sampling(temperature=0, dry_multiplier=2)
    assert choose(backend, logits, GREEDY, before="abcabcab") == [2]
    assert choose(backend, logits, dry, before="abcabcab") == [3]
    assert choose(backend, logits, dry, before="abcdefgh") == [2]


def test_a_seed_gives_the_same_again_and_none_a_new_one(backend: LlamaBackend) -> None:
    logits = [-math.log(rank + 1) for rank in range(200)]
    for more in ({}, {"mirostat": 1}, {"mirostat": 2}):
        first, again, other = (
            choose(backend, logits, msgspec.structs.replace(OPEN, seed=seed, **more), times=20) for seed in (7, 7, 8)
        )
        assert first == again != other
    for seed in (2**32 - 1, 2**40, -1):
        settings = msgspec.structs.replace(OPEN, seed=seed)
        assert choose(backend, logits, settings, times=20) == choose(backend, logits, settings, times=20)
    assert choose(backend, logits, OPEN, times=20) != choose(backend, logits, OPEN, times=20)


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": -1}, {"temperature": math.nan}, {"temperature": math.inf}, {"top_k": -1}, {"top_k": 2**40},
        {"top_p": 0}, {"top_p": 1.5}, {"min_p": -0.1}, {"typical_p": 0}, {"xtc_probability": 2}, {"dry_base": 0.5},
        {"repeat_penalty": 0}, {"frequency_penalty": math.nan}, {"penalty_tokens": -1}, {"mirostat": 3},
        {"mirostat_tau": 0}, {"logit_bias": ((-1, 1.0),)}, {"logit_bias": ((1, math.inf),)},
    ],
)  # fmt: skip
def test_a_number_that_makes_no_sense_is_refused_by_its_name(wrong: dict[str, Any]) -> None:
    check_sampling(Sampling())
    check_sampling(GREEDY)
    with pytest.raises(KnownError) as error:
        check_sampling(msgspec.structs.replace(Sampling(), **wrong))
    assert error.value.kind is ErrorKind.BAD_REQUEST
    assert next(iter(wrong)) in error.value.sentence


# grammars

PIECES = [b"a", b"b", b"ab", b"ba", b"c", b"</s>"]


def constrained(backend: LlamaBackend, grammar: str, logits: list[float], sampling: Sampling, n: int) -> list[int]:
    matcher = Vocabulary(PIECES, [5]).matcher(lark.lark_of(gbnf.parse(grammar)))
    return choose(backend, logits, sampling, times=n, matcher=matcher)


def test_the_best_token_that_may_follow_is_chosen(backend: LlamaBackend) -> None:
    logits = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    for sampling in (GREEDY, Sampling(temperature=0, presence_penalty=0.1), Sampling(temperature=0.01, seed=1)):
        assert constrained(backend, 'root ::= "a" "b" "a"', logits, sampling, 3) == [2, 0, 5]
        assert constrained(backend, 'root ::= "a" [ab]*', logits, sampling, 2) == [2, 5]


def test_under_a_grammar_the_shares_of_what_is_left_stay_as_they_were(backend: LlamaBackend) -> None:
    logits = [math.log(share) for share in (0.1, 0.05, 0.3, 0.05, 0.4, 0.1)]
    sampling = msgspec.structs.replace(OPEN, seed=3)
    chosen = [
        constrained(backend, 'root ::= "ab"', logits, msgspec.structs.replace(sampling, seed=seed), 1)[0]
        for seed in range(600)
    ]
    assert set(chosen) == {0, 2}
    assert chosen.count(2) / len(chosen) == pytest.approx(0.75, abs=0.06)


def test_where_no_token_can_follow_the_request_fails(backend: LlamaBackend) -> None:
    with pytest.raises(KnownError, match="can't be satisfied"):
        constrained(backend, 'root ::= "a" "x"', [0.0] * 6, GREEDY, 2)


@asynccontextmanager
async def started(folder: Path, model: Path | None = None) -> AsyncIterator[EngineClient]:
    engine = local_engine(folder)
    await engine.start(Observer())
    try:
        await engine.load(model or full_attention(folder / "tiny.gguf"))
        yield engine
    finally:
        await engine.close()


def request(**more: Any) -> GenerateRequest:
    default: dict[str, Any] = {"priority": Priority.INTERACTIVE, "max_tokens": 12, "sampling": GREEDY}
    return GenerateRequest(turns=(Turn("user", "Say something."),), **{**default, **more})


def test_replies_follow_their_schema_and_what_can_not_be_followed_fails_alone(tmp_path: Path) -> None:
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer"}, "word": {"enum": ["é", 'a "b"']}, "list": BOOLEANS},
        "required": ["n", "word", "list"],
    }  # fmt: skip
    heavy = "\n".join(f'r{n} ::= r{(n * 7 + 1) % 400} r{(n * 11 + 3) % 400} "x" | "x" | "x" r{n}' for n in range(400))
    always_x = Sampling(temperature=0, logit_bias=((349, 100.0),))
    wild = Sampling(temperature=3, top_k=0, top_p=1, min_p=0, seed=1)

    async def story() -> None:
        async with started(tmp_path) as engine:
            alone, _ = await answer(engine, "alone", request())
            tasks = {
                "json": request(json_schema=json.dumps(schema), max_tokens=400),
                "wild": request(json_schema=json.dumps(schema), max_tokens=400, sampling=wild, priority=Priority.BULK),
                "go on": request(grammar='root ::= "one, two"', begun_reply="one", max_tokens=20),
                "bulk": request(grammar="root ::= [0-9]+", priority=Priority.BULK),
                "heavy": request(grammar=f"root ::= r0\n{heavy}", max_tokens=900, sampling=always_x),
                "bad grammar": request(grammar="root ::= ("),
                "bad schema": request(json_schema="{"),
                "bad begin": request(grammar='root ::= "one"', begun_reply="two"),
                "bad number": request(sampling=Sampling(top_p=7)),
                "not a number": request(sampling=Sampling(temperature=math.nan)),
                "plain": request(),
            }
            got = dict(zip(tasks, await asyncio.gather(*(answer(engine, id, tasks[id]) for id in tasks)), strict=True))
            for id in ("json", "wild"):
                value = json.loads(got[id][0])
                assert set(value) == {"n", "word", "list"}, id
                assert isinstance(got[id][1], RequestFinished)
                assert got[id][1].reason is FinishReason.END
            assert got["go on"][0] == ", two"
            assert got["bulk"][0].isdigit()
            for id, (_, last) in got.items():
                assert isinstance(last, RequestFailed) == (id.startswith("bad") or id in ("heavy", "not a number")), id
                if isinstance(last, RequestFailed):
                    assert last.kind is ErrorKind.BAD_REQUEST
            assert got["plain"][0] == alone

    asyncio.run(story())


def test_a_tag_that_is_a_control_token_tells_the_thought_from_the_answer(tmp_path: Path) -> None:
    model = full_attention(tmp_path / "thinks.gguf", control=("<think>", "</think>"))
    grammar = 'root ::= "<think>" [a-z]{3} "</think>" [A-Z]{2}'

    async def story() -> None:
        async with started(tmp_path, model) as engine:
            parts = {True: "", False: ""}
            asked = request(grammar=grammar, sampling=Sampling(temperature=0, logit_bias=((356, 50.0), (357, 50.0))))
            async for event in engine.generate("a", asked):
                if isinstance(event, TextProduced):
                    parts[event.is_thinking] += event.text
                elif isinstance(event, RequestFinished):
                    assert event.usage.output_tokens == 8, "each tag is one token, and not its letters"
            assert re.fullmatch("[a-z]{3}", parts[True])
            assert re.fullmatch("[A-Z]{2}", parts[False])

    asyncio.run(story())


@pytest.mark.parametrize("opens_itself", [False, True])
def test_a_thought_that_was_cut_stands_behind_the_models_own_tag(tmp_path: Path, opens_itself: bool) -> None:
    source = TEMPLATE.replace("assistant\n{% endif %}", "assistant\n[THINK]{% endif %}") if opens_itself else TEMPLATE
    model = full_attention(tmp_path / "thinks.gguf", source, control=("[THINK]", "[/THINK]"))
    backend = LlamaBackend(model, 512, lambda fraction: True)
    try:
        opening, closing = (backend._model.n_vocab - n for n in (2, 1))
        begun = backend.encode_prompt(request())
        assert (begun[-1] == opening) is opens_itself
        before = [] if opens_itself else [opening]
        cut = backend.encode_prompt(request(begun_reply="<think>\nHm, and"))
        assert cut == [*begun, *before, *backend.encode_text("Hm, and")]
        whole = backend.encode_prompt(request(begun_reply="<think>\nHm.\n</think>\n\nYes"))
        assert whole == [*begun, *before, *backend.encode_text("Hm."), closing, *backend.encode_text("Yes")]
    finally:
        backend.close()
