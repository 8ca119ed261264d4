"""PPTX, ODT, ODP and EPUB: what is in them, what is left out, what is refused."""

from __future__ import annotations

import random
from pathlib import Path

import pptx
import pytest
from in_process import archive, document_events, read, refusal, shown, write
from pptx.util import Inches

from app.errors import ErrorKind
from app.ingest.document import Block, BlockKind
from app.ingest.messages import ReadingFailed

HEADING, TABLE = BlockKind.HEADING, BlockKind.TABLE
ODF = "urn:oasis:names:tc:opendocument:xmlns"
NAMESPACES = " ".join(
    f'xmlns:{name}="{ODF}:{full}:1.0"'
    for name, full in [
        *[("office", "office"), ("text", "text"), ("table", "table")],
        *[("draw", "drawing"), ("presentation", "presentation")],
    ]
)


def presentation(path: Path) -> Path:
    file = pptx.Presentation()
    slide = file.slides.add_slide(file.slide_layouts[1])
    frame = slide.placeholders[1].text_frame
    frame.text = "First\vline"
    below = frame.add_paragraph()
    below.text, below.level = "below it", 1
    slide.shapes.title.text = "The title"
    slide.notes_slide.notes_text_frame.text = "Say hello."
    file.slides.add_slide(file.slide_layouts[6])
    slide = file.slides.add_slide(file.slide_layouts[6])
    table = slide.shapes.add_table(2, 2, 0, 0, Inches(2), Inches(1)).table
    table.cell(0, 0).text, table.cell(0, 1).text, table.cell(1, 1).text = "a", "b", "x\ny"
    box = slide.shapes.add_group_shape().shapes.add_textbox(0, 0, Inches(1), Inches(1))
    box.text_frame.text = "in a group"
    file.save(str(path))
    return path


def test_slides_are_pages(tmp_path):
    document = read(presentation(tmp_path / "a.pptx"))
    assert document.blocks == (
        Block(text="The title", page=1, kind=HEADING),
        Block(text="First\nline\n  - below it", page=1),
        Block(text="Notes: Say hello.", page=1),
        Block(text="a | b\n | x y", page=3, kind=TABLE),
        Block(text="in a group", page=3),
    )
    assert (document.n_pages, document.notes, document.unread_pages) == (3, ("Slide 2 has no text.",), (2,))


def opendocument(path: Path, body: str, **parts: str) -> Path:
    content = f"<office:document-content {NAMESPACES}><office:body>{body}</office:body></office:document-content>"
    kind = "presentation" if path.suffix == ".odp" else "text"
    mimetype = f"application/vnd.oasis.opendocument.{kind}"
    return archive(path, {"mimetype": mimetype, "content.xml": content} | parts)


def test_odt_in_the_order_of_its_text(tmp_path):
    body = """<office:text><text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>
    <text:h text:outline-level="1">A  <text:span>heading</text:span></text:h>
    <text:p>Two<text:s text:c="2"/>spaces<text:tab/>and
      a line<text:line-break/>break<text:note><text:note-citation>1</text:note-citation><text:note-body>
      <text:p>A note.</text:p></text:note-body></text:note>.<office:annotation>
      <text:p>no</text:p></office:annotation></text:p>
    <text:list><text:list-item><text:p>one</text:p><text:list><text:list-item><text:p>below</text:p></text:list-item>
    </text:list></text:list-item><text:list-item><text:p>two</text:p></text:list-item></text:list>
    <table:table><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell>
    <table:table-cell table:number-columns-repeated="2"><text:p>b</text:p></table:table-cell>
    <table:table-cell table:number-columns-repeated="16000"/></table:table-row></table:table>
    <text:p/><text:p>end</text:p></office:text>"""
    assert shown(opendocument(tmp_path / "a.odt", body)) == [
        ("heading", "A heading"),
        ("paragraph", "Two  spaces\tand a line\nbreak."),
        ("paragraph", "- one\n  - below\n- two"),
        ("table", "a | b | b"),
        ("paragraph", "end"),
        ("heading", "Footnotes"),
        ("paragraph", "1 A note."),
    ]


def test_odp_slides_are_pages(tmp_path):
    title = 'presentation:class="title"'
    box = "<draw:frame {}><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame>"
    body = (
        f"<office:presentation><draw:page>{box.format('', 'Text.')}{box.format(title, 'Title')}"
        f"<presentation:notes>{box.format('', 'A note.')}</presentation:notes></draw:page><draw:page/>"
        "</office:presentation>"
    )
    document = read(opendocument(tmp_path / "a.odp", body))
    assert document.blocks == (
        Block(text="Title", page=1, kind=HEADING),
        Block(text="Text.", page=1),
        Block(text="Notes: A note.", page=1),
    )
    assert document.notes == ("Slide 2 has no text.",)


