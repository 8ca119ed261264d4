"""DOCX, HTML, Markdown and text, each through the real task process."""

from __future__ import annotations

from pathlib import Path

import docx
import pytest
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from app.ingest.document import BlockKind, Document
from app.ingest.formats import SUPPORTED_SUFFIXES, is_supported

HEADING, PARAGRAPH, TABLE, CODE = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.TABLE, BlockKind.CODE


def shown(document: Document) -> list[tuple[BlockKind, str]]:
    assert document.n_pages is None
    assert all(block.page is None for block in document.blocks)
    return [(block.kind, block.text) for block in document.blocks]


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_docx_in_the_order_of_its_text(tmp_path, read):
    file = docx.Document()
    file.add_heading("Report", 0)
    file.add_heading("Part one", 1)
    file.add_paragraph("First\tparagraph.")
    file.add_paragraph("one", style="List Bullet")
    file.add_paragraph("two", style="List Number")
    table = file.add_table(2, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "Name", "Sum\nin euros"
    table.cell(1, 0).text, table.cell(1, 1).text = "Pears", "12"
    file.add_paragraph("Last.")
    file.save(str(tmp_path / "report.docx"))
    document = read(tmp_path / "report.docx")
    assert document.name == "report.docx"
    assert shown(document) == [
        (HEADING, "Report"),
        (HEADING, "Part one"),
        (PARAGRAPH, "First\tparagraph."),
        (PARAGRAPH, "- one\n- two"),
        (TABLE, "Name | Sum in euros\nPears | 12"),
        (PARAGRAPH, "Last."),
    ]


def test_docx_text_in_controls_and_under_review(tmp_path, read):
    file = docx.Document()
    run = "<w:r><w:t xml:space='preserve'>{}</w:t></w:r>"
    changed = f"<w:ins>{run.format('added ')}</w:ins><w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
    paragraph = f"<w:p>{run.format('In a control, ')}{changed}{run.format('text.')}</w:p>"
    file.element.body.insert(0, parse_xml(f"<w:sdt {nsdecls('w')}><w:sdtContent>{paragraph}</w:sdtContent></w:sdt>"))
    file.save(str(tmp_path / "form.docx"))
    assert shown(read(tmp_path / "form.docx")) == [(PARAGRAPH, "In a control, added text.")]


def test_docx_footnotes_come_last(tmp_path, read):
    file = docx.Document()
    file.add_paragraph("Text.")
    notes = (
        f"<w:footnotes {nsdecls('w')}><w:footnote><w:p><w:r><w:t>A note.</w:t></w:r></w:p></w:footnote></w:footnotes>"
    )
    part = Part(PackURI("/word/footnotes.xml"), "application/xml", notes.encode(), file.part.package)
    file.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    file.save(str(tmp_path / "notes.docx"))
    assert shown(read(tmp_path / "notes.docx")) == [
        (PARAGRAPH, "Text."),
        (HEADING, "Footnotes"),
        (PARAGRAPH, "A note."),
    ]


def test_html_without_what_is_not_its_text(tmp_path, read):
    page = """<!DOCTYPE html><html><head><title>Pears &amp; apples</title><style>p {}</style></head><body>
    <nav><a href="/">Home</a></nav><h1>A   <em>big</em> heading</h1>
    <p>One<br>two <script>no()</script><b>thr</b>ee.<ul><li>a<li>b<ol><li>x<li>y</ol></ul>
    <table><tr><th>A<th>B<tr><td>1<td><p>2</p><p>3</p></table><pre>
  if x:
    y</pre><div hidden>unseen</div>end</body></html>"""
    assert shown(read(write(tmp_path / "page.html", page))) == [
        (HEADING, "Pears & apples"),
        (HEADING, "A big heading"),
        (PARAGRAPH, "One\ntwo three."),
        (PARAGRAPH, "- a\n- b\n  1. x\n  2. y"),
        (TABLE, "A | B\n1 | 2 3"),
        (CODE, "  if x:\n    y"),
        (PARAGRAPH, "end"),
    ]


def test_html_in_the_encoding_that_it_declares(tmp_path, read):
    page = '<html><head><meta charset="koi8-r"></head><body><p>Да</body></html>'.encode("koi8-r")
    assert shown(read(write(tmp_path / "yes.html", page))) == [(PARAGRAPH, "Да")]


def test_markdown_kept_as_text(tmp_path, read):
    source = (
        "# Title #\n\nSome *text*\nover two lines.\n\nUnder\n=====\n- item\n- item two\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\n# no heading\n\nx = 1\n```\n***\nend"
    )
    assert shown(read(write(tmp_path / "notes.md", source))) == [
        (HEADING, "Title"),
        (PARAGRAPH, "Some *text*\nover two lines."),
        (HEADING, "Under"),
        (PARAGRAPH, "- item\n- item two"),
        (TABLE, "| a | b |\n|---|---|\n| 1 | 2 |"),
        (CODE, "```python\n# no heading\n\nx = 1\n```"),
        (PARAGRAPH, "end"),
    ]


def test_text_divides_at_blank_lines(tmp_path, read):
    source = "first line\r\nsecond\x00 line\r\n \t\r\n\r\n  third\x07 \r\n"
    assert shown(read(write(tmp_path / "a.txt", source))) == [
        (PARAGRAPH, "first line\nsecond line"),
        (PARAGRAPH, "  third"),
    ]


RUSSIAN = "Съешь ещё этих мягких французских булок, да выпей чаю."
JAPANESE = "これは日本語のテキストです。漢字も入っています。"
FRENCH = "Café résumé, déjà vu. L'été dernier nous avons mangé des crêpes à Orléans."
CZECH = "Vláda dnes schválila nový zákon o dani z příjmů. Který by měl přinést více peněz."


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        *[(name, FRENCH) for name in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252")],
        *[("cp1250", CZECH), ("koi8-r", RUSSIAN), ("cp1251", RUSSIAN), ("shift_jis", JAPANESE), ("euc_jp", JAPANESE)],
    ],
)
def test_text_in_many_encodings(tmp_path, read, encoding, text):
    assert shown(read(write(tmp_path / "a.txt", text.encode(encoding)))) == [(PARAGRAPH, text)]


