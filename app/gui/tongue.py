"""The language of the window: every sentence it shows goes through `tr` or `trn`. GUI thread only.

English is written in the code and is the key. Another language is one file, assets/languages/CODE.po, and nothing else:
`make languages` (packaging/languages.py) brings new sentences into it, a test says what is missing.
"""

from __future__ import annotations

from functools import cache
from unicodedata import bidirectional

from PySide6.QtCore import QLibraryInfo, QLocale, Qt, QTranslator
from PySide6.QtWidgets import QApplication

from app.gui import po_file
from app.logs import topic
from app.paths import resource

ENGLISH = "en"
ISOLATE, ISOLATE_END = "\u2068", "\u2069"  # around what has a direction of its own
_KNOWN = po_file.Translations({}, lambda n: int(n != 1))
_spoken = _KNOWN


def tr(text: str, **values: object) -> str:
    """`text` in the language of the window, with `values` in the places that it names: "{done} of {total}".

    On a page that is read from the right, Latin words among the values are kept `apart`.
    Without values braces are text. Where `text` is not written at the call, `mark` it where it is.
    """
    return _filled(_spoken.forms.get(text, (text,))[0], text, values)


def trn(one: str, many: str, count: int, **values: object) -> str:
    """The form for `count` things, which stands at {count} as the language writes numbers."""
    forms = _spoken.forms.get(one)
    known = {"count": QLocale().toString(count), **values}
    english = one if count == 1 else many
    return _filled(forms[min(_spoken.form(count), len(forms) - 1)] if forms else english, english, known)


def mark(text: str) -> str:
    """A sentence in a table that is made at import: to be translated, by `tr` where it is shown."""
    return text


def listed(things: list[str]) -> str:
    """ "a, b and c", as the language puts them."""
    return QLocale().createSeparatedList(things)


def is_english() -> bool:
    """Whether sentences are shown as they are written."""
    return _spoken is _KNOWN


def is_right_to_left() -> bool:
    """Whether the page is read from the right."""
    return QApplication.layoutDirection() is Qt.LayoutDirection.RightToLeft


def apart(text: str) -> str:
    """A name, a path, code: in its own direction, whatever stands around it."""
    is_apart = text.startswith(ISOLATE) and text.find(ISOLATE_END) == len(text) - 1
    return f"{ISOLATE}{text}{ISOLATE_END}" if is_right_to_left() and not is_apart else text


@cache
def languages() -> dict[str, str]:
    """What can be chosen: codes, and how each language calls itself."""
    codes = [ENGLISH, *sorted(file.stem for file in resource("assets", "languages").glob("*.po"))]
    return {code: _own_name(code) for code in codes}


def speak(app: QApplication, choice: str) -> None:
    """From now on, in `choice`; where that is empty in the system's language, or English where it is not there.

    Numbers and dates follow it, as the system has them if that speaks the same language. To be called before there is
    a window: what was made already keeps its words.
    """
    global _spoken
    code = choice if choice in languages() else _of_system()
    locale = _locale(code, asked=bool(choice))
    QLocale.setDefault(locale)
    app.setLayoutDirection(QLocale(code).textDirection())
    _spoken = _KNOWN
    if code != ENGLISH:
        try:
            _spoken = po_file.read(resource("assets", "languages", f"{code}.po"))
        except (OSError, ValueError) as error:
            topic("window").warning("the language %s was not read: %s", code, error)
    _translate_qt(app, code)


def _own_name(code: str) -> str:
    name = QLocale(code).nativeLanguageName()
    return "English" if code == ENGLISH else name[:1].upper() + name[1:]


def _of_system() -> str:
    for name in QLocale.system().uiLanguages():
        for code in (name.replace("-", "_"), name.split("-")[0]):
            if code in languages():
                return code
    return ENGLISH


def _locale(code: str, *, asked: bool) -> QLocale:
    system, own = QLocale.system(), QLocale(code)
    if system.language() is QLocale.Language.C:  # it would write 1306 for 1,306
        system = QLocale(QLocale.Language.English, QLocale.Country.UnitedKingdom)
    return own if asked and own.language() is not system.language() else system


def _translate_qt(app: QApplication, code: str) -> None:
    """The words of Qt's own dialogs and menus."""
    for old in app.findChildren(QTranslator, "tongue"):
        app.removeTranslator(old)
        old.deleteLater()
    translator = QTranslator(app)
    translator.setObjectName("tongue")
    if translator.load(QLocale(code), "qtbase", "_", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        app.installTranslator(translator)
    else:
        translator.deleteLater()


def _filled(text: str, english: str, values: dict[str, object]) -> str:
    if not values:
        return text
    if is_right_to_left():
        values = {name: _latin_apart(value) for name, value in values.items()}
    try:
        return text.format_map(values)
    except (KeyError, IndexError, ValueError):  # of a translation that somebody has edited
        topic("window").warning("wrong places in a translation: %r", text)
        return english.format_map(values)


def _latin_apart(value: object) -> object:
    is_latin = isinstance(value, str) and any(bidirectional(letter) == "L" for letter in value)
    return apart(str(value)) if is_latin else value
