"""A hub on loopback that answers as Hugging Face's does: search, files with sizes and checksums, ranges, tokens.

And that can do what hubs and networks do to people: stall, cut, corrupt, ask to wait, lie about sizes, send people
elsewhere, send a web page, ask for a token. What waits, waits for events of this process, never for the clock.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

REVISION = "0123456789abcdef0123456789abcdef01234567"
REPOSITORY = "somebody/tiny-GGUF"
TOKEN = "hf_secret"


def model_bytes(size: int, seed: int = 1) -> bytes:
    """Bytes that begin as a model file does, and repeat nowhere."""
    return b"GGUF" + random.Random(seed).randbytes(size - 4)


@dataclass
class Faults:
    """What goes wrong with files. Numbers count down: so many times, then all is well."""

    cut: int = 0  # the connection ends after `cut_after` bytes of an answer
    cut_after: int = 1000
    stall: int = 0  # as cut, but the connection stays open, and nothing comes
    stall_from: str = ""  # only this file
    statuses: list[int] = field(default_factory=list)  # of the next answers
    retry_after: str = ""  # with each of these
    is_corrupt: bool = False
    is_page: bool = False
    ignores_ranges: bool = False
    said_size: int | None = None  # in Content-Range
    more: int = 0  # bytes past what was asked for
    location: str = ""  # where files are to be had instead
    link_ends: int = 0  # the links that were given answer with 403


@dataclass
class Asked:
    path: str
    headers: dict[str, str]


class LocalHub:
    """`files` are those of REPOSITORY. `bytes_per_second`: of all connections together; 0: as fast as it goes."""

    def __init__(self, files: dict[str, bytes] | None = None, *, is_cdn: bool = False) -> None:
        self.files = files or {}
        self.faults = Faults()
        self.is_gated = False
        self.needs_token = False
        self.bytes_per_second = 0.0
        self.cdn: LocalHub | None = None  # where answers for files lead, as the real one's do
        self.asked: list[Asked] = []
        self.sent_bytes = 0
        self.stalled, self.go_on = threading.Semaphore(0), threading.Event()
        self.reached: dict[int, threading.Event] = {}  # set when so many bytes were sent in all
        self.answer: Callable[[str], object] | None = None  # of the API, instead of the right one
        self._is_cdn = is_cdn
        self._lock = threading.Lock()
        self._due = 0.0
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                hub._serve(self)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing on the terminal."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()

    def when_sent(self, n_bytes: int) -> threading.Event:
        """Set once so many bytes of files were sent from now on."""
        with self._lock:
            return self.reached.setdefault(self.sent_bytes + n_bytes, threading.Event())

    def downloads(self) -> list[Asked]:
        return [asked for asked in self.asked if "/resolve/" in asked.path]

    def _serve(self, request: BaseHTTPRequestHandler) -> None:
        self.asked.append(Asked(request.path, {name.lower(): value for name, value in request.headers.items()}))
        address = urlsplit(request.path)
        path, query = unquote(address.path), parse_qs(address.query)
        try:
            if path.startswith("/api/"):
                self._api(request, path, query)
            else:
                self._file(request, path)
        except (BrokenPipeError, ConnectionResetError):
            request.close_connection = True  # the other side was killed, or has enough

    # the API

    def _api(self, request: BaseHTTPRequestHandler, path: str, query: dict[str, list[str]]) -> None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.answer is not None:
            self._send(request, 200, self.answer(path))
        elif path == "/api/whoami-v2":
            if token != TOKEN:
                self._send(request, 401, {"error": "Invalid credentials in Authorization header"})
            else:
                about = {"displayName": "for rubato", "role": "read"}
                self._send(request, 200, {"name": "ada", "auth": {"type": "access_token", "accessToken": about}})
        elif path == "/api/models":
            assert query["filter"] == ["gguf"]
            word = query.get("search", [""])[0].lower()
            found = [self._facts(name) for name in (REPOSITORY, "other/big-GGUF") if word in name.lower()]
            self._send(request, 200, found[: int(query["limit"][0])])
        elif path == f"/api/models/{REPOSITORY}":
            if self.needs_token and token != TOKEN:
                self._refuse(request, "RepoNotFound", 401)
            else:
                self._send(request, 200, {**self._facts(REPOSITORY), "siblings": self._siblings()})
        else:
            self._refuse(request, "RepoNotFound", 404)

    def _facts(self, name: str) -> dict[str, object]:
        return {
            "_id": "1",
            "id": name,
            "sha": REVISION,
            "downloads": 5000,
            "likes": 12,
            "gated": "manual" if self.is_gated else False,
            "lastModified": "2026-10-01T12:00:00.000Z",
            "tags": ["gguf", "license:apache-2.0"],
            "gguf": {"total": 134515008, "architecture": "llama", "context_length": 8192},
        }

    def _siblings(self) -> list[dict[str, object]]:
        siblings: list[dict[str, object]] = [{"rfilename": "README.md", "size": 100, "blobId": "0" * 40}]
        for name, content in self.files.items():
            lfs = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
            siblings.append({"rfilename": name, "size": len(content), "blobId": "1" * 40, "lfs": lfs})
        return siblings

    # files

    def _file(self, request: BaseHTTPRequestHandler, path: str) -> None:
        faults = self.faults
        name = path.removeprefix("/cdn/").removeprefix(f"/{REPOSITORY}/resolve/{REVISION}/")
        content = self.files.get(name)
        has_token = request.headers.get("Authorization") == f"Bearer {TOKEN}"
        if faults.statuses and not self._is_cdn:
            headers = {"Retry-After": faults.retry_after} if faults.retry_after else {}
            self._send(request, faults.statuses.pop(0), {"error": "not now"}, headers)
        elif self._is_cdn and faults.link_ends > 0:
            faults.link_ends -= 1
            self._send(request, 403, {"error": "expired"})
        elif self.is_gated and not has_token and not self._is_cdn:
            self._refuse(request, "GatedRepo", 401)
        elif faults.location:
            self._send(request, 302, {}, {"Location": faults.location})
        elif content is None:
            self._refuse(request, "EntryNotFound", 404)
        elif self.cdn is not None:
            self.cdn.files = self.files
            self._send(request, 302, {}, {"Location": f"{self.cdn.url}/cdn/{name}?signature=x"})
        elif faults.is_page:
            self._send_bytes(request, 200, b"<html>Sign in</html>", {"Content-Type": "text/html; charset=utf-8"})
        else:
            self._content(request, content)

    def _content(self, request: BaseHTTPRequestHandler, content: bytes) -> None:
        faults, size = self.faults, len(content)
        if faults.is_corrupt:
            content = content[: size // 2] + bytes(size - size // 2)
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
        first, last = (int(wanted[1]), int(wanted[2] or size - 1)) if wanted else (0, size - 1)
        if wanted is None or faults.ignores_ranges:
            self._send_bytes(request, 200, content, {})
        elif first >= size or (faults.said_size is not None and first >= faults.said_size):
            self._send_bytes(request, 416, b"", {"Content-Range": f"bytes */{size}"})
        else:
            said = faults.said_size if faults.said_size is not None else size
            body = content[first : min(last + 1, size)] + bytes(faults.more)
            self._send_bytes(request, 206, body, {"Content-Range": f"bytes {first}-{last}/{said}"})

    def _send_bytes(self, request: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str]) -> None:
        request.send_response(status)
        for name, value in {"Content-Type": "binary/octet-stream", **headers}.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        faults, stops = self.faults, len(body) + 1
        if self.bytes_per_second:  # what nobody reads waits here, and not in the system
            request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
        with self._lock:
            is_meant = faults.stall_from in request.path
            is_stalled, is_cut = is_meant and faults.stall > 0, faults.stall == 0 and faults.cut > 0
            faults.stall, faults.cut = faults.stall - is_stalled, faults.cut - is_cut
        if is_stalled or is_cut:
            stops = faults.cut_after
        sent, view = 0, memoryview(body)
        while sent < len(body):
            piece = view[sent : min(sent + 16384, stops, len(body))]
            if not piece:
                if is_stalled:
                    self.stalled.release()
                    self.go_on.wait(60)
                request.close_connection = True
                request.connection.close()
                return
            self._wait_for(len(piece))
            request.wfile.write(piece)
            sent += len(piece)
            self._sent(len(piece))

    def _wait_for(self, n_bytes: int) -> None:
        if not self.bytes_per_second:
            return
        with self._lock:
            now = time.monotonic()
            self._due = max(self._due, now) + n_bytes / self.bytes_per_second
            pause = self._due - now
        time.sleep(pause)  # this is the speed of the line

    def _sent(self, n_bytes: int) -> None:
        with self._lock:
            self.sent_bytes += n_bytes
            for at in [at for at in self.reached if at <= self.sent_bytes]:
                self.reached.pop(at).set()

    @staticmethod
    def _send(
        request: BaseHTTPRequestHandler, status: int, answer: object, headers: dict[str, str] | None = None
    ) -> None:
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        request.send_response(status)
        request.send_header("Content-Type", "text/html" if isinstance(answer, bytes) else "application/json")
        for name, value in (headers or {}).items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def _refuse(self, request: BaseHTTPRequestHandler, code: str, status: int) -> None:
        self._send(request, status, {"error": code}, {"X-Error-Code": code, "X-Error-Message": code})
