"""`rubato serve` as a subprocess, and a client that asks it over plain sockets."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.processes.program import PATIENCE_SECONDS, Program

CHAT = "/v1/chat/completions"
FAKE = ("--engine", "fake")


class Served(Program):
    """`options` come before the command, as on a command line. `port` is the one that it says it took."""

    def __init__(self, profile: Path, *options: str, port: int = 0) -> None:
        super().__init__(profile, *options, "serve", "--port", str(port))
        assert self.process.stderr is not None
        self.told = self.process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/v1", self.told)
        assert found, self.told + self.process.stderr.read()
        self.port = int(found.group(1))

    def client(self) -> Client:
        return Client(self.port)


class Client:
    """One connection, kept alive."""

    def __init__(self, port: int) -> None:
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.http.close()

    def send(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> None:
        data = body if body is None or isinstance(body, bytes | str) else json.dumps(body)
        self.http.request(method, path, data, headers or {})

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """(status, JSON of the response)"""
        self.send(method, path, body, headers)
        response = self.http.getresponse()
        return response.status, json.loads(response.read())

    def get(self, path: str) -> tuple[int, dict[str, Any]]:
        return self.ask("GET", path)

    def chat(self, prompt: str, **fields: Any) -> tuple[int, dict[str, Any]]:
        return self.ask("POST", CHAT, asking(prompt, **fields))

    def text(self, prompt: str, **fields: Any) -> str:
        status, answer = self.chat(prompt, **fields)
        assert status == 200, answer
        text: str = answer["choices"][0]["message"]["content"]
        return text

    def stream(self, prompt: str, **fields: Any) -> Iterator[dict[str, Any]]:
        """The chunks as they come; the stream's own end is checked."""
        self.send("POST", CHAT, asking(prompt, stream=True, **fields))
        response = self.http.getresponse()
        assert response.status == 200, response.read()
        assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        while (line := response.readline().strip()) != b"data: [DONE]":
            assert line.startswith(b"data: "), line
            assert response.readline() == b"\n"
            yield json.loads(line.removeprefix(b"data: "))
        assert response.read() == b"\n"


def asking(prompt: str, **fields: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": prompt}], **fields}
