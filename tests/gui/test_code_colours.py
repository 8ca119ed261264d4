"""Code in replies has colours: those of its language, that can be read, also while it is being written."""

from __future__ import annotations

from dataclasses import fields

import pytest
from pytestqt.qtbot import QtBot

from app.gui.theme import DARK as DARK_THEME
from app.gui.theme import LIGHT as LIGHT_THEME
from app.gui.theme import Theme, Tokens
from app.gui.transcript.code_colours import DARK, LIGHT, MOST_LINES, CodeTokens, is_too_much, spans
from app.gui.transcript.reply_text import ReplyText
from tests.gui.test_contrast import contrast

CODE = "def answer():\n    # why\n    return 'so 🎵' + \"s\"\n"
FENCED = f"Look:\n\n```python\n{CODE}```\n\nThat is it.\n"


@pytest.fixture
def reply(qtbot: QtBot, theme: Theme) -> ReplyText:
    made = ReplyText(theme)
    qtbot.addWidget(made)
    return made


def coloured(reply: ReplyText) -> dict[str, str]:
    """The text of each stretch that has a colour of its own, with that colour."""
    found = {}
    block = reply.document().begin()
    while block.isValid():
        units = block.text().encode("utf-16-le")
        for part in block.layout().formats():
            text = units[2 * part.start : 2 * (part.start + part.length)].decode("utf-16-le")
            found[text] = part.format.foreground().color().name().upper()
        block = block.next()
    return found


def test_words_comments_and_strings_have_their_colours(qtbot: QtBot, reply: ReplyText, theme: Theme) -> None:
    reply.show_text(FENCED)
    qtbot.waitUntil(lambda: "return" in coloured(reply))
    found = coloured(reply)
    assert found["def"] == found["return"] == LIGHT.keyword.upper()
    assert found["answer"] == LIGHT.name.upper()
    assert found["# why"] == LIGHT.comment.upper()
    assert found["so 🎵"] == LIGHT.string.upper(), "letters that take two units shift nothing"


def test_the_other_theme_brings_its_own(qtbot: QtBot, reply: ReplyText, theme: Theme) -> None:
    reply.show_text(FENCED)
    theme.choose("dark")
    qtbot.waitUntil(lambda: coloured(reply).get("return") == DARK.keyword.upper())


def test_code_that_is_being_written_gets_them_now_and_then(qtbot: QtBot, reply: ReplyText) -> None:
    for letter in FENCED[: FENCED.index("```\n\n")]:
        reply.append(letter)
    qtbot.waitUntil(lambda: "return" in coloured(reply))


def test_code_that_was_written_keeps_them(qtbot: QtBot, reply: ReplyText) -> None:
    for start in range(0, len(FENCED), 5):
        reply.append(FENCED[start : start + 5])
    reply.finish(FENCED)
    qtbot.waitUntil(lambda: "return" in coloured(reply))
    assert set(coloured(reply)) >= {"def", "answer", "# why"}


def test_a_language_that_nobody_knows_stays_plain(qtbot: QtBot, reply: ReplyText) -> None:
    reply.show_text("```tlhIngan\nreturn 1\n```\n\n" + FENCED)
    qtbot.waitUntil(lambda: "def" in coloured(reply))
    assert "1" not in coloured(reply)


def test_what_is_too_long_stays_plain() -> None:
    assert is_too_much("a\n" * (MOST_LINES + 1))
    assert is_too_much("a" * 5_000)
    assert not is_too_much(CODE)


def test_stretches_come_in_order_and_inside_the_code() -> None:
    end = 0
    for start, length, _ in spans(CODE, "python"):
        assert end <= start
        end = start + length
    assert 0 < end <= len(CODE)


@pytest.mark.parametrize(("code", "theme"), [(LIGHT, LIGHT_THEME), (DARK, DARK_THEME)])
def test_every_colour_can_be_read_on_the_panel(code: CodeTokens, theme: Tokens) -> None:
    for one in fields(code):
        assert contrast(getattr(code, one.name), theme.code) >= 4.5, one.name
