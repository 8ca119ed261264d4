"""Lines of a PDF become headings, paragraphs and code. Pure: decided by where lines are and how they look.

A line goes on with the paragraph before it unless something says otherwise: a larger gap, another type size, an
indent, a list mark, or room left in the line before into which its first word would have fitted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from app.ingest.cleaning import clean, one_line
from app.ingest.document import Block, BlockKind
from app.ingest.readers.lists import ITEM_MARK
from app.ingest.readers.pdf_lines import Line
from app.ingest.readers.pdf_measures import Measures, measure
from app.ingest.readers.pdf_words import Joiner

_HEADING_CHARACTERS = 200
_MOST_LINES = 100  # no real paragraph is longer
_DEEPEST_INDENT = 60  # spaces
_CODE_GAP = 3.2  # lines; code has blank lines in it
_SENTENCE_END = re.compile(r"[.!?:;…。！？][\"'”’»)\]]*$")
_SECTION_NUMBER = re.compile(r"\d+(?:\.\d+)+\.?\s")
_LEADERS = re.compile(r"(?:[ \u00a0]?[.·…_]){4,}[ \u00a0]*")
_BULLETS = "•●▪◦‣∙○■□➢✓"  # never the first character of a line by chance
_CJK = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")


def blocks(pages: Sequence[Sequence[Line]]) -> Iterator[Block]:
    """All pages' lines as blocks; a paragraph that goes on over a page break is one, on the page where it begins."""
    lines = [line for page in pages for line in page]
    if not lines:
        return
    measures = measure(lines)
    joiner = Joiner(line.text for line in lines)
    paragraph: list[Line] = []
    for line in lines:
        if paragraph and _begins_block(paragraph, line, measures):
            yield from _block(paragraph, measures, joiner)
            paragraph = []
        paragraph.append(line)
    yield from _block(paragraph, measures, joiner)


def _begins_block(paragraph: Sequence[Line], line: Line, measures: Measures) -> bool:
    """Whether `line` begins something new after the lines gathered so far."""
    before = paragraph[-1]
    if len(paragraph) >= _MOST_LINES:
        return True
    if before.is_divided:
        return False
    drop = before.baseline - line.baseline
    if line.page == before.page and abs(drop) < 0.5 * max(line.size, before.size):
        return False
    if abs(line.size - before.size) > 0.08 * before.size:
        return True
    is_full = not _has_room(before, line, measures)
    if line.page != before.page or drop < 0:  # the next page or column
        is_over = _SENTENCE_END.search(before.text) or _LEADERS.search(before.text)
        return not (is_full and not is_over and _goes_on(line.text))
    if line.is_fixed and _is_code(paragraph, measures):
        return drop > _CODE_GAP * measures.leading * line.size
    if _LEADERS.search(before.text) and _LEADERS.search(line.text):
        return drop > 2 * measures.leading * line.size
    if drop > 1.25 * _usual_drop(paragraph, line, measures) + 0.5:
        return True
    if _is_code(paragraph, measures) and not line.is_fixed:
        return True
    if _is_bold(paragraph) and not line.is_bold and not (is_full and _goes_on(line.text)):
        return True
    if ITEM_MARK.match(line.text) and (
        line.text[0] in _BULLETS or ITEM_MARK.match(before.text) or abs(line.left - before.left) > 2 or not is_full
    ):
        return True
    shift = line.left - before.left
    if abs(shift) > 0.8 * line.size:
        return len(paragraph) > 1 or not is_full
    return not is_full and _SENTENCE_END.search(before.text) is not None


def _has_room(before: Line, line: Line, measures: Measures) -> bool:
    """Whether the first word of `line` would have fitted at the end of the line before: that end was meant."""
    first_word = line.text.split(maxsplit=1)[0]
    n_letters = 1 if _CJK.match(first_word) else len(first_word)
    return measures.right_edge(before) - before.right > (0.5 * n_letters + 2) * line.size


def _goes_on(text: str) -> bool:
    """Whether a line reads like the middle of a sentence."""
    if ITEM_MARK.match(text) or _SECTION_NUMBER.match(text):
        return False
    return text[:1].islower() or _CJK.match(text) is not None or text[:1] in "([“‘\"'0123456789"


def _usual_drop(paragraph: Sequence[Line], line: Line, measures: Measures) -> float:
    """How far below the paragraph its next line should be: as far as its lines are apart, at most the usual leading."""
    drops = (before.baseline - after.baseline for before, after in pairwise(paragraph))
    own = max((drop for drop in drops if drop > 0.5 * line.size), default=math.inf)
    return min(own, measures.leading * line.size)


def _is_code(paragraph: Sequence[Line], measures: Measures) -> bool:
    return not measures.body_is_fixed and all(line.is_fixed for line in paragraph)


def _is_bold(paragraph: Sequence[Line]) -> bool:
    return all(line.is_bold for line in paragraph)


def _block(paragraph: Sequence[Line], measures: Measures, joiner: Joiner) -> Iterator[Block]:
    page = paragraph[0].page
    if _is_code(paragraph, measures) and (len(paragraph) > 1 or not _is_heading_size(paragraph, measures)):
        yield Block(text=clean(_code(paragraph)), page=page, kind=BlockKind.CODE)
        return
    parts = []
    for before, line in pairwise(paragraph):
        if _ends_line(before, line, measures):
            parts.append(f"{before.text.strip()}\n")
        else:
            parts.append(joiner.ending(before.text.strip(), line.text.strip(), is_divided=before.is_divided))
    parts.append(paragraph[-1].text.strip())
    text = clean(_LEADERS.sub(" … ", "".join(parts))).strip()
    if _is_heading(paragraph, text, measures):
        yield Block(text=one_line(text), page=page, kind=BlockKind.HEADING)
    elif text:
        yield Block(text=text, page=page)


def _ends_line(before: Line, line: Line, measures: Measures) -> bool:
    """Whether the line end is kept within the block: rows of a table, entries of a contents page, verse."""
    if before.is_divided or line.page != before.page or line.baseline > before.baseline:
        return False
    is_same_row = abs(before.baseline - line.baseline) < 0.5 * line.size
    return not is_same_row and (_LEADERS.search(before.text) is not None or _has_room(before, line, measures))


def _code(paragraph: Sequence[Line]) -> str:
    """Lines as they stand, their indents made of spaces again."""
    margin = min(line.left for line in paragraph)
    texts: list[str] = []
    for before, line in zip([paragraph[0], *paragraph], paragraph, strict=False):
        if before.page == line.page and before.baseline - line.baseline > 1.7 * line.size:
            texts.append("")
        stripped = line.text.strip()
        width = (line.right - line.left) / max(1, len(stripped)) or 0.6 * line.size
        texts.append(" " * min(round((line.left - margin) / width), _DEEPEST_INDENT) + stripped)
    return "\n".join(texts)


def _is_heading_size(paragraph: Sequence[Line], measures: Measures) -> bool:
    return paragraph[0].size >= 1.12 * measures.body_size


def _is_heading(paragraph: Sequence[Line], text: str, measures: Measures) -> bool:
    """Short, and larger than the text, or bold where the text is not and not ended like a sentence."""
    if len(paragraph) > 3 or len(text) > _HEADING_CHARACTERS or not any(letter.isalpha() for letter in text):
        return False
    if _is_heading_size(paragraph, measures):
        return True
    is_bold = _is_bold(paragraph) and not measures.body_is_bold
    return is_bold and len(paragraph) == 1 and not text.endswith((".", ",", ";", ":"))
