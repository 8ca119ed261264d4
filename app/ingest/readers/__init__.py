"""The formats that can be read, one file each. The order is the order in which they are asked about a file."""

from __future__ import annotations

from app.ingest.readers import delimited, docx, html, json_lines, markdown, pdf, text, workbook
from app.ingest.readers.interface import Reader

READERS: tuple[Reader, ...] = (
    pdf.READER,
    docx.READER,
    workbook.READER,
    html.READER,
    markdown.READER,
    delimited.READER,
    json_lines.READER,
    text.READER,
)
PLAIN_TEXT = text.READER  # also for what has an unknown suffix and turns out to be text
