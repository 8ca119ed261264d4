"""What the window says of figures."""

from __future__ import annotations

from dataclasses import replace

from app.gui import words
from tests.gui.scripted_core import FIGURES


def test_a_chat_that_lost_its_oldest_messages_says_so_under_the_reply() -> None:
    figures = replace(FIGURES, dropped_messages=4)
    assert words.figures(figures).endswith("without the oldest 4 messages")
    assert "left out of what the model saw" in words.figures_explained(figures)


def test_a_prompt_that_was_read_again_says_why() -> None:
    figures = replace(FIGURES, reread_reason="This kind of model can't go back.")
    assert words.figures(figures).endswith("read again")
    assert "This kind of model can't go back." in words.figures_explained(figures)
