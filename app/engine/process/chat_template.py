"""A conversation becomes a prompt through the model's own chat template: untrusted Jinja, so in a sandbox.

A template that can be seen to end is rendered here, any other in a process that can be ended (template_process.py).
"""

from __future__ import annotations

import contextlib
import datetime
import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from app.engine.messages import Turn
from app.engine.process.template_check import ends_soon
from app.engine.process.template_process import RenderTask, TemplateDidNotEnd, template_process
from app.engine.process.thinking import ThinkingTags, in_own_tags, tags_of
from app.errors import ErrorKind, KnownError

PLAIN_TEMPLATE = (
    "{% for message in messages %}{{ message['role'].capitalize() }}:"
    "{% if message['content'][:1].strip() %} {% endif %}{{ message['content'] }}\n\n{% endfor %}"
    "{% if add_generation_prompt %}Assistant:{% endif %}"
)
"""For a model without a template of its own. A reply that began with a space stands as it was generated."""

MOST_ENDLESS = 2  # times in a row; after that it is not tried again

PLAIN_STOP = ("\n\nUser:", "\nUser:")

# Private-use characters stand for special tokens that a person typed, so that they stay text (see `shield`).
_OPEN, _CLOSE = "\uf8f0", "\uf8f1"
_SHIELDED = re.compile(f"{_OPEN}(\\d+){_CLOSE}")


class ChatTemplate:
    """One model's template. `special_texts` are its control tokens as text: in a message they are only text."""

    def __init__(self, source: str | None, *, bos: str, eos: str, special_texts: Sequence[str]) -> None:
        self.is_models_own = source is not None
        self._source = source or PLAIN_TEMPLATE
        self._n_endless = 0
        self._tags = tags_of(source or "", special_texts)
        self._is_end_known = False  # what its prompts end with
        self._bos, self._eos = bos, eos
        self._special_texts = sorted((text for text in special_texts if text), key=len, reverse=True)
        self._special = re.compile("|".join(map(re.escape, self._special_texts)) or r"(?!)")
        try:
            self._ends_soon = ends_soon(_environment().parse(self._source))
            _compiled(self._source)
        except (jinja2.TemplateError, RecursionError, SyntaxError) as error:
            raise KnownError(
                ErrorKind.MODEL_UNREADABLE,
                f"This model's chat template is broken ({error}). Choose another model file.",
            ) from error
        if not self._ends_soon:
            template_process().start()  # while the model is being made ready

    @property
    def thinking(self) -> ThinkingTags | None:
        """The tags between which this model thinks; some templates open the first one themselves."""
        if self._tags is not None and not self._is_end_known:
            self._is_end_known = True
            with contextlib.suppress(KnownError):
                self._tags = self._tags.at_the_end_of(
                    "".join(text for text, _ in self.render([Turn("user", "Hello.")]))
                )
        return self._tags

    def shows(self, special_text: str) -> bool:
        """Is this control token a part of such a tag?"""
        return self._tags is not None and self._tags.contains(special_text)

    def render(self, turns: Sequence[Turn], begun_reply: str = "") -> list[tuple[str, bool]]:
        """The prompt in pieces of (text, may hold special tokens). `begun_reply`: see `in_own_tags`."""
        messages = [{"role": turn.role, "content": self._shield(turn.content)} for turn in turns]
        try:
            text = self._render(messages)
        except KnownError:
            if messages[0]["role"] != "system" or self._n_endless:
                raise
            # templates that refuse a system message (Gemma's): its words go in front of the first question
            system, *rest = messages
            if rest:
                rest[0] = {**rest[0], "content": f"{system['content']}\n\n{rest[0]['content']}"}
            text = self._render(rest)
        begun = in_own_tags(self.thinking, begun_reply) if begun_reply else []
        return self._unshield(text + "".join(piece if is_tag else self._shield(piece) for piece, is_tag in begun))

    def _render(self, messages: list[dict[str, str]]) -> str:
        variables = {
            "messages": messages,
            "add_generation_prompt": True,
            "bos_token": self._bos,
            "eos_token": self._eos,
        }
        if self._ends_soon:
            try:
                return render_here(self._source, variables)
            except Exception as error:  # any of Python's: the template is a program of others
                raise _refused(str(error)) from error
        if self._n_endless >= MOST_ENDLESS:
            raise _endless()
        try:
            rendered = template_process().render(RenderTask(self._source, variables))
        except TemplateDidNotEnd as error:
            self._n_endless += 1
            raise _endless() from error
        self._n_endless = 0
        if rendered.refusal:
            raise _refused(rendered.refusal)
        return rendered.text

    def _shield(self, text: str) -> str:
        text = text.replace(_OPEN, "").replace(_CLOSE, "")
        return self._special.sub(lambda found: f"{_OPEN}{self._special_texts.index(found.group())}{_CLOSE}", text)

    def _unshield(self, text: str) -> list[tuple[str, bool]]:
        pieces = []
        for position, part in enumerate(_SHIELDED.split(text)):
            is_special_text = position % 2 == 1
            if part:
                pieces.append((self._special_texts[int(part)], False) if is_special_text else (part, True))
        return pieces


def render_here(source: str, variables: dict[str, Any]) -> str:
    """Without any limit. Raises whatever the template makes Python raise."""
    return _compiled(source).render(variables)


@lru_cache(maxsize=4)
def _compiled(source: str) -> jinja2.Template:
    return _environment().from_string(source)


@lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.loopcontrols"],
        optimized=False,  # constants are not computed while a template is read: "a" * 10**10 is one
    )
    environment.filters["tojson"] = lambda value, **_: json.dumps(value, ensure_ascii=False)
    environment.globals.update(raise_exception=_raise, strftime_now=_now)
    return environment


def _refused(reason: str) -> KnownError:
    return KnownError(ErrorKind.BAD_REQUEST, f"This model's chat template does not take this conversation: {reason}.")


def _endless() -> KnownError:
    return KnownError(
        ErrorKind.BAD_REQUEST,
        "This model's chat template did not come to an end and was stopped. Choose another model file.",
    )


def _raise(reason: Any) -> None:
    raise jinja2.TemplateError(str(reason))


def _now(pattern: str) -> str:
    return datetime.datetime.now().strftime(pattern)
