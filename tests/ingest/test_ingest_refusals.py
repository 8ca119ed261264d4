"""Bad input: one sentence each, which names the file and says what to do."""

from __future__ import annotations

import io
import os
import random
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import docx
import pytest
from pdf_writer import Page, pdf

from app.ingest.task import ReadLimits

GOOD = pdf(*[Page().paragraph("Some text on a page.", "And more of it.", top=700)] * 3)


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "a.txt", "a.html", "a"])
def test_empty_file(tmp_path, refusal, name):
    assert "is empty" in refusal(write(tmp_path / name, b""))


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html"])
def test_nothing_but_space(tmp_path, refusal, name):
    assert "has no text in it" in refusal(write(tmp_path / name, "\n \t\n"))


def test_pdf_that_is_none(tmp_path, refusal):
    assert "is not a PDF, or it is damaged" in refusal(write(tmp_path / "a.pdf", "This is only text."))


def test_pdf_that_is_damaged(tmp_path, refusal):
    noise = random.Random(1).randbytes(5000)
    assert "is not a PDF, or it is damaged" in refusal(write(tmp_path / "a.pdf", b"%PDF-1.7\n" + noise))


def test_pdf_that_is_cut_off_early(tmp_path, refusal):
    assert "is not a PDF, or it is damaged" in refusal(write(tmp_path / "a.pdf", GOOD[:400]))


def test_pdf_that_is_cut_off_late_says_so(tmp_path, read):
    document = read(write(tmp_path / "a.pdf", GOOD[: GOOD.index(b"startxref")]))
    assert "The end of the file is missing; pages may be missing too." in document.notes
    assert document.blocks


def test_pdf_under_a_password(tmp_path, refusal):
    path = write(tmp_path / "a.pdf", pdf(Page().put("secret", x=50, y=700), encrypted=True))
    assert refusal(path) == "“a.pdf” is protected by a password. Save a copy without one and add that."


def test_pdf_of_scanned_pages(tmp_path, refusal):
    path = write(tmp_path / "scan.pdf", pdf(*[Page(picture=True)] * 3))
    assert refusal(path) == (
        "“scan.pdf” has pictures of pages and no text. Run OCR (for example `ocrmypdf`) and add it again."
    )


def test_pdf_of_scanned_pages_with_stamps(tmp_path, refusal):
    pages = [Page(picture=True).put(f"FAX {number}", x=50, y=780) for number in range(3)]
    assert "pictures of pages" in refusal(write(tmp_path / "fax.pdf", pdf(*pages)))


def test_pdf_of_blank_pages(tmp_path, refusal):
    assert "has no text" in refusal(write(tmp_path / "blank.pdf", pdf(Page(), Page())))


def test_pdf_whose_pages_are_all_damaged(tmp_path, refusal):
    sentence = refusal(write(tmp_path / "a.pdf", pdf(Page(), Page(), damaged=(0, 1))))
    assert "damaged" in sentence


def test_binary_called_text(tmp_path, refusal):
    noise = random.Random(2).randbytes(100_000)
    assert "is not text" in refusal(write(tmp_path / "a.txt", noise))
    assert "is not text" in refusal(write(tmp_path / "b.txt", Path(sys.executable).read_bytes()[:200_000]))
    assert "is not text" in refusal(write(tmp_path / "c.txt", bytes(byte | 128 for byte in noise)))
    assert "is not text" in refusal(write(tmp_path / "d.txt", b"\x00\x01\x02ab"))


def seconds_of_children() -> float:
    """Of the processor, which other programs don't count in."""
    times = os.times()
    return times.children_user + times.children_system


def test_two_hundred_megabytes_are_refused_at_once_and_in_little_memory(tmp_path, refusal):
    path = tmp_path / "big.txt"
    with path.open("wb") as file:
        for _ in range(200):
            file.write((b"x" * 99 + b"\n") * 10_000)
    before = seconds_of_children()
    sentence = refusal(path, ReadLimits(memory_bytes=256 * 1024**2))
    assert seconds_of_children() - before < 10
    assert "has more than 30,000,000 characters" in sentence
    path.unlink()


