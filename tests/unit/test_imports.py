"""Files of this and other programs become chats: whose they are, what is kept, and that nothing in them is trusted."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.imports.arrivals import ArrivingChat, ImportFile
from app.core.imports.files import open_import
from app.core.imports.message_tree import Node, in_order, joined
from app.errors import KnownError

NOW = 1_800_000_000.0


def opened(path: Path, content: object) -> tuple[list[ArrivingChat], ImportFile]:
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    file = open_import(path, NOW)
    return list(file.chats), file


def told(chat: ArrivingChat) -> list[tuple[str, str]]:
    """The shown branch."""
    by_id = {message.id: message for message in chat.messages}
    step, branch = chat.chat.leaf_id, []
    while step is not None:
        branch.append((by_id[step].role, by_id[step].text))
        step = by_id[step].parent_id
    return branch[::-1]


def gpt_node(id: str, parent: str | None, role: str, text: str = "", **more: Any) -> dict[str, Any]:
    content = more.pop("content", {"content_type": "text", "parts": [text]})
    message = {"id": id, "author": {"role": role}, "content": content, "recipient": "all", "weight": 1.0, **more}
    return {"id": id, "parent": parent, "children": [], "message": message if role else None}


def gpt_chat(*nodes: dict[str, Any], shown: str, **more: Any) -> dict[str, Any]:
    return {
        "title": "Bees",
        "conversation_id": "c-1",
        "create_time": 1.7e9,
        "update_time": 1.7e9 + 50,
        "mapping": {node["id"]: node for node in nodes},
        "current_node": shown,
        **more,
    }


THOUGHTS = {"content_type": "thoughts", "thoughts": [{"summary": "Wings", "content": "…"}]}
BEES = gpt_chat(
    gpt_node("root", None, ""),
    gpt_node("sys", "root", "system", "be nice", metadata={"is_visually_hidden_from_conversation": True}),
    gpt_node("u1", "sys", "user", "Why do bees hum?", create_time=1.7e9 + 1),
    gpt_node(
        "t1",
        "u1",
        "assistant",
        content={"content_type": "thoughts", "thoughts": [{"summary": "Wings", "content": "…"}]},
    ),
    gpt_node("call", "t1", "assistant", "search('bees')", recipient="web.run"),
    gpt_node("result", "call", "tool", "a page"),
    gpt_node(
        "a1",
        "result",
        "assistant",
        "Their wings. \ue200cite\ue202turn0search0\ue201",
        create_time=1.7e9 + 2,
        metadata={"model_slug": "gpt-4o"},
    ),
    gpt_node("a2", "u1", "assistant", "Another answer.", create_time=1.7e9 + 3),
    gpt_node(
        "u2",
        "a1",
        "user",
        content={"content_type": "multimodal_text", "parts": ["And this?", {"content_type": "image_asset_pointer"}]},
        create_time=1.7e9 + 4,
    ),
    shown="u2",
    is_archived=True,
)


def test_a_conversation_of_chatgpt_has_its_branches_its_thoughts_and_no_tools(tmp_path: Path) -> None:
    (chat,), file = opened(tmp_path / "conversations.json", [BEES])
    assert told(chat) == [
        ("user", "Why do bees hum?"),
        ("assistant", "<think>\nWings\n…\n</think>\n\nTheir wings."),
        ("user", "And this?\n\n[image]"),
    ]
    first = chat.messages[0]
    versions = [message.text for message in chat.messages if message.parent_id == first.id]
    assert len(versions) == 2
    assert "Another answer." in versions
    assert chat.chat.title == "Bees"
    assert chat.chat.is_archived
    assert [message.model_name for message in chat.messages if "wings" in message.text] == ["gpt-4o"]
    assert first.created_seconds == 1.7e9 + 1
    assert file.left_out.all() == (
        "Steps in which a tool was used, left out: 1.",
        "Images left out: 1.",
    )


def test_chatgpts_zip_is_taken_as_it_comes_and_gives_the_same_ids_each_time(tmp_path: Path) -> None:
    archive = tmp_path / "export.zip"
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("user.json", '{"id": "me"}')
        out.writestr("conversations-000.json", json.dumps([BEES]))
        out.writestr("conversations-001.json", json.dumps([{**BEES, "conversation_id": "c-2"}]))
    chats = list(open_import(archive, NOW).chats)
    assert len(chats) == 2
    again = list(open_import(archive, NOW).chats)
    assert [chat.chat.id for chat in chats] == [chat.chat.id for chat in again]
    assert not {m.id for m in chats[0].messages} & {m.id for m in chats[1].messages}


PAGE_CONV = {"id": "x", "name": "Tea", "lastModified": 1.7e12, "currNode": "m3"}
PAGE_MESSAGES = [
    {"id": "m0", "type": "root", "role": "system", "parent": None, "content": "", "timestamp": 1.7e12},
    {"id": "m1", "type": "system", "role": "system", "parent": "m0", "content": "Be brief.", "timestamp": 1.7e12},
    {
        "id": "m2",
        "type": "text",
        "role": "user",
        "parent": "m1",
        "content": "How long?",
        "timestamp": 1.7e12 + 1000,
        "extra": [{"type": "TEXT", "name": "box.txt", "content": "3 minutes"}, {"type": "IMAGE", "name": "p.png"}],
    },
    {
        "id": "m3",
        "type": "text",
        "role": "assistant",
        "parent": "m2",
        "content": "Three minutes.",
        "reasoningContent": "It says so.",
        "model": "tiny",
        "timestamp": 1.7e12 + 2000,
    },
    {"id": "m4", "type": "text", "role": "assistant", "parent": "m2", "content": "Four.", "timestamp": 1.7e12 + 3000},
]


def lines_of_page() -> bytes:
    lines = [{"harness": "llama.cpp", "type": "session", **PAGE_CONV}]
    lines += [{"type": "message", "message": message} for message in PAGE_MESSAGES]
    return "\n".join(json.dumps(line) for line in lines).encode()


@pytest.mark.parametrize("form", ["object", "list", "lines", "zip"])
def test_llamas_page_in_each_of_its_forms(tmp_path: Path, form: str) -> None:
    whole = {"conv": PAGE_CONV, "messages": PAGE_MESSAGES}
    content: object = {"object": whole, "list": [whole], "lines": lines_of_page(), "zip": b""}[form]
    if form == "zip":
        with zipfile.ZipFile(tmp_path / "made.zip", "w") as out:
            out.writestr("2026_conv_x_tea.jsonl", lines_of_page())
        content = (tmp_path / "made.zip").read_bytes()
    (chat,), file = opened(tmp_path / "given", content)
    assert told(chat) == [
        ("user", "How long?\n\nbox.txt\n\n3 minutes"),
        ("assistant", "<think>\nIt says so.\n</think>\n\nThree minutes."),
    ]
    assert len(chat.messages) == 3
    assert json.loads(chat.chat.options) == {"system_prompt": "Be brief."}
    assert chat.chat.title == "Tea"
    assert chat.messages[0].created_seconds == 1.7e9 + 1
    assert file.left_out.all() == ("Images left out: 1.",)


def test_one_damaged_chat_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    empty = gpt_chat(gpt_node("root", None, ""), shown="root", title="Nothing", conversation_id="c-9")
    long = gpt_chat(gpt_node("u", None, "user", "x" * 5_000_001), shown="u", title="Long", conversation_id="c-8")
    chats, file = opened(tmp_path / "c.json", [BEES, empty, 7, long])
    assert len(chats) == 1
    assert file.left_out.all()[:3] == (
        "“Nothing” has no text, so it was left out.",
        "“A chat” is damaged in the file, so it was left out.",
        "“Long” has a message of more than 5,000,000 characters, so it was left out.",
    )


def test_half_a_character_is_no_reason_to_leave_a_chat_out(tmp_path: Path) -> None:
    chat = gpt_chat(gpt_node("u", None, "user", "caf HALF \U0001f600"), shown="u")
    (taken,), _ = opened(tmp_path / "c.json", json.dumps([chat]).replace("HALF", "\\ud83d").encode())
    assert told(taken) == [("user", "caf � 😀")]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.json", b"[" * 200_000, "no chats"),
        ("a.json", b'{"format": ' + b'{"a":' * 100_000, "damaged|no chats"),
        ("a.json", b'[{"mapping": {', "damaged"),
        ("a.json", b'{"menu": 1}', "no chats"),
        ("a.json", b"", "no chats"),
        ("a.pdf", b"%PDF-1.7 hello", "no chats"),
        ("a.zip", b"PK\x03\x04 and nothing else", "damaged"),
        ("a.json", b"[1, 2, 3]", "no chats"),
    ],
)
def test_what_is_no_export_gets_one_sentence(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    with pytest.raises(KnownError, match=why):
        opened(tmp_path / name, content)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as out, out.open("conversations.json", "w") as part:
        for _ in range(21):
            part.write(bytes(10_000_000))
    with pytest.raises(KnownError, match="more than any export"):
        open_import(bomb)


def test_what_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(KnownError, match="can't be read"):
        open_import(tmp_path / "gone.json")


NAMES = st.sampled_from("abcdefgh")
NODES = st.lists(
    st.builds(
        Node,
        id=NAMES,
        parent=st.none() | NAMES,
        role=st.sampled_from(["user", "assistant", ""]),
        text=st.sampled_from(["x", "y"]),
        seconds=st.sampled_from([0.0, -5.0, 1.0, 2.0, 1e300]),
    ),
    max_size=10,
)


@given(NODES)
def test_any_tree_comes_out_with_parents_first_and_times_that_grow(nodes: list[Node]) -> None:
    ordered = in_order(nodes)
    seconds = {None: 0.0}
    for node in ordered:
        assert node.parent in seconds, "its parent stands before it"
        assert node.id not in seconds
        assert node.seconds >= seconds[node.parent]
        assert node.seconds < 1e10
        seconds[node.id] = node.seconds
    in_circles = {node.id for node in nodes} - {node.id for node in ordered}
    parents = {node.id: node.parent for node in reversed(nodes)}
    for id in in_circles:
        steps, step = 0, parents[id]
        while step in parents and steps < 20:
            step, steps = parents[step], steps + 1
        assert steps == 20, "only what goes round in a circle is missing"


@given(NODES)
def test_turns_alternate_and_nothing_that_was_said_is_lost(nodes: list[Node]) -> None:
    ordered = in_order(nodes)
    turns, place = joined(ordered, lambda id: f"turn {id}")
    by_id = {turn.id: turn for turn in turns}
    assert len(by_id) == len(turns)
    for turn in turns:
        assert turn.parent is None or by_id[turn.parent].role != turn.role
        assert turn.role
    parents = {node.id: node for node in ordered}
    for node in ordered:
        if not any(other.parent == node.id for other in ordered) and node.role:
            said: Counter[str] = Counter()
            step: Node | None = node
            while step is not None:
                said.update(step.text if step.role else "")
                step = parents[step.parent] if step.parent else None
            turn: Node | None = by_id[place[node.id]]
            found: Counter[str] = Counter()
            while turn is not None:
                found.update(turn.text.replace("\n", ""))
                turn = by_id[turn.parent] if turn.parent else None
            assert found == said
