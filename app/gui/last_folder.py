"""Where the next file dialog opens: the folder of the file that was chosen last. Forgotten when the program ends."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QStandardPaths


class LastFolder:
    """At first the person's documents, or their home; never the folder that the program was started in."""

    def __init__(self) -> None:
        self._path: Path | None = None

    @property
    def path(self) -> Path:
        """A folder that is there."""
        if self._path is not None and self._path.is_dir():
            return self._path
        places = QStandardPaths.StandardLocation
        documents = Path(QStandardPaths.writableLocation(places.DocumentsLocation))
        return documents if documents.is_dir() else Path.home()

    def remember(self, file: Path) -> None:
        """This file was chosen."""
        self._path = file.parent
