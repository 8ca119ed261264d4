"""How much context of chats and bulk fits the memory that is free. Pure."""

from __future__ import annotations

from dataclasses import dataclass

CHAT_SEQUENCES = 2
BULK_SEQUENCES = 8
BULK_CONTEXT = 2048
SMALLEST_CONTEXT = 1024
KV_SHARE_OF_FREE = 0.5  # the rest is for compute buffers and the person's other programs
WIDE_SHARE_OF_FREE = 0.125  # what a bulk context may take that is wider than the default


@dataclass(frozen=True, kw_only=True)
class KvPlan:
    """Tokens and sequences of the two contexts, and the bytes of their KV."""

    chat_context: int
    chat_sequences: int
    bulk_context: int
    bulk_sequences: int
    kv_bytes: int


def most_bulk_sequences(bytes_each: int, free_bytes: int) -> int:
    """How wide bulk may be at most: its KV is taken whole, also while nobody uses it."""
    return max(BULK_SEQUENCES, int(free_bytes * WIDE_SHARE_OF_FREE / max(1, bytes_each)))


def plan_kv(
    *,
    bytes_per_token: int,
    trained_context: int,
    wanted_context: int,
    free_bytes: int,
    bulk_sequences: int = BULK_SEQUENCES,
    bulk_bytes_per_token: int | None = None,
) -> KvPlan | None:
    """The largest plan that fits, giving up bulk width first, then chats, then context. None: nothing fits.

    `bulk_bytes_per_token`: where bulk keeps its KV in another kind than chats do.
    """
    chat_context = min(wanted_context, trained_context)
    bulk_context = min(BULK_CONTEXT, trained_context)
    chats = CHAT_SEQUENCES
    each = (bulk_bytes_per_token or bytes_per_token) * bulk_context
    bulk = min(bulk_sequences, most_bulk_sequences(each, free_bytes))
    while True:
        kv_bytes = bytes_per_token * chat_context * chats + each * bulk
        if kv_bytes <= free_bytes * KV_SHARE_OF_FREE:
            return KvPlan(
                chat_context=chat_context,
                chat_sequences=chats,
                bulk_context=bulk_context,
                bulk_sequences=bulk,
                kv_bytes=kv_bytes,
            )
        if bulk > 2:
            bulk //= 2
        elif chats > 1:
            chats = 1
        elif chat_context > SMALLEST_CONTEXT:
            chat_context //= 2
        else:
            return None
