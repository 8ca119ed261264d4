"""EML, RTF and source code."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_process import document_events, read, refusal, shown, write

from app.errors import ErrorKind
from app.ingest.messages import ReadingFailed


def message(**headers: str) -> EmailMessage:
    made = EmailMessage()
    for name, text in headers.items():
        made[name] = text
    return made


def test_a_message_with_its_headers(tmp_path):
    mail = message(Subject="Grüße", From="Ada <ada@example.org>", To="bo@example.org")
    mail["Date"] = "Mon, 01 Jan 2024 10:00:00 +0000"
    mail.set_content("Hello,\n\nyours")
    mail.add_alternative("<p>not this</p>", subtype="html")
    mail.add_attachment(b"x", maintype="application", subtype="pdf", filename="plan.pdf")
    mail.add_attachment(message(Subject="Before"))
    document = read(write(tmp_path / "a.eml", bytes(mail)))
    assert [block.text for block in document.blocks] == [
        "Subject: Grüße\nFrom: Ada <ada@example.org>\nTo: bo@example.org\nDate: Mon, 01 Jan 2024 10:00:00 +0000",
        "Hello,",
        "yours",
    ]
    assert document.notes == ("What is attached was not read: “plan.pdf”, “Before”.",)


def test_a_message_of_html(tmp_path):
    mail = message(Subject="News")
    mail.set_content("<h1>News</h1><p>Read <b>this</b>.</p>", subtype="html")
    mail.add_related(b"x", maintype="image", subtype="png", cid="<a>")
    assert shown(write(tmp_path / "a.eml", bytes(mail))) == [
        ("paragraph", "Subject: News"),
        ("heading", "News"),
        ("paragraph", "Read this."),
    ]


@pytest.mark.parametrize(
    ("charset", "content", "text"),
    [
        ("iso-8859-1", "Ça va été".encode("latin-1"), "Ça va été"),
        ("utf-8", "Ça va été, mes amis".encode("cp1252"), "Ça va été, mes amis"),
        ("no-such-thing", "Ça va".encode(), "Ça va"),
        ("utf-8; format=flowed", b"one \r\ntwo\r\nthree", "one two\nthree"),
    ],
)
def test_texts_of_messages_in_many_encodings(tmp_path, charset, content, text):
    head = f"Subject: x\r\nContent-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    assert shown(write(tmp_path / "a.eml", head.encode() + content))[1:] == [("paragraph", text)]


def test_messages_that_are_refused(tmp_path):
    encrypted = b'Subject: x\nContent-Type: multipart/encrypted; boundary="b"\n\n--b\n\nsecret\n--b--\n'
    assert "is encrypted" in refusal(write(tmp_path / "a.eml", encrypted))
    assert "is not a message of e-mail" in refusal(write(tmp_path / "b.eml", "\nonly text"))
    nested = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(3000))
    assert "damaged" in refusal(write(tmp_path / "c.eml", nested))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("noise")


HEADS = [b"Content-Type: multipart/mixed; boundary=b\n\n--b\n", b"Content-Type: text/html; charset=x\n\n", b"To: <a,\n"]


@settings(deadline=None)
@given(
    suffix_and_start=st.sampled_from([(".rtf", b"{\\rtf1 "), *[(".eml", b"Subject: x\n" + head) for head in HEADS]]),
    content=st.binary(max_size=200) | st.text(alphabet="{}\\'*uparfonttbl0123 \n-=?b", max_size=80).map(str.encode),
)
def test_any_bytes_are_read_or_refused(folder, suffix_and_start, content):
    suffix, start = suffix_and_start
    *_, last = document_events(write(folder / f"noise{suffix}", start + content), 1000)
    assert not isinstance(last, ReadingFailed) or last.kind is ErrorKind.DOCUMENT_UNREADABLE, last


RTF = rb"""{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fswiss Arial;}}\f0 Caf\'e9 \b bold\b0  text.\par
\u8364? and \u-10179?\u-8704?\par\trowd\cellx9\cellx99 a\cell b\cell\row c\cell\cell\row\pard last\par}"""


def test_rtf(tmp_path):
    assert shown(write(tmp_path / "a.rtf", RTF)) == [
        ("paragraph", "Café bold text."),
        ("paragraph", "€ and 😀"),
        ("table", "a | b\nc | "),
        ("paragraph", "last"),
    ]
    assert shown(write(tmp_path / "a.doc", RTF)) == shown(tmp_path / "a.rtf")


def test_pictures_in_rtf(tmp_path):
    picture = rb"{\*\shppict{\pict{\*\picprop}\pngblip " + b"89504e47\n" * 500_000 + b"}}"
    path = write(tmp_path / "a.rtf", rb"{\rtf1 before " + picture + rb"after}")
    assert shown(path) == [("paragraph", "before after")]


def test_rtf_says_what_it_left_out(tmp_path):
    path = write(tmp_path / "a.rtf", rb"{\rtf1 text{\footnote below} and")
    assert read(path).notes == (
        "Its footnotes, comments and text boxes were not read.",
        "The end of the file is missing; text may be missing too.",
    )


def test_source_code_is_cut_between_definitions(tmp_path):
    definitions = [f"def f{number}():\n    x = {'x + ' * 400}1\n\n    return x" for number in range(3)]
    path = write(tmp_path / "a.py", "import os\n\n\n" + "\n\n\n".join(definitions) + "\n")
    head, *others = definitions
    assert shown(path) == [("code", f"import os\n\n\n{head}"), *[("code", text) for text in others]]
