"""Which words are looked up, which are marked, and how the platform's checker is asked."""

from __future__ import annotations

import ctypes

import pytest

from app.gui.spelling.enchant import Dictionaries, chosen
from app.gui.spelling.words import Word, misspelled, words_of


def test_words_are_found_as_qt_counts() -> None:
    assert words_of("Ein Rehpinscher, don't 3 x") == [Word("Ein", 0), Word("Rehpinscher", 4), Word("don't", 17)]
    assert words_of("\U0001f600 wrng") == [Word("wrng", 3)]
    assert Word("wrng", 3).end == 7


@pytest.mark.parametrize(
    "text",
    [
        "`colour_of`",
        "```\nfro x in y\n```",
        "https://exmple.org/wrng",
        "/home/ana/fil",
        "report.txt",
        "@lease #tag a=b",
        "{txt}",
        "NATO PySide KiB",
        "x86 v2",
    ],
)
def test_what_is_no_prose_is_not_looked_up(text: str) -> None:
    assert words_of(text) == []


def test_the_word_that_is_being_typed_is_not_marked() -> None:
    words = words_of("a wrng wrd")
    assert [word.text for word in misspelled(words, {"wrng", "wrd"})] == ["wrng", "wrd"]
    assert [word.text for word in misspelled(words, {"wrng", "wrd"}, typing_at=10)] == ["wrng"]


def test_a_text_in_another_language_is_left_alone() -> None:
    words = words_of("Das ist ein ganz anderer Satz in einer Sprache")
    assert misspelled(words, {word.text for word in words}) == []
    assert len(misspelled(words, {"anderer", "Satz"})) == 2


def test_a_language_takes_its_own_dictionary_or_a_near_one() -> None:
    there = ["de_AT", "de_DE", "en_US", "fr"]
    assert chosen(["en_GB", "en-GB", "de-DE"], there) == ["en_US", "de_DE"]
    assert chosen(["fr_FR", "ar"], there) == ["fr"]
    assert chosen(["ar"], there) == []


class Library:
    """libenchant as it is called, over two dictionaries."""

    def __init__(self) -> None:
        self.words = {"en_US": {b"word"}, "de_DE": {b"Wort"}}
        self.enchant_broker_init = lambda: 1
        self.enchant_broker_list_dicts = self._list
        self.enchant_broker_request_dict = lambda broker, tag: list(self.words).index(tag.decode()) + 1
        self.enchant_dict_check = lambda which, word, length: int(word not in self._words(which))
        self.enchant_dict_suggest = self._suggest
        self.enchant_dict_free_string_list = lambda which, given: self.freed.append(given)
        self.enchant_dict_add = lambda which, word, length: self._words(which).add(word)
        for name, made in list(vars(self).items()):
            if name.startswith("enchant"):
                setattr(self, name, _Function(made))
        self.freed: list[object] = []

    def _words(self, which: int) -> set[bytes]:
        return list(self.words.values())[which - 1]

    def _list(self, broker: int, told: object, data: object) -> None:
        for tag in self.words:
            told(tag.encode(), b"hunspell", b"", b"", None)  # type: ignore[operator]

    def _suggest(self, which: int, word: bytes, length: int, count: object) -> object:
        count._obj.value = 1  # type: ignore[attr-defined]
        return (ctypes.c_char_p * 1)(sorted(self._words(which))[0])


class _Function:
    """As ctypes has them: its types can be set."""

    def __init__(self, do: object) -> None:
        self._do = do

    def __call__(self, *arguments: object) -> object:
        return self._do(*arguments)  # type: ignore[operator]


def test_a_word_that_one_of_the_languages_knows_is_right() -> None:
    library = Library()
    asked = Dictionaries(library, ["en_GB", "de"])
    assert asked.languages == ["en_US", "de_DE"]
    assert asked.knows("word")
    assert asked.knows("Wort")
    assert not asked.knows("wrd")
    assert asked.suggest("wrd") == ["word", "Wort"]
    assert len(library.freed) == 2
    asked.learn("Rubato")
    assert asked.knows("Rubato")
