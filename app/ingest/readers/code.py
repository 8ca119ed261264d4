"""Source code and data written like it: cut between definitions, where a blank line is before one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from app.ingest.cleaning import clean
from app.ingest.document import Block, BlockKind
from app.ingest.encoding import open_text
from app.ingest.readers.interface import Piece, Reader, replaced
from app.ingest.readers.text import lines

_ENOUGH_CHARACTERS = 1500  # short definitions stay together
_GOES_ON = re.compile(r"\s|[)\]}>]|(?:else|elif|except|finally|catch|end|then|done|fi|esac)\b")
_SUFFIXES = """
    .py .pyi .js .mjs .cjs .jsx .ts .tsx .java .kt .kts .scala .groovy .c .h .cc .cpp .cxx .hh .hpp .cs .fs .vb .go .rs
    .swift .m .mm .dart .zig .nim .rb .php .pl .pm .lua .r .jl .hs .ml .mli .ex .exs .erl .clj .lisp .el .f90 .pas .asm
    .sh .bash .zsh .fish .ps1 .bat .cmd .sql .css .scss .less .vue .svelte .json .yaml .yml .toml .ini .cfg .conf .xml
    .tex .bib .proto .cmake .gradle .tf
"""


def read(path: Path, max_characters: int) -> Iterator[Piece]:
    """Its definitions in order, blank lines in them kept."""
    n_replaced = 0
    for block in _blocks(lines(open_text(path, max_characters).pieces())):
        n_replaced += block.text.count("\ufffd")
        yield block
    yield from replaced(path, n_replaced)


def _blocks(source: Iterable[str]) -> Iterator[Block]:
    """In one pass that holds the current block only."""
    block: list[str] = []
    n_characters = 0
    was_blank = False
    for line in source:
        if was_blank and n_characters >= _ENOUGH_CHARACTERS and line.strip() and not _GOES_ON.match(line):
            yield from _finished(block)
            block, n_characters = [], 0
        block.append(line)
        n_characters += len(line) + 1
        was_blank = not line.strip()
    yield from _finished(block)


def _finished(block: list[str]) -> Iterator[Block]:
    text = clean("\n".join(block)).strip("\n")
    if text.strip():
        yield Block(text=text, kind=BlockKind.CODE)


READER = Reader(
    name="source code",
    suffixes=tuple(_SUFFIXES.split()),
    recognises=lambda head, path: False,  # only its name says so
    read=read,
)
