"""Responsive | Balanced | Batch become a step budget: how much bulk work goes beside an active chat. Pure."""

from __future__ import annotations

import msgspec

from app.engine.messages import Preset

STEP_TOKENS = 512  # one micro-batch of llama.cpp: a step that is torn loses no more than this
STUTTER_TOKENS = 128  # a prompt is read in pieces of this size while another chat is being answered
# Beside a chat bulk reads no less a second in pieces of this size, and the chat's tokens come four times as often.
BATCH_TOKENS = 128


class BulkBudget(msgspec.Struct, frozen=True, kw_only=True):
    """What bulk may do in one step, in tokens read and in sequences written."""

    read_tokens: int
    write_sequences: int


NOTHING = BulkBudget(read_tokens=0, write_sequences=0)


class ChatActivity(msgspec.Struct, frozen=True, kw_only=True):
    """What the budget depends on."""

    is_active: bool
    is_expected: bool = False  # somebody types: a turn is near


def bulk_budget(preset: Preset, chat: ChatActivity, *, bulk_sequences: int, turn: BulkBudget = NOTHING) -> BulkBudget:
    """The budget of the next step. With no chat active every preset gives bulk the whole machine.

    `turn`: what bulk may do between two tokens of a chat in Balanced (balance.py).
    """
    if not chat.is_active and chat.is_expected:
        return BulkBudget(read_tokens=STUTTER_TOKENS, write_sequences=bulk_sequences)
    if not chat.is_active:
        return BulkBudget(read_tokens=STEP_TOKENS, write_sequences=bulk_sequences)
    if preset is Preset.BATCH:
        return BulkBudget(read_tokens=BATCH_TOKENS, write_sequences=bulk_sequences)
    return turn if preset is Preset.BALANCED else NOTHING