@pytest.mark.parametrize("suffix", [".txt", ".md", ".html", ".pdf", ".docx"])
def test_every_format_keeps_to_the_limit_of_characters(tmp_path, refusal, suffix):
    path = tmp_path / f"a{suffix}"
    if suffix == ".pdf":
        path.write_bytes(GOOD)
    elif suffix == ".docx":
        file = docx.Document()
        file.add_paragraph("Some text that is rather long.")
        file.save(str(path))
    else:
        path.write_text("<p>Some text that is rather long.")
    assert "has more than 20 characters" in refusal(path, ReadLimits(max_characters=20))


def test_file_that_is_gone(tmp_path, refusal):
    assert "is not there any more" in refusal(tmp_path / "gone.pdf")


def test_folder(tmp_path, refusal):
    (tmp_path / "papers").mkdir()
    assert "is a folder" in refusal(tmp_path / "papers")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on this system")
def test_pipe(tmp_path, refusal):
    os.mkfifo(tmp_path / "pipe.txt")
    assert "is a device or a pipe" in refusal(tmp_path / "pipe.txt")


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_file_that_may_not_be_read(tmp_path):
    path = write(tmp_path / "mine.txt", "private")
    path.chmod(0)
    command = [sys.executable, str(Path(__file__).with_name("read_file.py")), str(path), str(tmp_path / "log")]
    if os.geteuid() == 0:  # who may read everything, unless that is taken away
        if shutil.which("setpriv") is None:
            pytest.skip("root without setpriv can't be kept from reading")
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == (
        "“mine.txt” may not be read by you. Change its permissions, or add a copy that you own."
    )


def archive(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return path


def word_file() -> bytes:
    buffer = io.BytesIO()
    docx.Document().save(buffer)
    return buffer.getvalue()


def test_docx_that_is_no_archive(tmp_path, refusal):
    assert "is not a Word document, or it is damaged" in refusal(write(tmp_path / "a.docx", "only text"))


def test_docx_that_is_cut_off(tmp_path, refusal):
    content = word_file()
    path = write(tmp_path / "a.docx", content[: len(content) // 2])
    assert "is not a Word document, or it is damaged" in refusal(path)


def test_docx_whose_text_is_no_xml(tmp_path, refusal):
    with zipfile.ZipFile(io.BytesIO(word_file())) as good:
        parts = {name: good.read(name) for name in good.namelist()}
    path = archive(tmp_path / "a.docx", parts | {"word/document.xml": b"<w:document"})
    assert "is damaged" in refusal(path)
    path = archive(tmp_path / "b.docx", {"word/document.xml": b"<w:document/>"})
    assert "is damaged" in refusal(path)


def test_docx_that_would_fill_the_memory(tmp_path, refusal):
    path = archive(tmp_path / "bomb.docx", {"word/document.xml": b" " * 160_000_000})
    assert path.stat().st_size < 1_000_000
    before = seconds_of_children()
    assert "unpacks to 160 MB" in refusal(path)
    assert seconds_of_children() - before < 5


def test_document_that_needs_more_memory_than_it_may(tmp_path, refusal):
    with zipfile.ZipFile(io.BytesIO(word_file())) as good:
        parts = {name: good.read(name) for name in good.namelist()}
    space = b'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    parts["word/document.xml"] = b"<w:document %s><w:body>%s</w:body></w:document>" % (space, b"<w:p/>" * 2_000_000)
    path = archive(tmp_path / "wide.docx", parts)
    assert "needs more memory" in refusal(path, ReadLimits(memory_bytes=300 * 1024**2))


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500 + "WordDocument".encode("utf-16-le"), "save it as .docx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500 + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500, "save it as .docx"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "run OCR"),
        (b"\x1f\x8b\x08" + b"\0" * 50, "Unpack it"),
        (b"%!PS-Adobe-3.0\n", "PDF"),
    ],
)
def test_formats_that_are_known_and_not_read(tmp_path, refusal, content, advice):
    assert advice in refusal(write(tmp_path / "old.doc", content))


@pytest.mark.parametrize(
    ("member", "advice"),
    [("ppt/a.xml", "as .pptx"), ("xl/a.xml", "as .xlsx"), ("content.xml", "OpenDocument"), ("a", "archive")],
)
def test_archives_that_are_no_word_document(tmp_path, refusal, member, advice):
    assert advice in refusal(archive(tmp_path / "a.zip", {member: b"x"}))
