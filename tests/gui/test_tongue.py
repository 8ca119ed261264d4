"""The window speaks the language that was chosen, with its plural forms, its numbers and its direction."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.gui import po_file, tongue
from app.gui.flow import FlowLayout
from app.gui.icons import icon
from app.gui.segments import Segments

FILE = r"""
msgid ""
msgstr ""
"Language: xx\n"
"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n<5 ? 1 : 2);\n"

#: app/gui/x.py
msgid "Say \"{word}\"\n"
"again"
msgstr "Sag \"{word}\"\n"
"noch einmal"

#, fuzzy
msgid "Close"
msgstr "Öffnen"

msgid "Open"
msgstr ""

msgid "{count} file"
msgid_plural "{count} files"
msgstr[0] "a {count}"
msgstr[1] "b {count}"
msgstr[2] "c {count}"

#~ msgid "Gone"
#~ msgstr "Weg"
"""


@pytest.fixture
def speaks(qapp: QApplication) -> Iterator[QApplication]:
    """The application, which speaks as before after the test."""
    yield qapp
    tongue.speak(qapp, "")


def test_a_file_is_read_with_its_forms_and_without_what_is_not_sure(tmp_path: Path) -> None:
    file = tmp_path / "xx.po"
    file.write_text(FILE, encoding="utf-8")
    read = po_file.read(file)
    assert read.forms == {
        'Say "{word}"\nagain': ('Sag "{word}"\nnoch einmal',),
        "{count} file": ("a {count}", "b {count}", "c {count}"),
    }
    assert [read.form(n) for n in (1, 2, 5)] == [0, 1, 2]


def test_numbers_direction_and_qts_own_words_follow_the_language(speaks: QApplication) -> None:
    tongue.speak(speaks, "de")
    assert QLocale().toString(1306) == "1.306"
    assert not tongue.is_right_to_left()
    assert speaks.translate("QPlatformTheme", "Save") == "Speichern"
    tongue.speak(speaks, "ar")
    assert tongue.is_right_to_left()
    tongue.speak(speaks, "en")
    assert not tongue.is_right_to_left()
    assert speaks.translate("QPlatformTheme", "Save") == "Save"


def test_what_is_not_translated_stays_english(speaks: QApplication) -> None:
    tongue.speak(speaks, "de")
    assert tongue.tr("Nobody says {this} {here}", this="that", here=3) == "Nobody says that 3"
    assert tongue.tr("With {braces}") == "With {braces}"
    assert tongue.trn("{count} zebu", "{count} zebus", 1) == "1 zebu"
    assert tongue.trn("{count} zebu", "{count} zebus", 1306) == "1.306 zebus"


def test_a_language_that_is_not_there_is_the_systems(speaks: QApplication) -> None:
    tongue.speak(speaks, "tlh")
    assert QLocale().language() is QLocale.Language.English


def test_the_page_is_mirrored_where_it_is_read_from_the_right(speaks: QApplication, qtbot: QtBot) -> None:
    tongue.speak(speaks, "en")
    back, plus = (icon(name, "#000000").pixmap(16, 16).toImage() for name in ("arrow-left", "plus"))
    tongue.speak(speaks, "ar")
    assert icon("arrow-left", "#000000").pixmap(16, 16).toImage() != back
    assert icon("plus", "#000000").pixmap(16, 16).toImage() == plus
    page, flow = QWidget(), FlowLayout()
    qtbot.addWidget(page)
    page.setLayout(flow)
    for name in ("one", "two"):
        flow.addWidget(QPushButton(name))
    page.resize(400, 100)
    page.show()
    one, two = flow.widgets()
    assert one.geometry().right() == 399
    assert two.x() < one.x()


def test_arrow_keys_go_where_they_point(speaks: QApplication, qtbot: QtBot) -> None:
    tongue.speak(speaks, "ar")
    choice = Segments("Choice", {"a": ("A", ""), "b": ("B", ""), "c": ("C", "")})
    qtbot.addWidget(choice)
    qtbot.keyClick(choice, Qt.Key.Key_Left)
    assert choice.value == "b"
    qtbot.keyClick(choice, Qt.Key.Key_Right)
    assert choice.value == "a"


def test_what_stands_in_another_direction_is_kept_apart(speaks: QApplication) -> None:
    tongue.speak(speaks, "ar")
    assert tongue.apart("a/b.txt") == "\u2068a/b.txt\u2069"
    assert tongue.apart(tongue.apart("a/b.txt")) == "\u2068a/b.txt\u2069"
    assert tongue.tr("Nobody says {this} {here}", this="Enter", here="\u0661") == "Nobody says \u2068Enter\u2069 \u0661"
    tongue.speak(speaks, "de")
    assert tongue.apart("a/b.txt") == "a/b.txt"
    assert tongue.tr("Nobody says {this}", this="Enter") == "Nobody says Enter"
