"""The part of the style sheet that is about states: who has the keyboard, which job is over.

The keyboard shows as a ring of 2 px in the accent. It never shifts the text: each padding is a pixel less than without
the ring. Qt's own dotted or tinted rectangle is switched off.
"""

from __future__ import annotations

STATE_STYLES = """
QPushButton, QListView, QScrollArea, QPlainTextEdit, QTextBrowser { outline: none; }
QPushButton:focus { border: 2px solid ${accent}; padding: 4px 11px; }
QPushButton[kind="quiet"]:focus, QPushButton[kind="link"]:focus { border: 2px solid ${accent}; padding: 1px 6px; }
QPushButton[kind="icon"]:focus { border: 2px solid ${accent}; padding: 0; }
QPushButton[kind="main"]:focus {
    border: 2px solid ${accent}; padding: 4px 12px; background: ${raised}; color: ${accent};
}
QPushButton[kind="main"]:focus:hover { background: ${sel}; }
#toEnd:focus { border: 2px solid ${accent}; padding: 0; }
#segments QPushButton:focus, #segments QPushButton:checked:focus { border-color: transparent; padding: 0 11px; }
QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus { border: 2px solid ${accent}; padding: 4px 9px; }
QPlainTextEdit#editor:focus { border: 2px solid ${accent}; padding: 4px 5px; }
QAbstractSpinBox QLineEdit:focus { border: none; padding: 0 0 0 9px; }
QProgressBar[over="true"]::chunk { background: ${ring}; }
"""
