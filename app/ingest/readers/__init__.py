"""The formats that can be read, one file each. The order is the order in which they are asked about a file."""

from __future__ import annotations

from app.ingest.readers import (
    code,
    delimited,
    docx,
    eml,
    epub,
    html,
    json_lines,
    markdown,
    opendocument,
    pdf,
    pptx,
    rtf,
    text,
    workbook,
)
from app.ingest.readers.interface import Reader

READERS: tuple[Reader, ...] = (
    pdf.READER,
    docx.READER,
    pptx.READER,
    workbook.READER,
    opendocument.READER,
    epub.READER,
    rtf.READER,
    html.READER,
    markdown.READER,
    delimited.READER,
    json_lines.READER,
    eml.READER,
    code.READER,
    text.READER,
)
PLAIN_TEXT = text.READER  # also for what has an unknown suffix and turns out to be text
