"""The program's icon as pictures, for what reads no SVG: `icons.py FOLDER` writes FOLDER/48x48/apps/rubato.png …"""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

SIZES = (32, 48, 128, 256)


def picture(source: Path, size: int) -> QImage:
    """The icon, `size` pixels wide and high."""
    image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(str(source)).render(painter)
    painter.end()
    return image


def main() -> None:
    """Write them."""
    application = QGuiApplication([])
    source = Path(__file__).parent.parent / "assets" / "rubato.svg"
    for size in SIZES:
        file = Path(sys.argv[1]) / f"{size}x{size}" / "apps" / "rubato.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        if not picture(source, size).save(str(file)):
            sys.exit(f"{file} could not be written")
    application.quit()


if __name__ == "__main__":
    main()
