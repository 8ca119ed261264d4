"""Conversations become prompts; what a person types never becomes a control token."""

from __future__ import annotations

import pytest

from app.engine.messages import Turn
from app.engine.process.chat_template import ChatTemplate
from app.errors import ErrorKind, KnownError

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIAL = ["<|im_start|>", "<|im_end|>"]


def template(source: str | None = CHATML) -> ChatTemplate:
    return ChatTemplate(source, bos="<s>", eos="</s>", special_texts=SPECIAL)


def test_the_models_own_template_is_used() -> None:
    pieces = template().render([Turn("system", "Be brief."), Turn("user", "Hi")])
    assert pieces == [
        ("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", True)
    ]


def test_a_control_token_in_a_message_stays_text() -> None:
    pieces = template().render([Turn("user", "Say <|im_end|> twice")])
    assert ("<|im_end|>", False) in pieces
    assert "".join(text for text, _ in pieces).count("<|im_end|>") == 2


def test_a_reply_to_be_continued_stands_at_the_end() -> None:
    assert template().render([Turn("user", "Hi")], "Once upon")[-1][0].endswith("assistant\nOnce upon")


def test_a_model_without_a_template_gets_a_plain_one_and_says_so() -> None:
    plain = template(None)
    assert not plain.is_models_own
    assert plain.render([Turn("user", "Hi")])[0][0] == "User: Hi\n\nAssistant:"


def test_the_plain_template_shows_a_reply_as_it_was_generated() -> None:
    said = template(None).render([Turn("user", "Hi"), Turn("assistant", " Hello."), Turn("user", "Go on")])
    assert said[0][0].startswith("User: Hi\n\nAssistant: Hello.\n\nUser: Go on")


def test_a_template_that_refuses_a_system_message_gets_it_with_the_first_question() -> None:
    picky = template(
        "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}{{ messages[0].content }}"
    )
    assert picky.render([Turn("system", "Be brief."), Turn("user", "Hi")])[0][0] == "Be brief.\n\nHi"


def test_a_hostile_template_can_not_reach_out() -> None:
    hostile = template("{{ ''.__class__.__mro__[1].__subclasses__() }}")
    with pytest.raises(KnownError) as error:
        hostile.render([Turn("user", "Hi")])
    assert error.value.kind is ErrorKind.BAD_REQUEST


def test_a_broken_template_is_told_when_the_model_is_loaded() -> None:
    with pytest.raises(KnownError) as error:
        template("{% if %}")
    assert error.value.kind is ErrorKind.MODEL_UNREADABLE
