"""The spelling checker of the platform: libenchant, which desktops for Linux bring. The only door to it.

It is used by one thread, and reading a dictionary takes a while: not the GUI thread. Where there is none, nothing is
checked.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from typing import Any, Protocol

from app.logs import topic

_LIBRARIES = {"linux": ("libenchant-2.so.2",), "darwin": ("libenchant-2.2.dylib", "libenchant-2.dylib")}
_MOST_SUGGESTED = 5
_Told = ctypes.CFUNCTYPE(
    None, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p
)  # tag, provider, its description, its file, data of ours


class Checker(Protocol):
    """What knows words."""

    def knows(self, word: str) -> bool: ...

    def suggest(self, word: str) -> list[str]:
        """What may have been meant, best first."""

    def learn(self, word: str) -> None:
        """It is right from now on, in other programs too."""


class Dictionaries:
    """A word that one of them knows is right: people write in several languages."""

    def __init__(self, library: Any, languages: Sequence[str]) -> None:
        """`library`: libenchant; `languages` as "en_GB", those that matter most first."""
        self._library = library
        _declare(library)
        self._broker = library.enchant_broker_init()
        there: list[str] = []
        told = _Told(lambda tag, *_: there.append(tag.decode()))
        library.enchant_broker_list_dicts(self._broker, told, None)
        self.languages = chosen(languages, there)
        found = (library.enchant_broker_request_dict(self._broker, tag.encode()) for tag in self.languages)
        self._dictionaries = [made for made in found if made]

    def knows(self, word: str) -> bool:
        said = word.encode()
        check = self._library.enchant_dict_check
        return not self._dictionaries or any(check(each, said, len(said)) <= 0 for each in self._dictionaries)

    def suggest(self, word: str) -> list[str]:
        said, found = word.encode(), []
        for each in self._dictionaries:
            count = ctypes.c_size_t(0)
            given = self._library.enchant_dict_suggest(each, said, len(said), ctypes.byref(count))
            if given:
                found += [given[place].decode() for place in range(count.value)]
                self._library.enchant_dict_free_string_list(each, given)
        return list(dict.fromkeys(found))[:_MOST_SUGGESTED]

    def learn(self, word: str) -> None:
        said = word.encode()
        if self._dictionaries:
            self._library.enchant_dict_add(self._dictionaries[0], said, len(said))


def open_dictionaries(languages: Sequence[str]) -> Checker | None:
    """None: the platform has no checker, or no dictionary for any of these."""
    for name in _LIBRARIES.get(sys.platform, ()):
        try:
            made = Dictionaries(ctypes.CDLL(name), languages)
        except (OSError, AttributeError) as error:  # not there, or of another kind
            topic("window").debug("no spelling by %s: %s", name, error)
            continue
        return made if made.languages else None
    return None


def chosen(wanted: Sequence[str], there: Sequence[str]) -> list[str]:
    """For each language its own dictionary, else one of the same language elsewhere: "en_US" for "en_GB"."""
    found: list[str] = []
    for name in wanted:
        tag = name.replace("-", "_")
        language = tag.split("_")[0]
        if not any(_is_of(known, language) for known in found):
            offered = (tag, language, *sorted(there))
            found += [known for known in offered if known in there and _is_of(known, language)][:1]
    return found


def _is_of(tag: str, language: str) -> bool:
    return tag.split("_")[0] == language


def _declare(library: Any) -> None:
    text, dictionary = ctypes.c_char_p, ctypes.c_void_p
    library.enchant_broker_init.restype = ctypes.c_void_p
    library.enchant_broker_list_dicts.argtypes = [ctypes.c_void_p, _Told, ctypes.c_void_p]
    library.enchant_broker_list_dicts.restype = None
    library.enchant_broker_request_dict.argtypes = [ctypes.c_void_p, text]
    library.enchant_broker_request_dict.restype = ctypes.c_void_p
    library.enchant_dict_check.argtypes = [dictionary, text, ctypes.c_ssize_t]
    library.enchant_dict_suggest.argtypes = [dictionary, text, ctypes.c_ssize_t, ctypes.POINTER(ctypes.c_size_t)]
    library.enchant_dict_suggest.restype = ctypes.POINTER(text)
    library.enchant_dict_free_string_list.argtypes = [dictionary, ctypes.POINTER(text)]
    library.enchant_dict_add.argtypes = [dictionary, text, ctypes.c_ssize_t]