def test_one_wrong_byte_does_not_change_the_encoding(tmp_path, read):
    document = read(write(tmp_path / "a.txt", (FRENCH * 3).encode() + b"\xff"))
    assert document.blocks[0].text == FRENCH * 3 + "�"
    assert document.notes == ("1 characters of “a.txt” could not be read and are shown as �.",)


def test_names_without_a_known_suffix_are_text(tmp_path, read):
    assert shown(read(write(tmp_path / "Makefile", "all:\n\techo"))) == [(PARAGRAPH, "all:\n\techo")]


def test_content_decides_before_the_name(tmp_path, read):
    file = docx.Document()
    file.add_paragraph("Word inside.")
    file.save(str(tmp_path / "a.txt"))
    assert shown(read(tmp_path / "a.txt")) == [(PARAGRAPH, "Word inside.")]
    web = write(tmp_path / "saved", "<!doctype html><p>Web inside.")
    assert shown(read(web)) == [(PARAGRAPH, "Web inside.")]


def test_twenty_megabytes_of_text_read_whole(tmp_path, read):
    paragraph = "The quick brown fox jumps over the lazy dog near the river bank today.\n" * 8 + "\n"
    document = read(write(tmp_path / "long.txt", paragraph * 35_000))
    assert len(document.blocks) == 35_000
    assert document.blocks[-1].text == paragraph.strip()


def test_one_endless_line_comes_in_parts(tmp_path, read):
    document = read(write(tmp_path / "data.json", "é" * 1_000_000))
    assert "".join(block.text for block in document.blocks) == "é" * 1_000_000
    assert max(len(block.text) for block in document.blocks) == 20_000


def test_names_that_are_not_text(tmp_path, read):
    path = tmp_path / b"caf\xe9.txt".decode("utf-8", "surrogateescape")
    try:
        write(path, "hello")
    except OSError:
        pytest.skip("this file system takes only names that are text")
    assert read(path).name == "caf?.txt"


def test_suffixes_for_the_file_dialog():
    assert {".pdf", ".docx", ".txt", ".md", ".html"} <= set(SUPPORTED_SUFFIXES)
    assert is_supported(Path("A.PDF"))
    assert not is_supported(Path("a.exe"))
