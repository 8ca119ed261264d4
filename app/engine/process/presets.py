"""Responsive | Balanced | Batch become a step budget: how much bulk work goes beside an active chat. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from app.engine.messages import Preset

STEP_TOKENS = 512  # one micro-batch of llama.cpp: a step that is torn loses no more than this
STUTTER_TOKENS = 128  # a prompt is read in pieces of this size while another chat is being answered
BALANCED_SHARE = 0.5  # bulk may take this share of the chat's decode time: ITL at most 1.5 times its idle value
BATCH_TOKENS = 128  # beside a chat that is being answered: a whole step would hold each of its tokens for seconds
BALANCED_SEQUENCES = 4
BALANCED_TOKENS = 64


@dataclass(frozen=True, kw_only=True)
class BulkBudget:
    """What bulk may do in one step, in tokens read and in sequences written."""

    read_tokens: int
    write_sequences: int


NOTHING = BulkBudget(read_tokens=0, write_sequences=0)


@dataclass(frozen=True, kw_only=True)
class ChatActivity:
    """What the budget depends on. Seconds count since the chat became active."""

    is_active: bool
    is_expected: bool = False  # somebody types: a turn is near
    is_reading: bool = False  # a first token is being waited for
    chat_seconds: float = 0.0  # spent on the chat's decode steps
    bulk_seconds: float = 0.0  # spent on bulk in the same time
    next_bulk_seconds: float = 0.0  # what the next bulk step is expected to take


def bulk_budget(preset: Preset, chat: ChatActivity, *, bulk_sequences: int) -> BulkBudget:
    """The budget of the next step. With no chat active every preset gives bulk the whole machine."""
    if not chat.is_active and chat.is_expected:
        return BulkBudget(read_tokens=STUTTER_TOKENS, write_sequences=bulk_sequences)
    if not chat.is_active:
        return BulkBudget(read_tokens=STEP_TOKENS, write_sequences=bulk_sequences)
    if preset is Preset.BATCH:
        return BulkBudget(read_tokens=BATCH_TOKENS, write_sequences=bulk_sequences)
    if preset is Preset.RESPONSIVE or chat.is_reading:
        return NOTHING
    if chat.bulk_seconds + chat.next_bulk_seconds > BALANCED_SHARE * chat.chat_seconds:
        return NOTHING
    return BulkBudget(read_tokens=BALANCED_TOKENS, write_sequences=min(BALANCED_SEQUENCES, bulk_sequences))