def test_opendocument_that_is_refused(tmp_path):
    locked = {"META-INF/manifest.xml": "<manifest><encryption-data/></manifest>"}
    assert "protected by a password" in refusal(opendocument(tmp_path / "a.odt", "", **locked))
    assert "is damaged" in refusal(opendocument(tmp_path / "b.odt", "<office:text>"))
    assert "is damaged" in refusal(opendocument(tmp_path / "c.odt", "<a>" * 10_000 + "</a>" * 10_000))
    text = "<office:body><office:text><text:p>&x;</text:p></office:text></office:body>"
    entity = f'<!DOCTYPE a [<!ENTITY x "yes">]><a {NAMESPACES}>{text}</a>'
    assert "is damaged" in refusal(archive(tmp_path / "d.odt", {"content.xml": entity}))


CONTAINER = '<container><rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>'
PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>
<dc:title>A book</dc:title><dc:creator>Ada</dc:creator></metadata><manifest>
<item id="b" href="two.xhtml" media-type="application/xhtml+xml"/>
<item id="a" href="one%201.xhtml" media-type="application/xhtml+xml"/>
<item id="gone" href="gone.xhtml" media-type="application/xhtml+xml"/>
<item id="style" href="a.css" media-type="text/css"/></manifest>
<spine><itemref idref="a"/><itemref idref="b"/><itemref idref="gone"/><itemref idref="style"/></spine></package>"""


def book(path: Path, **parts: str | bytes) -> Path:
    page = '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body>{}</body></html>'
    return archive(
        path,
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": CONTAINER,
            "OPS/book.opf": PACKAGE,
            "OPS/one 1.xhtml": page.format("<h1>One</h1><p>Text<a id='x'/> of it.</p>"),
            "OPS/two.xhtml": page.format("<h1>Two</h1><p>Café</p>").encode("utf-16"),
        }
        | parts,
    )


def test_chapters_of_a_book(tmp_path):
    document = read(book(tmp_path / "a.epub"))
    assert [(block.kind.value, block.text) for block in document.blocks] == [
        ("heading", "A book – Ada"),
        ("heading", "One"),
        ("paragraph", "Text of it."),
        ("heading", "Two"),
        ("paragraph", "Café"),
    ]
    assert document.notes == ("The part “OPS/gone.xhtml” is missing or damaged and was not read.",)


def test_books_that_are_protected(tmp_path):
    reference = "<encryption><CipherReference URI='{}'/></encryption>".format
    some = {"META-INF/encryption.xml": reference("OPS/two.xhtml")}
    document = read(book(tmp_path / "a.epub", **some))
    assert "The part “OPS/two.xhtml” is protected against copying and was not read." in document.notes
    assert "Two" not in [block.text for block in document.blocks]
    parts = ("OPS/one 1.xhtml", "OPS/two.xhtml", "OPS/gone.xhtml")
    every = "".join(f"<CipherReference URI='{part}'/>" for part in parts)
    path = book(tmp_path / "b.epub", **{"META-INF/encryption.xml": f"<encryption>{every}</encryption>"})
    assert "is protected against copying" in refusal(path)


def text_document(path: Path) -> Path:
    return opendocument(path, "<office:text><text:p>a</text:p></office:text>")


MADE = {".pptx": presentation, ".odt": text_document, ".epub": book}
MAIN_PARTS = {".pptx": "ppt/presentation.xml", ".odt": "content.xml", ".epub": "META-INF/container.xml"}


@pytest.mark.parametrize("suffix", MADE)
def test_office_files_that_are_cut_off_or_something_else(tmp_path, suffix):
    good = MADE[suffix](tmp_path / f"a{suffix}").read_bytes()
    for content in (good[: len(good) // 2], b"PK\x03\x04" + random.Random(1).randbytes(2000)):
        assert "or it is damaged" in refusal(write(tmp_path / f"b{suffix}", content))
    assert "is an archive" in refusal(archive(tmp_path / f"c{suffix}", {"a.txt": "text"}))


@pytest.mark.parametrize("suffix", MADE)
def test_office_files_that_would_fill_the_memory(tmp_path, suffix):
    path = archive(tmp_path / f"a{suffix}", {MAIN_PARTS[suffix]: b" " * 160_000_000})
    assert "unpacks to 160 MB" in refusal(path)


@pytest.mark.parametrize("suffix", MADE)
def test_damaged_office_files_are_read_or_refused(tmp_path, suffix):
    chance = random.Random(suffix)
    path = tmp_path / f"a{suffix}"
    good = MADE[suffix](path).read_bytes()
    for _ in range(40):
        changed = bytearray(good)
        for _ in range(chance.choice([1, 5])):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        *_, last = document_events(write(path, bytes(changed)), 1_000_000)
        assert not isinstance(last, ReadingFailed) or last.kind is ErrorKind.DOCUMENT_UNREADABLE, last
