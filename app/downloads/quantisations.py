"""The files of a repository as what a person chooses from: one entry a quantisation, split files as one. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from app.downloads.messages import FileGroup, RepositoryFile

_SPLIT = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf", re.DOTALL)
_KIND = re.compile(
    r"(?:^|[-._/ ])((?:UD-)?(?:IQ|TQ|Q)\d(?:_[A-Z0-9]+)*|BF16|FP?16|FP?32|MXFP4(?:_MOE)?)(?=$|[-._/ ])", re.IGNORECASE
)
_BESIDE = ("mmproj", "imatrix")  # in the name of what is no model by itself
_SAFE = re.compile(r"[^\x00-\x1f\\:*?\"<>|./ ][^\x00-\x1f\\:*?\"<>|/]*")  # a name that every system takes
_REPOSITORY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*/[A-Za-z0-9_][A-Za-z0-9._-]*")


def is_repository(name: str) -> bool:
    """OWNER/NAME, and nothing that leads out of a folder."""
    return _REPOSITORY.fullmatch(name) is not None


def is_safe(path: str) -> bool:
    """May a file of a repository lie at this path below a folder of ours?"""
    return all(_SAFE.fullmatch(name) and not name.endswith((".", " ")) for name in path.split("/")) and len(path) < 200


def quantisation_of(path: str) -> str:
    """As the name has it, in capitals; of the file before that of its folder. Empty: the name has none."""
    folder, _, name = path.removesuffix(".gguf").rpartition("/")
    for text in (name, folder):
        if found := _KIND.findall(text):
            return re.sub(r"^FP(?=\d)", "F", str(found[-1]).upper())
    return ""


def grouped(repository: str, revision: str, files: Iterable[RepositoryFile]) -> list[FileGroup]:
    """Smallest first. A split one that lacks parts, and what can't be stored, is left out."""
    splits: defaultdict[tuple[str, int], dict[int, RepositoryFile]] = defaultdict(dict)
    groups = []
    for file in files:
        name = file.path.rpartition("/")[2].lower()
        if not name.endswith(".gguf") or any(word in name for word in _BESIDE) or not is_safe(file.path):
            continue
        split = _SPLIT.fullmatch(file.path)
        if split is None:
            groups.append(_group(repository, revision, file.path.removesuffix(".gguf"), (file,)))
        else:
            splits[split["stem"], int(split["count"])][int(split["number"])] = file
    for (stem, count), parts in splits.items():
        if sorted(parts) == list(range(1, count + 1)):
            groups.append(_group(repository, revision, stem, tuple(parts[n] for n in range(1, count + 1))))
    return sorted(groups, key=lambda group: (group.size_bytes, group.name))


def _group(repository: str, revision: str, stem: str, files: tuple[RepositoryFile, ...]) -> FileGroup:
    return FileGroup(
        repository=repository,
        revision=revision,
        name=stem.rpartition("/")[2],
        quantisation=quantisation_of(files[0].path),
        files=files,
    )
