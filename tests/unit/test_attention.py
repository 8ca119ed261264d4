"""Flash attention for what reads long texts or writes much; not for short texts behind an instruction."""

from __future__ import annotations

import pytest

from app.engine.messages import GenerateRequest, Priority, Turn
from app.engine.process.attention import suits_flash
from app.engine.process.fake_llama import FakeBackend
from app.engine.process.prompts import Prompts
from app.engine.process.sequence import Sequence


def sequence(*turns: str, max_tokens: int, score: tuple[str, ...] = ()) -> Sequence:
    request = GenerateRequest(
        turns=tuple(Turn("user", text) for text in turns),
        priority=Priority.BULK,
        max_tokens=max_tokens,
        score=score,
    )
    return Prompts(FakeBackend()).sequence_of("1", request)


INSTRUCTION = "Which of these is it? " * 30
DOCUMENT = "The ferry left late, and the rain kept on. " * 40


@pytest.mark.parametrize(
    ("one", "is_flash"),
    [
        (sequence(DOCUMENT, max_tokens=64), True),
        (sequence(INSTRUCTION, DOCUMENT, max_tokens=8), True),
        (sequence(INSTRUCTION, "A short row.", max_tokens=8), False),
        (sequence(INSTRUCTION, "A short row.", max_tokens=200), True),
        (sequence(INSTRUCTION, "A short row.", max_tokens=1, score=("yes", "no")), False),
    ],
    ids=["document", "document behind an instruction", "row", "row that becomes a page", "row that is classified"],
)
def test_what_suits_one_request(one: Sequence, is_flash: bool) -> None:
    assert suits_flash([one]) is is_flash


def test_most_of_those_that_wait_decide() -> None:
    document, row = sequence(DOCUMENT, max_tokens=64), sequence(INSTRUCTION, "A short row.", max_tokens=8)
    assert suits_flash([document, document, row])
    assert not suits_flash([document, row, row])
