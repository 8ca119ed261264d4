"""Who runs in the next step. Nothing here has a clock, a thread or a model."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from app.engine.messages import Preset, Priority
from app.engine.process.backend import StepPlan, StepResult, TextResult, WorkResult
from app.engine.process.embeddings import MOST_TEXTS, Embedding
from app.engine.process.fake_llama import FAKE_CAPABILITIES
from app.engine.process.kv_archive import KvArchive
from app.engine.process.presets import BATCH_TOKENS, STEP_TOKENS
from app.engine.process.scheduler import PromptDoesNotFit, Scheduler
from app.engine.process.sequence import Sequence, Slot


class Kv:
    """How much each slot holds, as a backend would say."""

    def __init__(self) -> None:
        self.held: dict[Slot, int] = {}
        self.is_flash = False

    can_cut = True

    def use_flash(self, is_flash: bool) -> bool:
        is_new, self.is_flash = is_flash != self.is_flash, is_flash
        for slot in [slot for slot in self.held if is_new and slot.priority is Priority.BULK]:
            del self.held[slot]
        return is_new

    def truncate(self, slot: Slot, n_tokens: int) -> int:
        self.held[slot] = min(self.held.get(slot, 0), n_tokens)
        return self.held[slot]

    def save(self, slot: Slot) -> bytes:
        return str(self.held.get(slot, 0)).encode()

    def restore(self, slot: Slot, data: bytes) -> int:
        self.held[slot] = int(data)
        return self.held[slot]


def chat(id: str, n_prompt: int, max_tokens: int = 50, key: str = "") -> Sequence:
    return Sequence(
        id=id, priority=Priority.INTERACTIVE, tokens=list(range(n_prompt)), max_tokens=max_tokens, cache_key=key
    )


def bulk(id: str, n_prompt: int, max_tokens: int = 50, n_own: int = 0) -> Sequence:
    tokens = list(range(n_prompt))
    return Sequence(id=id, priority=Priority.BULK, tokens=tokens, max_tokens=max_tokens, n_own=n_own)


def texts(id: str, *n_tokens: int, priority: Priority = Priority.BULK) -> Embedding:
    return Embedding(id=id, priority=priority, texts=[tuple(range(n)) for n in n_tokens])


def new_scheduler(preset: Preset = Preset.RESPONSIVE) -> tuple[Scheduler, Kv]:
    kv = Kv()
    return Scheduler(FAKE_CAPABILITIES, kv, preset, KvArchive(ram_bytes=10_000)), kv


def shape(plan: StepPlan | None) -> list[tuple[str, int]]:
    return [(work.id, len(work.tokens)) for work in (*plan.work, *plan.texts)] if plan else []


def run(scheduler: Scheduler, kv: Kv, plan: StepPlan, *, extra: float = 0.4) -> None:
    """The step goes well: the two contexts apart; each token beyond the first costs `extra` of a step more."""
    for priority in Priority:
        results = []
        n_tokens = sum(len(work.tokens) for work in plan.work if work.slot.priority is priority)
        for work in plan.work:
            if work.slot.priority is priority:
                assert kv.held.get(work.slot, 0) == work.position
                kv.held[work.slot] = work.position + len(work.tokens)
                results.append(WorkResult(id=work.id, n_done=len(work.tokens), token=7 if work.wants_token else None))
        if results:
            scheduler.apply(StepResult(results=tuple(results), seconds=0.01 * (1 + extra * (n_tokens - 1))))
    scheduler.apply_texts(
        StepResult(texts=tuple(TextResult(work=text, vector=(1.0,)) for text in plan.texts), seconds=0.01)
    )


def step(scheduler: Scheduler, kv: Kv) -> list[tuple[str, int]]:
    scheduler.admit()
    plan = scheduler.plan()
    if plan is not None:
        run(scheduler, kv, plan)
    return shape(plan)


def test_a_chat_takes_the_machine_from_bulk_and_gives_it_back() -> None:
    scheduler, kv = new_scheduler()
    scheduler.add(bulk("b1", 20))
    assert step(scheduler, kv) == [("b1", 20)]
    assert step(scheduler, kv) == [("b1", 1)]
    scheduler.add(chat("c", 5))
    assert step(scheduler, kv) == [("c", 5)]
    assert step(scheduler, kv) == [("c", 1)]
    assert scheduler.bulk_is_parked
    scheduler.remove("c")
    assert step(scheduler, kv) == [("b1", 1)], "bulk goes on with its KV in place"
    assert not scheduler.bulk_is_parked


def test_the_three_presets_plan_three_different_steps_beside_a_chat() -> None:
    plans = {}
    for preset in Preset:
        scheduler, kv = new_scheduler()
        for n in range(6):
            scheduler.add(bulk(f"b{n}", 10, max_tokens=500))
        while any(size > 1 for _, size in step(scheduler, kv)):
            pass
        scheduler.add(chat("c", 5, max_tokens=500))
        step(scheduler, kv)
        scheduler.preset = preset
        plans[preset] = [step(scheduler, kv) for _ in range(100)]
    alone, everyone = [("c", 1)], [(f"b{n}", 1) for n in range(4)]
    assert all(plan == alone for plan in plans[Preset.RESPONSIVE])
    assert all(plan == [*alone, *everyone] for plan in plans[Preset.BATCH])
    assert {tuple(plan) for plan in plans[Preset.BALANCED][20:]} == {tuple(alone), (*alone, *everyone)}
    n_turns = sum(plan != alone for plan in plans[Preset.BALANCED])
    assert 15 < n_turns < 22, "a turn takes 2.2 steps of the chat's, and each of those leaves 0.41"


@pytest.mark.parametrize("preset", list(Preset))
def test_with_no_chat_active_every_preset_gives_bulk_the_full_width(preset: Preset) -> None:
    scheduler, kv = new_scheduler(preset)
    for n in range(4):
        scheduler.add(bulk(f"b{n}", 10))
    assert step(scheduler, kv) == [(f"b{n}", 10) for n in range(4)]
    assert step(scheduler, kv) == [(f"b{n}", 1) for n in range(4)]


def test_a_preset_takes_effect_at_the_next_step() -> None:
    scheduler, kv = new_scheduler()
    scheduler.add(bulk("b", 4000))
    scheduler.add(chat("c", 5))
    assert step(scheduler, kv) == [("c", 5)]
    scheduler.preset = Preset.BATCH
    assert step(scheduler, kv) == [("c", 1), ("b", BATCH_TOKENS)]
    scheduler.preset = Preset.RESPONSIVE
    assert step(scheduler, kv) == [("c", 1)]


def test_balanced_holds_bulk_back_until_the_first_token_is_there() -> None:
    scheduler, kv = new_scheduler(Preset.BALANCED)
    scheduler.add(bulk("b", 40))
    step(scheduler, kv)
    scheduler.add(chat("c", STEP_TOKENS * 2))
    assert step(scheduler, kv) == [("c", STEP_TOKENS)]
    assert step(scheduler, kv) == [("c", STEP_TOKENS)]


def test_in_balanced_bulk_takes_turns_with_a_chat_that_writes_and_only_then() -> None:
    scheduler, kv = new_scheduler(Preset.BALANCED)
    scheduler.add(bulk("b", 4000))
    step(scheduler, kv)
    scheduler.add(chat("c", 5, max_tokens=1000))
    assert step(scheduler, kv) == [("c", 5)], "a first token is waited for"
    assert not scheduler.is_paced
    plans = [step(scheduler, kv) for _ in range(300)]
    assert [("c", 1)] in plans
    assert any(len(plan) == 2 and plan[1][0] == "b" for plan in plans)
    assert scheduler.is_paced
    assert not scheduler.bulk_is_parked
    scheduler.preset = Preset.RESPONSIVE
    assert all(step(scheduler, kv) == [("c", 1)] for _ in range(5))
    assert not scheduler.is_paced
    assert scheduler.bulk_is_parked
    scheduler.preset = Preset.BALANCED
    scheduler.add(chat("d", 5))
    assert step(scheduler, kv) == [("c", 1), ("d", 5)], "another first token is waited for"


def balanced_after(n_steps: int) -> tuple[Scheduler, Kv]:
    """A chat that has written for so long, with bulk taking turns."""
    scheduler, kv = new_scheduler(Preset.BALANCED)
    scheduler.add(bulk("b", 4000))
    step(scheduler, kv)
    scheduler.add(chat("c", 5, max_tokens=1000))
    for _ in range(n_steps):
        step(scheduler, kv)
    return scheduler, kv


def test_while_a_first_token_is_awaited_bulk_has_no_turn_however_much_was_put_by() -> None:
    n_turns = 0
    for n_steps in range(100, 220):
        scheduler, kv = balanced_after(n_steps)
        scheduler.add(chat("d", 5))
        assert step(scheduler, kv) == [("c", 1), ("d", 5)]
        scheduler, kv = balanced_after(n_steps)
        n_turns += len(step(scheduler, kv)) == 2
    assert n_turns > 0, "without it there are some among them"


def test_between_two_turns_a_chat_goes_on_by_itself_until_the_next_is_covered() -> None:
    scheduler, kv = balanced_after(2)
    n_alone, n_turns = 0, 0
    for _ in range(900):
        again = scheduler.plan_again()
        plan = scheduler.plan()
        assert plan is not None
        if again is not None:
            n_alone += 1
            assert again == plan
        n_turns += len(shape(plan)) == 2
        run(scheduler, kv, plan)
    assert n_turns > 2
    assert n_alone > 10 * n_turns


def test_a_reply_with_no_bulk_behind_it_is_not_told_at_a_pace() -> None:
    scheduler, kv = new_scheduler(Preset.BALANCED)
    scheduler.add(chat("c", 5))
    for _ in range(10):
        step(scheduler, kv)
        assert not scheduler.is_paced


def test_a_long_bulk_prompt_is_read_in_steps_of_one_micro_batch_and_short_ones_together() -> None:
    scheduler, kv = new_scheduler()
    scheduler.add(bulk("long", STEP_TOKENS + 88))
    scheduler.add(bulk("short", 30))
    assert step(scheduler, kv) == [("long", STEP_TOKENS)]
    assert step(scheduler, kv) == [("long", 88), ("short", 30)]


def test_an_arriving_prompt_does_not_make_a_reply_stutter() -> None:
    scheduler, kv = new_scheduler()
    scheduler.add(chat("first", 5))
    step(scheduler, kv)
    scheduler.add(chat("second", 4000))
    (_, one), (_, piece) = step(scheduler, kv)
    assert (one, piece) == (1, 128)


def test_a_short_question_does_not_wait_for_a_long_prompt() -> None:
    scheduler, kv = new_scheduler()
    scheduler.add(chat("long", 4000))
    step(scheduler, kv)
    scheduler.add(chat("short", 20))
    assert step(scheduler, kv) == [("short", 20)]


def test_the_next_turn_of_a_chat_reads_only_what_is_new() -> None:
    scheduler, kv = new_scheduler()
    scheduler.add(chat("turn 1", 100, key="chat"))
    step(scheduler, kv)
    scheduler.remove("turn 1")
    scheduler.add(chat("turn 2", 130, key="chat"))
    assert step(scheduler, kv) == [("turn 2", 30)]
    assert scheduler.get("turn 2").n_cached == 100


def test_what_can_never_fit_is_refused_at_once_and_a_chats_output_is_shortened() -> None:
    scheduler, _ = new_scheduler()
    with pytest.raises(PromptDoesNotFit) as error:
        scheduler.add(bulk("b", 4000, max_tokens=200))
    assert error.value.excess_tokens == 4000 + 200 - FAKE_CAPABILITIES.bulk_context
    with pytest.raises(PromptDoesNotFit):
        scheduler.add(chat("c", FAKE_CAPABILITIES.interactive_context))
    almost = chat("c", FAKE_CAPABILITIES.interactive_context - 10, max_tokens=50)
    scheduler.add(almost)
    assert almost.max_tokens == 10


def test_a_torn_step_is_planned_again_where_it_was_torn() -> None:
    scheduler, kv = new_scheduler()
    scheduler.add(bulk("b", 600))
    scheduler.admit()
    plan = scheduler.plan()
    assert plan is not None
    kv.held[plan.work[0].slot] = 200
    scheduler.apply(StepResult(results=(WorkResult(id="b", n_done=200),), seconds=0.1))
    again = scheduler.plan()
    assert again is not None
    assert (again.work[0].position, len(again.work[0].tokens)) == (200, 400)


def test_a_sequence_whose_memory_was_lost_is_read_again_with_what_it_has_said() -> None:
    scheduler, kv = new_scheduler()
    scheduler.add(bulk("b", 10))
    step(scheduler, kv)
    step(scheduler, kv)
    scheduler.admit()
    plan = scheduler.plan()
    assert plan is not None
    kv.held[plan.work[0].slot] = 0
    scheduler.apply(StepResult(results=(WorkResult(id="b", n_done=0, is_lost=True),), seconds=0.1))
    assert step(scheduler, kv) == [("b", 12)]


def test_what_is_held_keeps_its_place_and_its_memory_and_nobody_else_comes_in() -> None:
    scheduler, kv = new_scheduler(Preset.BATCH)
    scheduler.add(bulk("b1", 30))
    assert [step(scheduler, kv) for _ in range(2)] == [[("b1", 30)], [("b1", 1)]]
    scheduler.is_held = True
    scheduler.add(bulk("b2", 20))
    assert step(scheduler, kv) == []
    assert scheduler.bulk_is_parked
    assert scheduler.count_waiting(Priority.BULK) == 1
    scheduler.add(chat("c", 5))
    assert step(scheduler, kv) == [("c", 5)], "even where bulk goes on beside a chat"
    scheduler.remove("c")
    scheduler.is_held = False
    assert [step(scheduler, kv) for _ in range(2)] == [[("b2", 20)], [("b1", 1), ("b2", 1)]]


def test_texts_go_whole_and_as_many_as_fit_a_step() -> None:
    scheduler, kv = new_scheduler()
    scheduler.add_embedding(texts("e", 300, 200, 100, STEP_TOKENS + 90, 10))
    scheduler.add_embedding(texts("f", *[1] * (MOST_TEXTS + 1)))
    assert step(scheduler, kv) == [("e", 300), ("e", 200)]
    assert step(scheduler, kv) == [("e", 100)]
    assert step(scheduler, kv) == [("e", STEP_TOKENS + 90)]
    assert step(scheduler, kv) == [("e", 10), *[("f", 1)] * (MOST_TEXTS - 1)]
    assert step(scheduler, kv) == [("f", 1)] * 2
    assert scheduler.is_idle


def test_how_attention_is_computed_follows_the_bulk_that_waits_once_no_slot_of_it_is_in_use() -> None:
    scheduler, kv = new_scheduler()
    scheduler.add(bulk("long", 100, n_own=100))
    scheduler.admit()
    assert kv.is_flash
    step(scheduler, kv)
    scheduler.add(bulk("short", 100, max_tokens=5, n_own=10))
    scheduler.admit()
    assert kv.is_flash, "the slots are in use"
    scheduler.remove("long")
    scheduler.remove("short")
    scheduler.add(bulk("again", 100, max_tokens=5, n_own=10))
    (again,) = scheduler.admit()
    assert not kv.is_flash
    assert again.n_cached == 0, "the new slots are empty, whatever the old ones held"


def test_texts_of_bulk_give_way_to_a_chat_as_its_reading_does() -> None:
    plans = {}
    for preset in Preset:
        scheduler, kv = new_scheduler(preset)
        scheduler.add_embedding(texts("e", *[50] * 1000))
        scheduler.add(chat("c", 5, max_tokens=1000))
        step(scheduler, kv)
        assert scheduler.bulk_is_parked is (preset is not Preset.BATCH)
        plans[preset] = [step(scheduler, kv) for _ in range(300)]
    alone = [("c", 1)]
    assert all(plan == alone for plan in plans[Preset.RESPONSIVE])
    assert all(plan == [*alone, ("e", 50), ("e", 50)] for plan in plans[Preset.BATCH])
    assert {len(plan) > 1 for plan in plans[Preset.BALANCED]} == {True, False}


def test_texts_that_a_person_waits_for_go_before_bulk_and_beside_chats() -> None:
    scheduler, kv = new_scheduler()
    scheduler.add(bulk("b", 20))
    scheduler.add_embedding(texts("e", 30))
    scheduler.add_embedding(texts("asked", 40, 50, 60, priority=Priority.INTERACTIVE))
    assert step(scheduler, kv) == [("asked", 40), ("asked", 50), ("asked", 60)]
    scheduler.add(chat("c", 5))
    scheduler.add_embedding(texts("again", 100, 100, priority=Priority.INTERACTIVE))
    assert step(scheduler, kv) == [("c", 5), ("again", 100)]
    assert step(scheduler, kv) == [("c", 1), ("again", 100)]
    assert step(scheduler, kv) == [("c", 1)]


def test_in_balanced_bulk_has_no_turn_while_a_person_waits_for_a_text() -> None:
    scheduler, kv = new_scheduler(Preset.BALANCED)
    scheduler.add(bulk("b", 2000))
    scheduler.add(chat("c", 5))
    for _ in range(3):
        step(scheduler, kv)
    assert scheduler.is_paced
    scheduler.add_embedding(texts("asked", 40, priority=Priority.INTERACTIVE))
    assert step(scheduler, kv) == [("c", 1), ("asked", 40)]
    assert not scheduler.is_paced
    step(scheduler, kv)
    assert scheduler.is_paced


def test_texts_and_sequences_of_bulk_take_turns() -> None:
    scheduler, kv = new_scheduler()
    scheduler.add(bulk("b", 20))
    scheduler.add_embedding(texts("e", 400, 400))
    assert [step(scheduler, kv) for _ in range(5)] == [
        [("e", 400)],
        [("b", 20)],
        [("e", 400)],
        [("b", 1)],
        [("b", 1)],
    ]


def test_prompts_are_read_in_pieces_of_what_was_measured_to_be_fast() -> None:
    kv = Kv()
    capabilities = msgspec.structs.replace(FAKE_CAPABILITIES, step_tokens=128)
    scheduler = Scheduler(capabilities, kv, Preset.RESPONSIVE, KvArchive(ram_bytes=10_000))
    scheduler.add(bulk("b", 300))
    assert [step(scheduler, kv) for _ in range(3)] == [[("b", 128)], [("b", 128)], [("b", 44)]]
    scheduler.add(chat("c", 200))
    assert [step(scheduler, kv) for _ in range(2)] == [[("c", 128)], [("c", 72)]]


class AnyStory(RuleBasedStateMachine):
    """Whatever comes and goes, and however steps are torn: order, budget and KV hold, and everyone gets done."""

    def __init__(self) -> None:
        super().__init__()
        capabilities = FAKE_CAPABILITIES
        self.kv = Kv()
        self.scheduler = Scheduler(capabilities, self.kv, archive=KvArchive(ram_bytes=40))
        self.count = 0
        self.wanted: dict[str, int] = {}

    @rule(n_prompt=st.integers(1, 900), max_tokens=st.integers(1, 6), key=st.sampled_from(["", "x", "y"]))
    def ask(self, n_prompt: int, max_tokens: int, key: str) -> None:
        self.count += 1
        sequence = chat(f"c{self.count}", n_prompt, max_tokens, key)
        self.scheduler.add(sequence)
        self.wanted[sequence.id] = max_tokens

    @rule(n_prompt=st.integers(1, 900), max_tokens=st.integers(1, 6))
    def queue(self, n_prompt: int, max_tokens: int) -> None:
        self.count += 1
        sequence = bulk(f"b{self.count}", n_prompt, max_tokens)
        self.scheduler.add(sequence)
        self.wanted[sequence.id] = max_tokens

    @rule(sizes=st.lists(st.integers(1, 900), min_size=1, max_size=5), priority=st.sampled_from(list(Priority)))
    def embed(self, sizes: list[int], priority: Priority) -> None:
        self.count += 1
        embedding = texts(f"e{self.count}", *sizes, priority=priority)
        self.scheduler.add_embedding(embedding)
        self.wanted[embedding.id] = len(sizes)

    @rule(preset=st.sampled_from(list(Preset)))
    def choose(self, preset: Preset) -> None:
        self.scheduler.preset = preset

    @rule(is_held=st.booleans())
    def hold(self, is_held: bool) -> None:
        self.scheduler.is_held = is_held

    @precondition(lambda self: self.wanted)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        id = data.draw(st.sampled_from(sorted(self.wanted)))
        removed = self.scheduler.remove_embedding(id) if id.startswith("e") else self.scheduler.remove(id)
        assert removed is not None
        del self.wanted[id]

    @rule(data=st.data(), how=st.sampled_from(["evict", "lose"]))
    def disturb(self, data: st.DataObject, how: str) -> None:
        """A slot is taken from a bulk sequence, or a step of the backend failed."""
        found = {id: self.scheduler.get(id) for id in sorted(self.wanted)}
        running = [id for id, sequence in found.items() if sequence is not None and sequence.slot is not None]
        bulk = [id for id in running if id.startswith("b")]
        if how == "evict" and bulk:
            self.scheduler.evict(data.draw(st.sampled_from(bulk)))
        elif how == "lose" and running:
            id = data.draw(st.sampled_from(running))
            self.scheduler.lose(id)
            del self.wanted[id]

    @rule(torn_at=st.one_of(st.none(), st.integers(0, 600)))
    def go(self, torn_at: int | None) -> None:
        self.one_step(torn_at)

    def one_step(self, torn_at: int | None = None) -> None:
        self.scheduler.admit()
        plan = self.scheduler.plan()
        if plan is None:
            assert self.scheduler.is_idle or self.scheduler.is_held
            return
        self.compute(plan, torn_at)

    def compute(self, plan: StepPlan, torn_at: int | None) -> None:
        slots = [work.slot for work in plan.work]
        assert len(set(slots)) == len(slots), "two sequences in one slot"
        chats = [work for work in plan.work if work.id.startswith("c")]
        assert plan.work[: len(chats)] == tuple(chats), "chats come first"
        assert all(work.slot.priority is Priority.INTERACTIVE for work in chats)
        results = []
        for work in plan.work:
            assert self.kv.held.get(work.slot, 0) == work.position
            assert 0 < len(work.tokens) <= STEP_TOKENS
            n_done = len(work.tokens) if torn_at is None else min(torn_at, len(work.tokens) - 1)
            self.kv.held[work.slot] = work.position + n_done
            token = 7 if work.wants_token and torn_at is None else None
            results.append(WorkResult(id=work.id, n_done=n_done, token=token))
        for sequence in self.scheduler.apply(StepResult(results=tuple(results), seconds=0.01)):
            if sequence.n_output >= sequence.max_tokens:
                assert sequence.n_output == self.wanted.pop(sequence.id)
                self.scheduler.remove(sequence.id)
        self.compute_texts(plan, is_torn=torn_at is not None)
        again = self.scheduler.plan_again()
        if again is not None:
            assert len(again.work) == 1
            self.scheduler.admit()
            assert again == self.scheduler.plan()

    def compute_texts(self, plan: StepPlan, *, is_torn: bool) -> None:
        assert len({(text.id, text.index) for text in plan.texts}) == len(plan.texts)
        assert len({text.priority for text in plan.texts}) <= 1
        assert len(plan.texts) <= 1 or sum(len(text.tokens) for text in plan.texts) <= STEP_TOKENS
        vectors = tuple(TextResult(work=text, vector=None if is_torn else (len(text.tokens),)) for text in plan.texts)
        for embedding in self.scheduler.apply_texts(StepResult(texts=vectors, seconds=0.01)):
            assert len(embedding.vectors) == self.wanted.pop(embedding.id)
            assert all(embedding.vectors[n] == (len(tokens),) for n, tokens in enumerate(embedding.texts))

    @invariant()
    def chats_stop_bulk_in_responsive(self) -> None:
        plan = self.scheduler.plan()
        if self.scheduler.preset is Preset.RESPONSIVE and self.scheduler.count_running(Priority.INTERACTIVE):
            assert plan is not None
            assert not plan.has(Priority.BULK)

    @invariant()
    def what_is_held_stands_still_and_chats_do_not(self) -> None:
        if not self.scheduler.is_held:
            return
        plan = self.scheduler.plan()
        n_bulk = self.scheduler.count_running(Priority.BULK) + self.scheduler.count_waiting(Priority.BULK)
        assert plan is None or not plan.has(Priority.BULK)
        assert self.scheduler.bulk_is_parked == bool(n_bulk)
        if self.scheduler.count_running(Priority.INTERACTIVE):
            assert plan is not None

    def teardown(self) -> None:
        self.scheduler.is_held = False
        for _ in range(20_000):
            if not self.wanted:
                assert self.scheduler.is_idle
                assert all(entry.sequence is None for entry in self.scheduler.placement.entries), (
                    "all slots are free at the end"
                )
                return
            self.one_step()
        raise AssertionError(f"never done: {self.wanted}")


AnyStory.TestCase.settings = hypothesis_settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAnyStory = AnyStory.TestCase


@pytest.mark.parametrize("preset", list(Preset))
def test_what_a_chats_step_costs_is_learned_in_every_preset(preset: Preset) -> None:
    scheduler, kv = new_scheduler(preset)
    scheduler.add(chat("c", 20))
    for _ in range(4):
        step(scheduler, kv)
    assert scheduler.balance.alone_seconds == pytest.approx(0.01)


@pytest.mark.parametrize("preset", list(Preset))
def test_a_chat_that_is_alone_goes_on_from_token_to_token(preset: Preset) -> None:
    scheduler, kv = new_scheduler(preset)
    scheduler.add(chat("c", 20, max_tokens=3))
    assert step(scheduler, kv) == [("c", 20)]
    again = scheduler.plan_again()
    assert shape(again) == [("c", 1)]
    assert again is not None
    run(scheduler, kv, again)
    assert shape(scheduler.plan_again()) == [("c", 1)]
    scheduler.remove("c")
    assert scheduler.plan_again() is None


@pytest.mark.parametrize(
    ("preset", "is_alone"), [(Preset.RESPONSIVE, True), (Preset.BALANCED, False), (Preset.BATCH, False)]
)
def test_beside_bulk_a_chat_goes_on_by_itself_only_where_bulk_stands_still(preset: Preset, is_alone: bool) -> None:
    scheduler, kv = new_scheduler(preset)
    scheduler.add(bulk("b", 20))
    step(scheduler, kv)
    scheduler.add(chat("c", 20))
    step(scheduler, kv)
    assert (scheduler.plan_again() is not None) is is_alone


def test_where_anybody_else_waits_everything_is_planned_anew() -> None:
    for other in (chat("d", 20), chat("e", 20, max_tokens=0)):
        scheduler, kv = new_scheduler()
        scheduler.add(chat("c", 20))
        step(scheduler, kv)
        scheduler.add(other)
        step(scheduler, kv)
        assert scheduler.plan_again() is None
    scheduler, kv = new_scheduler()
    scheduler.add(chat("c", 20))
    scheduler.add_embedding(texts("t", 900, 900, priority=Priority.INTERACTIVE))
    step(scheduler, kv)
    assert scheduler.plan_again() is None


def test_memory_that_can_not_be_cut_is_put_back_after_an_aside() -> None:
    scheduler, kv = new_scheduler()
    kv.can_cut = False
    turn = chat("turn", 40, max_tokens=5, key="tea")
    scheduler.add(turn)
    while turn.n_kv < 40:
        scheduler.admit()
        step(scheduler, kv)
    slot = turn.slot
    assert slot is not None
    scheduler.remove("turn")
    held = kv.held[slot]
    aside = chat("aside", 60, key="tea")
    aside.tokens[:held] = turn.tokens[:held]
    aside.is_aside = True
    assert scheduler.add_aside(aside)
    step(scheduler, kv)
    assert kv.held[slot] > held
    scheduler.remove("aside")
    assert kv.held[slot] == held
    again = chat("again", held + 10, key="tea")
    again.tokens[:held] = turn.tokens[:held]
    scheduler.add(again)
    scheduler.admit()
    assert again.n_cached == held
