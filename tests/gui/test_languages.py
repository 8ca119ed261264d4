"""Every sentence of the window is in every language, whole, with the same places; and none goes past `tr`."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from unicodedata import bidirectional

import pytest
from babel import Locale

from app.gui import po_file

pytestmark = pytest.mark.usefixtures("no_garbage")

ROOT = Path(__file__).resolve().parents[2]
WINDOW = ROOT / "app" / "gui"
LANGUAGES = sorted((ROOT / "assets" / "languages").glob("*.po"))

# What shows its words, or says them to a screen reader. Of others' own functions, those that pass their words on.
SAYS = {
    "label", "button", "check", "missing", "lay_out", "QLabel", "QPushButton", "QCheckBox", "ElidedLabel", "IconButton",
    "LongText", "Disclosure", "Page", "setText", "setToolTip", "setPlaceholderText", "setWindowTitle", "setTitle",
    "setAccessibleName", "setAccessibleDescription", "setInformativeText", "setSpecialValueText", "setSuffix",
    "addAction", "addMenu", "addItem", "addTab", "show_notice", "showMessage", "set_title", "editor", "_block", "_say",
    "_box",
}  # fmt: skip
NAMES = {"Rubato"}  # the same in every language
NO_WORDS = {"key", "kind", "tone", "role", "icon_name"}
# Icons, tokens and the like: lower case, one word; and JSON
CODE = re.compile(r'^[a-z0-9_.:/-]*$|^\{"')


def _languages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("languages", ROOT / "packaging" / "languages.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


languages = _languages()


def past_tr(source: str) -> list[str]:
    """The words that reach a widget without being translated, as "line: words"."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _called(node) in SAYS:
            given = [*node.args, *(word.value for word in node.keywords if word.arg not in NO_WORDS)]
            found += [f"{node.lineno}: {text}" for part in given for text in _literals(part) if _is_words(text)]
    return found


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _literals(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(part.value for part in parts if isinstance(part, ast.Constant))
        case ast.IfExp(body=one, orelse=other):
            yield from (*_literals(one), *_literals(other))
        case ast.BoolOp(values=parts) | ast.Tuple(elts=parts):
            for part in parts:
                yield from _literals(part)
        case ast.BinOp(left=one, right=other):
            yield from (*_literals(one), *_literals(other))


def _is_words(text: str) -> bool:
    return bool(re.search(r"[A-Za-z]{2}", text)) and text not in NAMES and not CODE.match(text)


def test_the_finder_sees_words_and_leaves_code_alone() -> None:
    source = (
        "made = label('Nothing here')\n"
        "made.setText(f'{n} of {total} done')\n"
        "button('A' + 'bout it', do, kind='main', name='Really' if so else tr('Not'))\n"
        "IconButton(theme, 'x', tr('Close'), do)\n"
        "made.setObjectName('Some Name')\n"
        "show_notice(tr('Fine'), action=('Undo', do))\n"
    )
    assert past_tr(source) == ["1: Nothing here", "2:  of  done", "3: bout it", "3: Really", "6: Undo"]


def test_no_words_of_the_window_go_past_tr() -> None:
    past = []
    for file in sorted(WINDOW.rglob("*.py")):
        past += [f"{file.relative_to(WINDOW)}:{found}" for found in past_tr(file.read_text(encoding="utf-8"))]
    assert past == []


@pytest.mark.parametrize("file", LANGUAGES, ids=lambda file: file.stem)
def test_a_language_has_every_sentence_and_no_other(file: Path) -> None:
    there = {_key(entry.id): entry for entry in languages.catalogue(file) if entry.id}
    wanted = languages.messages()
    assert set(wanted) - set(there) == set(), "run `make languages`, then translate what is empty"
    assert set(there) - set(wanted) == set(), "run `make languages`"
    forms = languages.catalogue(file).num_plurals
    for text, entry in there.items():
        said = entry.string if isinstance(text, tuple) else (entry.string,)
        assert not entry.fuzzy, text
        assert all(said), text
        assert len(said) == (forms if isinstance(text, tuple) else 1), text


@pytest.mark.parametrize("file", LANGUAGES, ids=lambda file: file.stem)
def test_a_translation_has_the_places_of_its_sentence(file: Path) -> None:
    for entry in languages.catalogue(file):
        if not entry.id:
            continue
        if isinstance(entry.id, tuple):  # a form for one or for two may say the number in words
            wanted = set(_places(entry.id[1]))
            for form in entry.string:
                assert wanted - {"count"} <= set(_places(form)) <= wanted, entry.id
        else:
            assert sorted(_places(entry.string)) == sorted(_places(entry.id)), entry.id


def test_arabic_sentences_begin_with_arabic_words_and_have_one_kind_of_quotes() -> None:
    """A Latin word at the beginning turns buttons and menus round; what stands in a place is kept apart."""
    for forms in po_file.read(ROOT / "assets" / "languages" / "ar.po").forms.values():
        for said in forms:
            strong = [kind for kind in map(bidirectional, re.sub(r"\{\w+\}", "", said)) if kind in ("L", "R", "AL")]
            assert "AL" not in strong or strong[0] == "AL", said
            assert not set(said) & set("“”„"), said
            without = re.sub("[\u2066-\u2068].*?\u2069", "", said)  # what is to be typed as it stands
            assert not re.search(r"(?<![\w-])[0-9]+(?![\w-])", without), said


@pytest.mark.parametrize("file", LANGUAGES, ids=lambda file: file.stem)
def test_a_language_has_the_plural_forms_that_it_needs(file: Path) -> None:
    made = languages.catalogue(file)
    rule = Locale.parse(file.stem).plural_form
    kinds: dict[str, set[int]] = {}

    form = po_file.read(file).form
    for n in range(1_000):
        kinds.setdefault(rule(n), set()).add(form(n))
    assert all(len(used) == 1 for used in kinds.values())
    assert len(set().union(*kinds.values())) == len(kinds) == made.num_plurals


def _key(text: object) -> object:
    return tuple(text) if isinstance(text, list | tuple) else text


def _places(text: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", text)


def test_a_sentence_that_comes_back_finds_its_translation(tmp_path: Path) -> None:
    file = tmp_path / "de.po"
    languages.refresh(file, {"Open the door": ["a.py"], ("{count} door", "{count} doors"): ["a.py"]})
    text = file.read_text(encoding="utf-8")
    text = text.replace('msgid "Open the door"\nmsgstr ""', 'msgid "Open the door"\nmsgstr "Tür öffnen"')
    text = text.replace('msgstr[0] ""\nmsgstr[1] ""', 'msgstr[0] "{count} Tür"\nmsgstr[1] "{count} Türen"')
    file.write_text(text, encoding="utf-8")
    languages.refresh(file, {"Something else": ["a.py"]})
    assert po_file.read(file).forms == {}
    languages.refresh(file, {"Open the door": ["b.py"], ("{count} door", "{count} doors"): ["b.py"]})
    assert po_file.read(file).forms == {
        "Open the door": ("Tür öffnen",),
        "{count} door": ("{count} Tür", "{count} Türen"),
    }
    assert "#~" in (later := file.read_text(encoding="utf-8"))  # of what was said in between
    assert later.count("Tür öffnen") == 1
