"""Chats of other programs: what is the same of them all. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from app.core import thoughts
from app.core.chat_views import ChatOptions, MessageState, Role
from app.core.imports.arrivals import ArrivingChat, Unusable, check_length, derived_id, title_in
from app.core.imports.message_tree import Node, in_order, joined, leaf_of
from app.store.chats import ChatRow, MessageRow


def arriving(
    source: str,
    id: str,
    nodes: Sequence[Node],
    *,
    title: object,
    shown: object,
    updated_seconds: float,
    now_seconds: float,
    system_prompt: str = "",
    is_archived: bool = False,
    is_pinned: bool = False,
) -> ArrivingChat:
    """`source` names the program, `id` the chat in it; `shown` the node where the shown branch ends.

    Raises Unusable where nobody says anything in it.
    """
    ordered = in_order(nodes)
    chat_id = derived_id(source, id)
    turns, place = joined(ordered, lambda node_id: derived_id(source, id, node_id))
    if not turns:
        raise Unusable("has no text")
    messages = tuple(
        MessageRow(
            id=turn.id,
            chat_id=chat_id,
            parent_id=turn.parent,
            role=turn.role,
            text=check_length(_text(turn)),
            state=MessageState.COMPLETE.value,
            error="",
            figures=None,
            created_seconds=turn.seconds or min(updated_seconds or now_seconds, now_seconds),
            model_name=turn.model,
        )
        for turn in turns
    )
    options = ChatOptions(system_prompt=system_prompt or None)
    return ArrivingChat(
        chat=ChatRow(
            id=chat_id,
            title=title_in(title, messages),
            leaf_id=leaf_of(ordered, place, shown) or messages[-1].id,
            updated_seconds=min(updated_seconds or messages[-1].created_seconds, now_seconds),
            options=msgspec.json.encode(options).decode(),
            is_archived=is_archived,
            is_pinned=is_pinned,
        ),
        messages=messages,
    )


def _text(turn: Node) -> str:
    """As Rubato keeps it: thoughts in front."""
    thought = turn.thought.replace(thoughts.CLOSE.strip(), "").strip()
    return (
        f"{thoughts.OPEN}{thought}{thoughts.CLOSE}{turn.text}"
        if thought and turn.role == Role.ASSISTANT.value
        else turn.text
    )
