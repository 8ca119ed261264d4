"""Many clients at once, clients that go away, and the end of the server."""

from __future__ import annotations

import os
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import pytest

from app.engine.process.fake_llama import reply_to
from tests.processes.program import ENDLESS, PATIENCE_SECONDS, Program
from tests.server.served import CHAT, FAKE, Client, Served
from tests.server.test_answers import text_of


def test_one_connection_takes_many_requests(client: Client) -> None:
    client.get("/health")
    own_address = client.http.sock.getsockname()
    for turn in range(3):
        assert client.text(f"Turn {turn}.") == reply_to(f"Turn {turn}.")
        assert text_of(list(client.stream(f"Turn {turn}."))) == reply_to(f"Turn {turn}.")
        assert client.chat("Hello.", n=3)[0] == 400
        assert client.get("/nowhere")[0] == 404
    assert client.http.sock.getsockname() == own_address


def test_requests_that_come_before_the_first_is_answered_are_answered_in_turn(served: Served) -> None:
    body = b'{"messages": [{"role": "user", "content": "[[say %s]]"}]}'
    data = b""
    for word in (b"one", b"two"):
        head = f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body % word)}\r\n"
        data += head.encode() + (b"Connection: close\r\n" if word == b"two" else b"") + b"\r\n" + body % word
    with socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(data)
        answers = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    assert answers.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert 0 < answers.index(b'"content":"one"') < answers.index(b'"content":"two"')


def test_an_old_client_gets_a_stream_that_ends_with_the_connection(served: Served) -> None:
    body = b'{"stream": true, "messages": [{"role": "user", "content": "[[say yes]]"}]}'
    head = f"POST {CHAT} HTTP/1.0\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(head.encode() + body)
        answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    assert b"Transfer-Encoding" not in answer
    assert answer.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize("stream", [True, False], ids=["streams", "whole answers"])
def test_a_client_that_goes_away_frees_its_place_in_the_engine(tmp_path: Path, stream: bool) -> None:
    with Served(tmp_path, *FAKE) as served:
        gone = [served.client() for _ in range(4)]  # more than can be answered at the same time
        for client in gone:
            client.send("POST", CHAT, {"messages": [{"role": "user", "content": ENDLESS}], "stream": stream})
            if stream and client is gone[0]:
                assert client.http.getresponse().readline().startswith(b"data: "), "the first text is not held back"
        for client in gone:
            client.close()
        with served.client() as client:
            assert client.text("[[say here]]") == "here"


def test_thirty_bulk_streams_at_once_and_a_chat_between_them(tmp_path: Path) -> None:
    with Served(tmp_path, *FAKE) as served:
        has_begun, go_on = threading.Event(), tmp_path / "go on"

        def prompt(number: int) -> str:
            return f"Page {number}. [[words 20]] [[until {go_on}]]"

        def bulk(number: int) -> str:
            text = ""
            with served.client() as client:
                for chunk in client.stream(prompt(number), priority="bulk"):
                    has_begun.set()
                    text += text_of([chunk])
            return text

        with ThreadPoolExecutor(30) as pool:
            pages = {pool.submit(bulk, number): number for number in range(30)}
            assert has_begun.wait(PATIENCE_SECONDS)
            with served.client() as client:
                assert client.text("A question.") == reply_to("A question."), "it did not wait for them"
            go_on.touch()
            for page in as_completed(pages):
                assert page.result() == reply_to(prompt(pages[page]))


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_ends_in_order_while_it_answers(tmp_path: Path, number: signal.Signals, code: int) -> None:
    with Served(tmp_path, *FAKE) as served, served.client() as client, served.client() as idle:
        idle.get("/health")
        next(client.stream(ENDLESS))
        engine = served.engine()
        served.process.send_signal(number)
        assert served.finish() == (code, "", "")
        engine.wait(PATIENCE_SECONDS)
    assert "Traceback" not in (tmp_path / "logs" / "command.log").read_text()


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_running_program_serves_until_the_guest_ends(tmp_path: Path) -> None:
    with Program(tmp_path, *FAKE, "chat", ENDLESS) as host:
        host.engine()
        with Served(tmp_path, *FAKE) as guest, guest.client() as client:
            assert client.text("[[say here]]") == "here"
            assert not guest.children("engine"), "a model is never loaded twice"
            guest.process.send_signal(signal.SIGINT)
            assert guest.finish()[0] == 130
            assert client.http.sock is not None
            assert client.http.sock.recv(1) == b"", "closed"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", guest.port))
        assert host.process.poll() is None
