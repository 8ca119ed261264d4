"""Small PDFs written by hand, so that tests say exactly what lies where on a page."""

from __future__ import annotations

from dataclasses import dataclass, field

FONTS = {"regular": "Helvetica", "bold": "Helvetica-Bold", "fixed": "Courier"}


@dataclass
class Page:
    """A page of 600 x 800 points that text is put on from the top; `picture` covers it with a grey image."""

    picture: bool = False
    rotation: int = 0
    operators: list[str] = field(default_factory=list)

    def put(self, text: str, *, x: float, y: float, size: float = 10, font: str = "regular") -> Page:
        escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        self.operators.append(f"BT /{font} {size} Tf {x} {y} Td ({escaped}) Tj ET")
        return self

    def paragraph(self, *lines: str, top: float, x: float = 50, size: float = 10, font: str = "regular") -> Page:
        """Lines below each other, 1.2 sizes apart."""
        for number, line in enumerate(lines):
            self.put(line, x=x, y=top - number * 1.2 * size, size=size, font=font)
        return self


def pdf(*pages: Page, encrypted: bool = False, damaged: tuple[int, ...] = ()) -> bytes:
    """The file. `encrypted`: it wants a password. `damaged`: indices of pages whose objects are missing."""
    bodies: dict[int, bytes] = {1: b"<< /Type /Catalog /Pages 2 0 R >>"}
    fonts = " ".join(
        f"/{name} << /Type /Font /Subtype /Type1 /BaseFont /{base} /Encoding /WinAnsiEncoding >>"
        for name, base in FONTS.items()
    )
    bodies[3] = b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 "
    bodies[3] += b"/Length 1 >>\nstream\n\x80\nendstream"
    kids = []
    for index, page in enumerate(pages):
        number = 4 + 2 * index
        kids.append(f"{number} 0 R")
        picture = ["q 600 0 0 800 0 0 cm /picture Do Q"] if page.picture else []
        content = "\n".join([*picture, *page.operators]).encode("cp1252")
        bodies[number + 1] = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content)
        if index not in damaged:
            resources = f"/Font << {fonts} >> /XObject << /picture 3 0 R >>"
            bodies[number] = (
                f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Rotate {page.rotation} "
                f"/Resources << {resources} >> /Contents {number + 1} 0 R >>"
            ).encode()
    bodies[2] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    trailer = f"/Size {4 + 2 * len(pages)} /Root 1 0 R"
    if encrypted:
        secret = "00" * 32
        trailer += f" /Encrypt << /Filter /Standard /V 1 /R 2 /O <{secret}> /U <{secret}> /P -4 >> /ID [<00> <00>]"
    return _file(bodies, trailer)


def _file(bodies: dict[int, bytes], trailer: str) -> bytes:
    output = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = {}
    for number in sorted(bodies):
        places[number] = len(output)
        output += b"%d 0 obj\n%s\nendobj\n" % (number, bodies[number])
    start = len(output)
    count = max(bodies) + 1
    output += b"xref\n0 %d\n0000000000 65535 f \n" % count
    for number in range(1, count):
        output += b"%010d 00000 n \n" % places[number] if number in places else b"0000000000 00000 f \n"
    output += f"trailer\n<< {trailer} >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(output)
