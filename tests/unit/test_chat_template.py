"""Conversations become prompts; what a person types never becomes a control token."""

from __future__ import annotations

import jinja2
import pytest

from app.engine.messages import Turn
from app.engine.process.chat_template import PLAIN_TEMPLATE, ChatTemplate
from app.engine.process.template_check import ends_soon
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


class TestTemplatesThatDoNotEnd:
    @pytest.mark.parametrize(
        "source",
        [
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
            "{% macro again() %}{% for n in range(50) %}{{ again() }}{% endfor %}{% endmacro %}{{ again() }}",
            "{{ 'a' * 10**11 }}",
            "{{ '%99999999999d' % 1 }}",
            "{{ 'a'.rjust(10**11) }}",
            "{% set ns = namespace(x='ab') %}{% for n in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        ],
    )
    @pytest.mark.timeout(60)
    def test_it_is_stopped_with_a_sentence_and_the_next_one_is_rendered(self, source: str) -> None:
        endless = template(source)
        with pytest.raises(KnownError) as error:
            endless.render([Turn("user", "Hi")])
        assert error.value.kind is ErrorKind.BAD_REQUEST
        assert "chat template" in error.value.sentence
        honest = template("{% for n in range(3) %}{{ n }}{% endfor %}{{ messages[0].content }}")
        assert honest.render([Turn("user", "Hi <|im_end|>")]) == [("012Hi ", True), ("<|im_end|>", False)]

    @pytest.mark.timeout(30)
    def test_it_is_not_tried_for_ever(self) -> None:
        endless = template("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}")
        for _ in range(8):
            with pytest.raises(KnownError, match="did not come to an end"):
                endless.render([Turn("system", "Be brief."), Turn("user", "Hi")])

    def test_a_refusal_of_one_that_is_rendered_elsewhere_arrives(self) -> None:
        picky = template("{{ range(3) | join }}{{ raise_exception('two of the same role') }}")
        with pytest.raises(KnownError, match="two of the same role"):
            picky.render([Turn("user", "Hi")])

    @pytest.mark.parametrize("source", ["{{ 1 // 0 }}", "{{ messages.x.y.z }}", "{{ messages[7].content.strip() }}"])
    def test_whatever_python_raises_is_a_refusal(self, source: str) -> None:
        with pytest.raises(KnownError) as error:
            template(source).render([Turn("user", "Hi")])
        assert error.value.kind is ErrorKind.BAD_REQUEST


GEMMA = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}"
    "{% endif %}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Roles must alternate') }}{% endif %}{% if (message['role'] == 'assistant') %}"
    "{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}"
    "{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}"
)


@pytest.mark.parametrize(
    ("source", "is_simple"),
    [
        (CHATML, True),
        (PLAIN_TEMPLATE, True),
        (GEMMA, True),
        ("{% for a in messages %}{% for b in messages %}{{ messages }}{% endfor %}{% endfor %}", False),
        ("{% for a in range(9) %}{% endfor %}", False),
        ("{% set a = messages[0].content %}{% set b = a ~ a %}{% set c = b ~ b %}{{ c }}", False),
        ("{% set a = (messages[0].content ~ a) | trim %}", False),
        ("{{ '%99999999d' % 1 }}", False),
        ("{{ 'a' * 99 }}", False),
        ("{{ ['a', 'b'] | join }}", False),
        ("{{ messages[0].content.replace('a', 'aa') }}", False),
        ("{{ lipsum(10**6) }}", False),
        ("{% macro a() %}{% endmacro %}", False),
        ("{% for a in messages recursive %}{{ loop(messages) }}{% endfor %}", False),
    ],
)
def test_only_a_template_that_can_be_seen_to_end_is_rendered_in_the_engine(source: str, is_simple: bool) -> None:
    assert ends_soon(jinja2.Environment().parse(source)) is is_simple


def test_a_template_that_opens_the_thought_itself_is_seen() -> None:
    opening = template(CHATML.replace("assistant\n{% endif %}", "assistant\n<think>\n{% endif %}")).thinking
    assert opening is not None
    assert opening.is_begun
    closing = template(CHATML + "{# <think> #}{{ '<think></think>' }}").thinking
    assert closing is not None
    assert not closing.is_begun
    assert template().thinking is None


def test_a_thought_to_be_continued_is_between_the_models_own_tags_and_they_are_special() -> None:
    mistral = ChatTemplate(CHATML, bos="<s>", eos="</s>", special_texts=[*SPECIAL, "[THINK]", "[/THINK]"])
    question = [Turn("user", "Hi")]
    (prompt,) = mistral.render(question, "<think>\nHm, and")
    assert prompt[0].endswith("assistant\n[THINK]Hm, and")
    assert prompt[1], "the tag is the token, not its letters"
    (_, typed, rest) = mistral.render(question, "<think>\nHm: [/THINK] is a tag\n</think>\n\nYes")
    assert typed == ("[/THINK]", False), "what it only said is text"
    assert rest == (" is a tag[/THINK]Yes", True)
