"""The bytes of one file of the hub, over several connections at once. Runs in the download process.

huggingface_hub's own download keeps nothing of what was interrupted, checks nothing, and tells of no progress for
10 MB (2.4); so only its client and its headers are used here. A connection that breaks, stalls or is told to wait is
made anew from the byte where it stopped. Every wait ends when the transfer does.
"""

from __future__ import annotations

import contextlib
import re
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx2
from huggingface_hub.utils._http import hf_raise_for_status

from app.downloads.endpoint import is_private
from app.downloads.hub_library import REFUSALS, RETRIED, failure
from app.downloads.part_file import PartFile
from app.downloads.patience import Patience, asked_seconds
from app.downloads.segments import Span
from app.errors import ErrorKind, KnownError

MOST_CONNECTIONS = 4
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_MOST_ERROR_BYTES = 1 << 16


class _Broken(Exception):
    """This attempt is over, and another one may do better. `asked`: seconds that the hub wants to be left alone."""

    def __init__(self, why: str, asked: float | None = None) -> None:
        super().__init__(why)
        self.asked = asked


@dataclass(frozen=True, kw_only=True)
class Remote:
    """What is fetched. `what` begins the sentences about it."""

    url: str
    headers: Mapping[str, str]
    what: str
    has_token: bool = False


class Transfer:
    """Fetches what a part file misses. `waits` is told a sentence while nothing comes."""

    def __init__(
        self,
        client: httpx2.Client,
        remote: Remote,
        part: PartFile,
        patience: Patience,
        waits: Callable[[str], None],
    ) -> None:
        self._client = client
        self._remote = remote
        self._part = part
        self._patience = patience
        self._waits = waits
        self._stopped = threading.Event()
        self._answered = threading.Event()  # one connection is well: others may follow
        self._takes_ranges = True
        self._error: BaseException | None = None

    def run(self) -> None:
        """Until every byte is there. Raises KnownError, and OSError of the disk."""
        workers = [
            threading.Thread(target=self._work, args=(is_first,), daemon=True)
            for is_first in (True, *[False] * (MOST_CONNECTIONS - 1))
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        if self._error is not None:
            raise self._error
        self._part.checkpoint()

    def _work(self, is_first: bool) -> None:
        try:
            if not is_first:
                self._answered.wait()
            while not self._stopped.is_set() and (is_first or self._takes_ranges):
                span = self._part.take()
                if span is None:
                    return
                self._fill(span)
        except BaseException as error:
            if self._error is None:
                self._error = error
            self._stopped.set()
        finally:
            self._answered.set()

    def _fill(self, span: Span) -> None:
        attempt = 0
        while span.missing and not self._stopped.is_set():
            before = span.position
            try:
                self._stream(span)
                continue
            except (_Broken, httpx2.TransportError) as error:
                if isinstance(error, httpx2.UnsupportedProtocol):
                    raise failure(error, self._remote.what, has_token=self._remote.has_token) from error
                attempt = 1 if span.position > before else attempt + 1
                if attempt > self._patience.attempts:
                    raise self._given_up(error) from error
                self._pause(error, attempt)
            except REFUSALS as error:
                raise failure(error, self._remote.what, has_token=self._remote.has_token) from error

    def _pause(self, error: Exception, attempt: int) -> None:
        asked = error.asked if isinstance(error, _Broken) else None
        seconds = self._patience.pause(attempt, asked)
        print(f"{self._remote.what}: {error!r}, attempt {attempt}, again in {seconds:.1f} s", file=sys.stderr)
        if asked is not None:
            self._waits(f"The hub asks to wait. It goes on in {seconds:.0f} s.")
        elif attempt > 1:
            self._waits(f"The connection broke off. It goes on in {seconds:.0f} s.")
        self._stopped.wait(seconds)

    def _given_up(self, error: Exception) -> KnownError:
        if isinstance(error, httpx2.TransportError):
            return failure(error, self._remote.what, has_token=self._remote.has_token)
        sentence = f"{self._remote.what} could not be fetched ({error}). What came is kept: try again later."
        return KnownError(ErrorKind.DOWNLOAD_FAILED, sentence)

    def _stream(self, span: Span) -> None:
        headers = {**self._remote.headers, "Range": f"bytes={span.position}-{span.end - 1}"}
        timeout = httpx2.Timeout(self._patience.stall_seconds)
        with self._client.stream("GET", self._remote.url, headers=headers, timeout=timeout) as response:
            skip = self._look_at(response, span)
            self._answered.set()
            for data in response.iter_raw():
                if self._stopped.is_set():
                    return
                if skip >= len(data):
                    skip -= len(data)
                    continue
                if not self._part.write(span, data[skip:]):
                    return
                skip = 0
        raise _Broken("the connection ended early")

    def _look_at(self, response: httpx2.Response, span: Span) -> int:
        """How many bytes come before those that were asked for. Raises _Broken, KnownError."""
        what = self._remote.what
        if response.url.scheme == "http" and not is_private(str(response.url)) and is_private(self._remote.url):
            raise self._refused(f"{what} was not fetched: the hub sends us to an address that does not encrypt.")
        status = response.status_code
        if status in RETRIED:
            raise _Broken(f"the hub answers with status {status}", asked_seconds(response.headers.get("Retry-After")))
        if response.history and status in (401, 403, 404, 410):
            raise _Broken(f"the link that the hub gave has run out, status {status}")
        if status == 416:
            raise self._refused(f"{what} is shorter than the hub says. Try again later, or choose another one.")
        if status >= 400:
            self._raise_for(response)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            raise self._refused(
                f"{what} did not come: a web page came in its place. Sign in to this network in a browser, and try "
                "again."
            )
        if status == 200:
            self._takes_ranges = False
            length = response.headers.get("Content-Length", "")
            if length.isdecimal() and int(length) != self._part.size:
                raise self._other_size(int(length))
            return span.position
        found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if status != 206 or found is None or int(found[1]) != span.position:
            raise self._refused(
                f"{what} did not come: the hub answers something else than was asked (status {status})."
            )
        if found[3] not in ("*", str(self._part.size)):
            raise self._other_size(int(found[3]))
        return 0

    def _raise_for(self, response: httpx2.Response) -> None:
        length = response.headers.get("Content-Length", "")
        if length.isdecimal() and int(length) <= _MOST_ERROR_BYTES:
            with contextlib.suppress(httpx2.HTTPError):
                response.read()
        try:
            hf_raise_for_status(response)
        except Exception as error:
            raise failure(error, self._remote.what, has_token=self._remote.has_token) from error

    def _other_size(self, n_bytes: int) -> KnownError:
        return self._refused(
            f"{self._remote.what} has {n_bytes} bytes and not {self._part.size}, as the hub said before. Look for it "
            "anew, or choose another one."
        )

    @staticmethod
    def _refused(sentence: str) -> KnownError:
        return KnownError(ErrorKind.DOWNLOAD_FAILED, sentence)
