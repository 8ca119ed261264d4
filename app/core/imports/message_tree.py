"""Messages of a file as a tree that can be relied on: parents first, no circles, times that grow. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

LATEST_SECONDS = 4e9  # of any clock that goes right: a message from later has none


@dataclass(frozen=True, kw_only=True)
class Node:
    """A message as a file has it. `role` empty: it says nothing, but others follow it. `seconds` 0.0: unknown."""

    id: str
    parent: str | None
    role: str
    text: str
    seconds: float = 0.0
    model: str = ""
    thought: str = ""  # what a model thought before it said `text`


def in_order(nodes: Sequence[Node]) -> list[Node]:
    """Each id once, parents first, else as they came; without those that go round in a circle.

    What follows something that is not there begins the chat. A message is not older than the one before it.
    """
    known = {node.id: node for node in reversed(nodes)}
    following: defaultdict[str | None, list[Node]] = defaultdict(list)
    for node in reversed(known.values()):
        following[node.parent if node.parent in known else None].append(node)
    ordered: list[Node] = []
    waiting = [replace(node, parent=None) for node in reversed(following[None])]
    seconds: dict[str | None, float] = {None: 0.0}
    while waiting:
        node = waiting.pop()
        own = node.seconds if 0 < node.seconds < LATEST_SECONDS else 0.0
        seconds[node.id] = max(own, seconds[node.parent])
        ordered.append(replace(node, seconds=seconds[node.id]))
        waiting += reversed(following[node.id])
    return ordered


def joined(nodes: Sequence[Node], new_id: Callable[[str], str]) -> tuple[list[Node], dict[str, str]]:
    """Turns that alternate, of `in_order` nodes: what has no role goes, and what one speaker said in a row is one.

    Each gets a new id, made of the last node's in it; the second value says which turn ends with a node, by its id.
    """
    following: defaultdict[str | None, list[Node]] = defaultdict(list)
    for node in reversed(nodes):
        if node.role or following[node.id]:  # what leads nowhere and says nothing goes
            following[node.parent].insert(0, node)
    turns: list[Node] = []
    place: dict[str, str] = {}

    def ended(said: Node, before: str | None) -> str:
        if said.id not in place:
            place[said.id] = new_id(said.id)
            turns.append(replace(said, id=place[said.id], parent=before))
        return place[said.id]

    # (what comes next, the turn before it, what the same speaker has said so far)
    waiting: list[tuple[Node, str | None, Node | None]] = [(node, None, None) for node in reversed(following[None])]
    while waiting:
        node, before, said = waiting.pop()
        if node.role:
            if said is not None and said.role != node.role:
                before, said = ended(said, before), None
            said = node if said is None else _longer(said, node)
        if said is not None and not following[node.id]:
            ended(said, before)
        waiting += [(after, before, said) for after in reversed(following[node.id])]
    return turns, place


def _longer(said: Node, node: Node) -> Node:
    return replace(
        node,
        text=_together(said.text, node.text),
        thought=_together(said.thought, node.thought),
        model=node.model or said.model,
    )


def _together(first: str, second: str) -> str:
    return "\n\n".join(part for part in (first, second) if part)


def leaf_of(nodes: Sequence[Node], place: dict[str, str], shown: object) -> str | None:
    """The turn where the shown branch ends: that of the node `shown`, or of the nearest before it."""
    parents = {node.id: node.parent for node in nodes}
    step = shown if isinstance(shown, str) else None
    while step is not None:
        if step in place:
            return place[step]
        step = parents.get(step)
    return None
