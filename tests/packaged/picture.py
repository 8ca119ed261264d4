"""A picture of the whole screen: `picture.py FILE.png`."""

from __future__ import annotations

import sys

from PySide6.QtWidgets import QApplication

application = QApplication([])
screen = application.primaryScreen()
sys.exit(0 if screen.grabWindow(0).save(sys.argv[1]) else 1)
