"""What is found where somebody added files: which names are hidden, how names are sorted, what is counted. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_SYSTEM_FILES = {"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini"}
_MOST_NAMED = 5
_NUMBER = re.compile(r"([0-9]+)")


@dataclass
class LeftOut:
    """How much was left out without a line of its own, by its reason. `empty`: the names."""

    hidden: int = 0
    empty: list[str] = field(default_factory=list)
    links: int = 0
    twice: int = 0

    def sentences(self) -> tuple[str, ...]:
        """One for each reason that there was."""
        hidden, links, twice, empty = self.hidden, self.links, self.twice, len(self.empty)
        named, n_more = ", ".join(self.empty[:_MOST_NAMED]), empty - _MOST_NAMED
        all_empty = f"{empty:,} empty files were left out: {named}."
        if n_more > 0:
            all_empty = f"{empty:,} empty files were left out: {named} and {n_more:,} more."
        counted = (
            (
                hidden,
                f"{hidden} hidden file or folder was left out.",
                f"{hidden:,} hidden files and folders were left out.",
            ),
            (empty, f"{empty} empty file was left out: {named}.", all_empty),
            (
                links,
                f"{links} link that leads to no file was left out.",
                f"{links:,} links that lead to no file were left out.",
            ),
            (twice, f"{twice} file or folder was there twice.", f"{twice:,} files and folders were there twice."),
        )
        return tuple(one if count == 1 else many for count, one, many in counted if count)


def is_hidden(name: str) -> bool:
    """Whether a file or folder is one that people do not see or did not make: .git, Thumbs.db, ~$letter.docx."""
    return name.startswith((".", "~$")) or name.lower() in _SYSTEM_FILES


def natural_key(name: str) -> tuple[tuple[tuple[int, int, str], ...], ...]:
    """Sorts names as people do, folder by folder: a2 before a10, A beside a."""
    return tuple(
        tuple((0, int(part), part) if part.isdecimal() else (1, 0, part.casefold()) for part in _NUMBER.split(step))
        for step in name.split("/")
    )
