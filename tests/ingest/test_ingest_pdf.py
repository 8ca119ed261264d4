"""PDFs become paragraphs, headings and code with their pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from pdf_writer import Page, pdf

from app.ingest.document import Block, BlockKind

# a line as wide as the text on these pages
FULL = "words that fill a line of this page from its left edge to its right edge, so that no other word would fit here"
WIDTHS = [FULL, FULL, FULL]


def texts(blocks: tuple[Block, ...]) -> list[str]:
    return [block.text for block in blocks]


def saved(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "paper.pdf"
    path.write_bytes(content)
    return path


def test_lines_are_joined_and_gaps_divide(tmp_path, read):
    page = Page().paragraph(FULL, FULL, "and end here.", top=700).paragraph(FULL, "A second one.", top=650)
    document = read(saved(tmp_path, pdf(page)))
    assert document.n_pages == 1
    assert texts(document.blocks) == [f"{FULL} {FULL} and end here.", f"{FULL} A second one."]
    assert {block.page for block in document.blocks} == {1}


def test_an_indent_begins_a_paragraph(tmp_path, read):
    page = Page().paragraph(FULL, FULL, FULL, top=700).put("Indented: " + FULL[:90], x=65, y=664)
    page.paragraph(FULL, top=652)
    document = read(saved(tmp_path, pdf(page)))
    assert len(document.blocks) == 2
    assert document.blocks[1].text.startswith("Indented: words")


def test_words_divided_at_line_ends_are_whole_again(tmp_path, read):
    lines = [
        FULL[:99] + " exam-",
        "ple, well-known " + FULL[:80] + " well-",
        "known " + FULL[:90] + " twenty-",
        "Two.",
    ]
    document = read(saved(tmp_path, pdf(Page().paragraph(*lines, top=700))))
    (text,) = texts(document.blocks)
    assert "example, well-known" in text
    assert "well-known words" in text
    assert text.endswith("twenty-Two.")


def test_headings_are_larger_or_bold(tmp_path, read):
    page = Page().put("1 Large title", x=50, y=760, size=16).paragraph(FULL, FULL, FULL, top=730)
    page.put("A bold one", x=50, y=680, font="bold").paragraph(FULL, FULL, top=660)
    document = read(saved(tmp_path, pdf(page)))
    headings = [block.text for block in document.blocks if block.kind is BlockKind.HEADING]
    assert headings == ["1 Large title", "A bold one"]
    assert len(document.blocks) == 4


def test_typewriter_lines_are_code_with_their_indents(tmp_path, read):
    page = Page().paragraph(*WIDTHS, top=700).paragraph("def f():", top=640, font="fixed")
    page.paragraph("return 1", x=74, top=628, font="fixed").paragraph("print(f())", top=604, font="fixed")
    document = read(saved(tmp_path, pdf(page)))
    assert document.blocks[-1].kind is BlockKind.CODE
    assert document.blocks[-1].text == "def f():\n    return 1\n\nprint(f())"


def test_a_document_set_in_typewriter_is_not_all_code(tmp_path, read):
    line = "these words were typed on a machine that has one width for all its letters,"
    page = Page().paragraph(line, line, "and end here.", top=700, font="fixed").put("Next.", x=50, y=640, font="fixed")
    document = read(saved(tmp_path, pdf(page)))
    assert [block.kind for block in document.blocks] == [BlockKind.PARAGRAPH, BlockKind.PARAGRAPH]
    assert document.blocks[0].text == f"{line} {line} and end here."


def test_headers_footers_and_page_numbers_are_left_out(tmp_path, read):
    chapters = ["Birds", "Birds", "Birds", "Fishes", "Mammals", "Mammals"]
    pages = [
        Page().put("The Animal Book", x=50, y=770).put(chapter, x=500, y=770).put(f"- {number} -", x=300, y=30)
        .paragraph(FULL, FULL, f"This is on page {number}.", top=700)
        for number, chapter in enumerate(chapters, start=7)
    ]  # fmt: skip
    document = read(saved(tmp_path, pdf(*pages)))
    assert texts(document.blocks) == [f"{FULL} {FULL} This is on page {number}." for number in range(7, 13)]
    assert [block.page for block in document.blocks] == [1, 2, 3, 4, 5, 6]


def test_a_line_at_the_edge_that_does_not_repeat_stays(tmp_path, read):
    pages = [Page().put(f"Note {word}", x=50, y=770).paragraph(*WIDTHS, top=700) for word in ("one", "two", "three")]
    document = read(saved(tmp_path, pdf(*pages)))
    assert [text for text in texts(document.blocks) if "Note" in text] == ["Note one", "Note two", "Note three"]


def test_a_paragraph_goes_on_over_a_page_break(tmp_path, read):
    pages = [Page().paragraph(FULL, FULL, FULL, top=100), Page().paragraph("goes on here.", FULL, top=700)]
    document = read(saved(tmp_path, pdf(*pages)))
    assert document.blocks[0].text.endswith("fit here goes on here.")
    assert document.blocks[0].page == 1


def test_columns_are_read_one_after_the_other(tmp_path, read):
    half = "half as wide as the page, so that two of these"
    page = (
        Page()
        .paragraph(half, half, half, top=700)
        .paragraph("lie beside each other, as they do in papers of", half, half, x=320, top=700)
    )
    document = read(saved(tmp_path, pdf(page)))
    assert texts(document.blocks) == [
        f"{half} {half} {half} lie beside each other, as they do in papers of {half} {half}"
    ]


def test_list_items_keep_their_lines(tmp_path, read):
    page = Page().paragraph("• one", "• two", top=700).paragraph("• three", top=668)
    document = read(saved(tmp_path, pdf(page)))
    assert texts(document.blocks) == ["• one\n• two\n• three"]


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_page_turned_for_reading_has_its_lines_joined(tmp_path, read, rotation):
    turns = {90: "0 1 -1 0 600 0 cm", 180: "-1 0 0 -1 600 800 cm", 270: "0 -1 1 0 0 800 cm"}
    page = Page(rotation=rotation, operators=[turns[rotation]]).paragraph(FULL, FULL, "end.", top=500)
    document = read(saved(tmp_path, pdf(page)))
    assert texts(document.blocks) == [f"{FULL} {FULL} end."]


def test_pages_without_text_and_damaged_pages_are_named(tmp_path, read):
    pages = [Page().put(f"This is page {number}.", x=50, y=700 - number) for number in range(1, 8)]
    pages[1] = Page()
    pages[6] = Page(picture=True)
    document = read(saved(tmp_path, pdf(*pages, damaged=(3,))))
    assert document.n_pages == 7
    assert document.notes == ("Pages 2, 7 have no text.", "Page 4 is damaged and could not be read.")
    assert document.unread_pages == (2, 4, 7)
    assert [block.page for block in document.blocks] == [1, 3, 5, 6]


def test_a_single_page_without_text_is_a_note(tmp_path, read):
    document = read(saved(tmp_path, pdf(Page().paragraph(FULL, top=700), Page())))
    assert document.notes == ("Page 2 has no text.",)


def test_progress_is_told_page_by_page(tmp_path):
    import asyncio

    from app.ingest.reading import read_document

    path = saved(tmp_path, pdf(*[Page().paragraph(FULL, top=700)] * 3))
    told: list[tuple[int, int | None]] = []
    asyncio.run(read_document(path, log_file=tmp_path / "log", on_progress=lambda *pages: told.append(pages)))
    assert told == [(1, 3), (2, 3), (3, 3)]
