"""What streams in pieces is shown as the whole would be."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QRect, Qt
from pytestqt.qtbot import QtBot

from app.gui.theme import Theme
from app.gui.transcript.markdown import normal, parse
from app.gui.transcript.reply_text import ReplyText
from app.lab.long_chat import section

LINES = [
    "A paragraph of words, **bold** and *slanted*.",
    "- item",
    "  - nested item",
    "    more of it",
    "* other list",
    "1. first",
    "7. seventh",
    "> quoted",
    "> - in a quote",
    "lazy",
    "# Heading",
    "### Three",
    "===",
    "---",
    "```python",
    "```",
    "    indented = code",
    "| a | b |",
    "|---|--:|",
    "| 1 | `2` |",
    "a | b",
    "<div>html</div> & &amp;",
    "![image](http://example.org/x.png) [link](http://example.org)",
    "\\* not a list",
    "",
    "",
    "",
    "\ttabbed",
    "- ",
    "1.",
    "#",
    ">",
    "**open",
    "#hashtag",
    "1.5 litres",
    "-dash",
    "> ",
    "|---|--x|",
    "```not``` a fence",
    "with $x^2$ and \\(y\\), $5 and $6",
    "$$",
    "$$",
    "$$ a + b",
    "c $$",
    "\\[ z \\]",
    "\\begin{align}",
    "a &= b \\end{align}",
    "line \u2028 separator \u2029 \x0b and \ufdd0 frame",
]

markdown = st.lists(st.sampled_from(LINES), max_size=14).map("\n".join)


@st.composite
def in_pieces(draw: st.DrawFn) -> list[str]:
    text = draw(markdown)
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=40)))
    return [text[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def picture(reply: ReplyText) -> list[object]:
    """Everything that is shown: text, block formats, lists, marks."""
    shown: list[object] = list(reply._writer.marks)
    block = reply.document().begin()
    while block.isValid():
        style = block.blockFormat()
        listed = block.textList()
        runs = [(run.fragment().text(), run.fragment().charFormat().fontWeight()) for run in block]  # type: ignore[attr-defined]
        facts = (style.topMargin(), style.leftMargin(), style.bottomMargin(), style.indent(), style.headingLevel())
        shown.append((block.text(), facts, listed.itemText(block) if listed else None, runs))
        block = block.next()
    return shown


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=in_pieces())
def test_pieces_are_shown_as_the_whole(pieces: list[str], theme: Theme) -> None:
    streamed, whole = ReplyText(theme), ReplyText(theme)
    for piece in pieces:
        streamed.append(piece)
        streamed._rest.stop()
    whole.show_text("".join(pieces))
    assert streamed.toPlainText() == whole.toPlainText()
    assert picture(streamed) == picture(whole)
    streamed.deleteLater()
    whole.deleteLater()


ODD = {
    "brackets": "[" * 15_000,
    "images": "![" * 9_000,
    "emphasis": "**a*" * 30_000,
    "a paragraph": "word " * 40_000,
    "cells": "|a" * 120 + "\n" + "|-" * 120 + "\n" + ("|b" * 120 + "\n") * 120,
    "depth": "> - " * 2_000,
    "dollars": "$a " * 20_000,
}


@pytest.mark.parametrize("name", ["brackets", "images", "emphasis", "a paragraph"])
def test_the_inside_of_an_odd_paragraph_is_one_text(name: str) -> None:
    (inline,) = [token for token in parse(ODD[name]) if token.type == "inline"]
    assert [child.type for child in inline.children or []] == ["text"]


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_what_is_odd_is_shown_in_no_time_as_it_is(text: str, theme: Theme, qtbot: QtBot) -> None:
    begun = time.process_time()
    tokens = parse(text)
    assert time.process_time() - begun < 1.5  # seconds of the processor; without the limits 5 to 20
    shown = [token.content or "".join(child.content for child in token.children or []) for token in tokens]
    assert sum(map(len, shown)) >= len(text) * 0.9 or text.startswith("> ")


def test_a_text_without_end_is_not_rendered() -> None:
    with pytest.raises(ValueError, match="over the limit"):
        parse("*a*\n" * 600_000)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=markdown, ends=st.booleans())
def test_slices_are_shown_as_the_whole(text: str, ends: bool, theme: Theme) -> None:
    sliced, whole = ReplyText(theme), ReplyText(theme)
    text = "\n".join([text] * (1 + 5_000 // (len(text) + 1)))
    text += "\n\n[link]: http://example.org/later\n" if ends else ""
    sliced.show_text(text)
    assert sliced._unread, "a text that is long enough to be sliced"
    while sliced._unread:
        sliced._rested()
    whole._writer.write(parse(normal(text)))
    assert picture(sliced) == picture(whole)
    sliced.deleteLater()
    whole.deleteLater()


@pytest.mark.parametrize("fence", ["```python", "~~~~", "````", "```"])
@pytest.mark.parametrize("end", ["", "\n```", "\n~~~~", "\n````` \n\nafter", "\n   ````\n", "\n```x\n", "\n    ````"])
def test_code_that_grows_is_shown_as_the_whole(fence: str, end: str, theme: Theme, qtbot: QtBot) -> None:
    text = f"before\n\n{fence}\na = 1\n\n\tb\n``\n{end}"
    streamed, whole = ReplyText(theme), ReplyText(theme)
    qtbot.addWidget(streamed)
    qtbot.addWidget(whole)
    for n, letter in enumerate(text, 1):
        streamed.append(letter)
        streamed._rest.stop()
        whole.show_text(text[:n])
        assert picture(streamed) == picture(whole)


@pytest.mark.parametrize("text", ["[a]\n\nlater\n\n[a]: http://example.org\n", "x\r\ny\r", "a\r\n\r\nb"])
def test_the_end_puts_right_what_only_the_end_can_tell(text: str, theme: Theme, qtbot: QtBot) -> None:
    streamed, whole = ReplyText(theme), ReplyText(theme)
    qtbot.addWidget(streamed)
    qtbot.addWidget(whole)
    for letter in text:
        streamed.append(letter)
    streamed.finish(text)
    whole.show_text(text)
    assert picture(streamed) == picture(whole)


def test_a_reply_that_was_complete_can_go_on(theme: Theme, qtbot: QtBot) -> None:
    reply = ReplyText(theme)
    qtbot.addWidget(reply)
    reply.show_text("- one\n- tw")
    reply.append("o\n- three")
    assert reply.toPlainText() == "one\ntwo\nthree"


def test_another_theme_in_the_middle_of_a_reply_changes_no_text(theme: Theme, qtbot: QtBot) -> None:
    reply = ReplyText(theme)
    qtbot.addWidget(reply)
    reply.append("# Head\n\nbody\n\n```\nco")
    theme.choose("dark")
    reply.append("de\n")
    qtbot.waitUntil(lambda: reply.toPlainText() == "Head\nbody\ncode")


@pytest.mark.parametrize("direction", [Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft])
def test_what_is_painted_behind_the_text_is_the_same_strip_by_strip(
    theme: Theme, qtbot: QtBot, direction: Qt.LayoutDirection
) -> None:
    """Each strip is painted with the marks that reach into it, found without walking over the others."""
    reply = ReplyText(theme)
    qtbot.addWidget(reply)
    reply.setLayoutDirection(direction)
    reply.resize(500, 100)
    reply.show()
    reply.show_text(section(1) + "\n\n> a quote\n> - with a list\n> ```\n> and code\n> ```\n\n---\n\n" + section(2))
    qtbot.waitUntil(lambda: reply.height() > 3_000)
    whole, height = reply.grab().toImage(), 37
    for top in range(0, reply.height() - height, height):
        strip = QRect(0, top, reply.width(), height)
        assert reply.grab(strip).toImage() == whole.copy(strip), f"between {top} and {top + height}"


def test_nothing_is_ever_loaded(theme: Theme, qtbot: QtBot) -> None:
    reply = ReplyText(theme)
    qtbot.addWidget(reply)
    reply.show_text("![x](http://192.0.2.1/x.png) <img src='file:///etc/passwd'>")
    assert "<img src='file:///etc/passwd'>" in reply.toPlainText()
    assert reply.loadResource(2, "file:///etc/passwd") is None


def test_a_message_too_odd_to_render_is_shown_plainly(
    theme: Theme, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def odd(*_: object) -> None:
        raise RecursionError("too deep")

    reply = ReplyText(theme)
    qtbot.addWidget(reply)
    monkeypatch.setattr("app.gui.transcript.reply_text.parse", odd)
    reply.append("**a")
    reply.append("b**")
    qtbot.waitUntil(lambda: reply.toPlainText() == "**ab**")
    caplog.clear()
