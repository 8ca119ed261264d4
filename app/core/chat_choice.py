"""What a request is made with: one reply's options over its chat's, over the persona's, over the settings. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from app.core.chat_views import ChatOptions, PersonaView
from app.engine.messages import Sampling
from app.settings import Settings


@dataclass(frozen=True, kw_only=True)
class ChatChoice:
    """`model` is the path of a file; empty: the one that is loaded."""

    system_prompt: str
    model: str
    max_reply_tokens: int
    sampling: Sampling


def chosen(settings: Settings, persona: PersonaView | None, *options: ChatOptions) -> ChatChoice:
    """`options`: the later ones count more."""
    layers = list(options)
    if persona is not None:
        own = ChatOptions(system_prompt=persona.system_prompt or None, model=persona.model or None)
        layers = [persona.options, own, *layers]
    system_prompt, model = settings.system_prompt, ""
    max_reply_tokens, sampling = settings.max_reply_tokens, Sampling(temperature=settings.temperature)
    for layer in layers:
        system_prompt = system_prompt if layer.system_prompt is None else layer.system_prompt
        model = model if layer.model is None else layer.model
        max_reply_tokens = max_reply_tokens if layer.max_reply_tokens is None else layer.max_reply_tokens
        wanted = {name: value for name, value in msgspec.structs.asdict(layer.sampling).items() if value is not None}
        sampling = msgspec.structs.replace(sampling, **wanted)
    return ChatChoice(system_prompt=system_prompt, model=model, max_reply_tokens=max_reply_tokens, sampling=sampling)
