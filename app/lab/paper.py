"""A PDF of plain text, made by hand: what a bench needs of paper, and no more."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

LINE_CHARACTERS, FONT_SIZE, LEADING = 90, 10, 14


def write_pdf(path: Path, pages: Sequence[str]) -> None:
    """One page each, of ASCII paragraphs; a page takes about 50 lines."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"", b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for text in pages:
        content = _content(text)
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
        page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F 3 0 R >> >>"
        objects.append(f"{page} /Contents {len(objects)} 0 R >>".encode())
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    data, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % place for place in places)
    data += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    path.write_bytes(data)


def _content(text: str) -> bytes:
    lines = [f"BT /F {FONT_SIZE} Tf {LEADING} TL 50 790 Td"]
    for paragraph in text.split("\n\n"):
        for line in textwrap.wrap(paragraph, LINE_CHARACTERS):
            escaped = line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
            lines.append(f"({escaped}) Tj T*")
        lines.append("T*")
    return "\n".join([*lines, "ET"]).encode("ascii", "replace")
