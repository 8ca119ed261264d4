"""What is measured: Rubato's own engine, or any server that speaks OpenAI's protocol. Seconds, at the asker's side."""

from __future__ import annotations

import asyncio
import http.client
import itertools
import json
import statistics
import time
import urllib.parse
from dataclasses import dataclass, field
from typing import Protocol

from app.engine.interface import Engine
from app.engine.messages import GenerateRequest, Priority, RequestFailed, RequestFinished, Sampling, TextProduced, Turn
from app.errors import KnownError

_ids = itertools.count(1)


@dataclass
class Sample:
    """One request: when its texts came, from the moment it was asked."""

    at_seconds: list[float] = field(default_factory=list)
    at_tokens: list[int] = field(default_factory=list)  # how many tokens there were then; some have no text
    total_seconds: float = 0.0
    n_prompt: int = 0
    n_cached: int = 0
    n_output: int = 0
    text: str = ""

    @property
    def ttft_seconds(self) -> float:
        return self.at_seconds[0]

    @property
    def gaps_seconds(self) -> list[float]:
        """Of each token after the first: what came with one text shares the time since the one before."""
        gaps = []
        texts = zip(self.at_seconds, self.at_tokens, strict=True)
        for (sooner, n_before), (later, n_after) in itertools.pairwise(texts):
            n = max(1, n_after - n_before)
            gaps += [(later - sooner) / n] * n
        return gaps

    @property
    def itl_seconds(self) -> float:
        """Mean over the tokens after the first."""
        return sum(self.gaps_seconds) / max(1, len(self.gaps_seconds))


class Target(Protocol):
    name: str

    async def ask(
        self, turns: tuple[Turn, ...], max_tokens: int, *, priority: Priority = Priority.INTERACTIVE, key: str = ""
    ) -> Sample: ...


@dataclass
class EngineTarget:
    """Rubato's engine, spoken to as the program does."""

    engine: Engine
    name: str = "rubato"
    may_guess: bool = True

    def request(
        self, turns: tuple[Turn, ...], max_tokens: int, priority: Priority = Priority.INTERACTIVE, key: str = ""
    ) -> GenerateRequest:
        """Greedy, to the last token, whatever the model says."""
        return GenerateRequest(
            turns=turns,
            priority=priority,
            max_tokens=max_tokens,
            sampling=Sampling(temperature=0.0),
            cache_key=key,
            may_guess=self.may_guess,
            ignore_eos=True,
        )

    async def ask(
        self, turns: tuple[Turn, ...], max_tokens: int, *, priority: Priority = Priority.INTERACTIVE, key: str = ""
    ) -> Sample:
        sample, started = Sample(), time.perf_counter()
        async for event in self.engine.generate(f"bench-{next(_ids)}", self.request(turns, max_tokens, priority, key)):
            now = time.perf_counter() - started
            if isinstance(event, TextProduced):
                sample.at_seconds.append(now)
                sample.at_tokens.append(event.n_tokens)
                sample.text += event.text
            elif isinstance(event, RequestFinished):
                sample.n_prompt, sample.n_cached = event.usage.prompt_tokens, event.usage.cached_tokens
                sample.n_output = event.usage.output_tokens
            elif isinstance(event, RequestFailed):
                raise KnownError(event.kind, event.sentence)
        sample.total_seconds = time.perf_counter() - started
        return sample


@dataclass
class ServerTarget:
    """A server at `url`, for example llama-server. `priority` is sent; others than Rubato ignore it."""

    url: str
    name: str = "against"

    async def ask(
        self, turns: tuple[Turn, ...], max_tokens: int, *, priority: Priority = Priority.INTERACTIVE, key: str = ""
    ) -> Sample:
        return await asyncio.to_thread(self._ask, turns, max_tokens, priority)

    def _ask(self, turns: tuple[Turn, ...], max_tokens: int, priority: Priority) -> Sample:
        address = urllib.parse.urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname or "127.0.0.1", address.port or 80, timeout=1800)
        body = {
            "model": "any",
            "messages": [{"role": turn.role, "content": turn.content} for turn in turns],
            "max_tokens": max_tokens,
            "temperature": 0,
            "stream": True,
            "stream_options": {"include_usage": True},
            "ignore_eos": True,
            "cache_prompt": True,
        }
        if priority is Priority.BULK:
            body["priority"] = "bulk"
        sample, started = Sample(), time.perf_counter()
        path = f"{address.path.rstrip('/')}/v1/chat/completions"
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        if response.status != 200:
            raise RuntimeError(f"{self.url} answered {response.status}: {response.read(500).decode(errors='replace')}")
        for line in response:
            if not line.startswith(b"data: {"):
                continue
            event = json.loads(line[6:])
            if any(choice.get("delta", {}).get("content") for choice in event.get("choices", ())):
                sample.at_seconds.append(time.perf_counter() - started)
                sample.at_tokens.append(len(sample.at_seconds))
            if usage := event.get("usage"):
                sample.n_prompt, sample.n_output = usage["prompt_tokens"], usage["completion_tokens"]
                sample.n_cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0)
        sample.total_seconds = time.perf_counter() - started
        connection.close()
        return sample


def median(values: list[float]) -> float:
    return statistics.median(values)


def percentile(values: list[float], share: float) -> float:
    """The value that `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
