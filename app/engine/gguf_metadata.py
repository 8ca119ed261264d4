"""What a model file says of itself, all of its parts together, without loading it. Any process, any thread.

Pure Python and quick: a model of 256,000 words takes a fraction of a second. Files from anywhere are hostile input:
see gguf_header.py for the limits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.engine.gguf_header import Header, HeaderFault, Passed, Tensor, Value, read_header
from app.errors import ErrorKind, KnownError

MOST_PARTS = 1000
_PART = re.compile(r"(.*)-(\d{5})-of-(\d{5})\.gguf", re.DOTALL)
_BUFFER_BYTES = 1 << 18


@dataclass(frozen=True, kw_only=True)
class ModelMetadata:
    """`parts`: the files of the model, in their order. `file_bytes`: of all of them."""

    parts: tuple[Path, ...]
    file_bytes: int
    version: int
    values: Mapping[str, Value]
    tensors: tuple[Tensor, ...]

    @property
    def architecture(self) -> str:
        found = self.values.get("general.architecture")
        return found if isinstance(found, str) else ""

    def text(self, key: str, default: str = "") -> str:
        found = self.values.get(key)
        return found if isinstance(found, str) else default

    def whole(self, key: str, default: int = 0) -> int:
        """A number of the architecture: `whole("block_count")`. The first, where there is one a layer."""
        found = self.values.get(f"{self.architecture}.{key}")
        if isinstance(found, tuple):
            found = found[0] if found else None
        return found if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 1 << 40 else default

    def each(self, key: str, n: int, default: int = 0) -> tuple[int, ...]:
        """A number of the architecture for each of `n` layers, whether it is written once or for each."""
        found = self.values.get(f"{self.architecture}.{key}")
        if isinstance(found, tuple):
            known = [int(one) if isinstance(one, int) and 0 <= one < 1 << 40 else default for one in found[:n]]
            return tuple(known + [default] * (n - len(known)))
        return (self.whole(key, default),) * n

    @property
    def n_vocabulary(self) -> int:
        tokens = self.values.get("tokenizer.ggml.tokens")
        if isinstance(tokens, Passed):
            return tokens.n
        return self.whole("vocab_size")


def read_metadata(path: Path) -> ModelMetadata:
    """Raises KnownError with one sentence, where a file is damaged, hostile, cut short, missing or not a model."""
    first = _header(path)
    paths = _parts_of(path, first)
    headers = [first, *(_header(part) for part in paths[1:])]
    values = first.values
    if not isinstance(values.get("general.architecture"), str) or not values["general.architecture"]:
        raise _unreadable(path, "does not say what kind of model it is")
    tensors: dict[str, Tensor] = {}
    for number, (part, header) in enumerate(zip(paths, headers, strict=True)):
        if len(paths) > 1 and (header.values.get("split.no"), header.values.get("split.count")) != (number, len(paths)):
            raise _unreadable(part, f"is not part {number + 1} of {len(paths)}, whatever its name says")
        for tensor in header.tensors:
            if tensor.name in tensors:
                raise _unreadable(part, "does not belong to the other parts of this model")
            tensors[tensor.name] = tensor
    n_said = values.get("split.tensors.count", len(tensors))
    if n_said != len(tensors):
        raise _unreadable(path, f"says that it has {n_said} tensors in all its parts, and they have {len(tensors)}")
    if not tensors:
        raise _unreadable(path, "has no weights in it")
    return ModelMetadata(
        parts=paths,
        file_bytes=sum(_size(part) for part in paths),
        version=first.version,
        values=values,
        tensors=tuple(tensors.values()),
    )


def _header(path: Path) -> Header:
    try:
        if not path.is_file():
            raise KnownError(
                ErrorKind.NO_MODEL, f"The model file {path} can't be opened (it is not there). Choose another one."
            )
        with path.open("rb", buffering=_BUFFER_BYTES) as file:
            return read_header(file, path.stat().st_size)
    except HeaderFault as fault:
        raise _unreadable(path, str(fault)) from fault
    except (OSError, ValueError) as error:  # ValueError: a path with a null in it
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise KnownError(
            ErrorKind.NO_MODEL, f"The model file {path} can't be opened ({why}). Choose another one."
        ) from error


def _parts_of(path: Path, header: Header) -> tuple[Path, ...]:
    """Of a split model, all of them. llama.cpp finds them by their names, and so does this."""
    n_parts, number = header.values.get("split.count", 1), header.values.get("split.no", 0)
    if not isinstance(n_parts, int) or not 0 <= n_parts <= MOST_PARTS:
        raise _unreadable(path, "is damaged: it does not say how many parts its model has")
    if n_parts <= 1:
        return (path,)
    named = _PART.fullmatch(path.name)
    if named is None:
        raise KnownError(
            ErrorKind.MODEL_UNREADABLE,
            f"{path.name} is one of {n_parts} parts of a model. Name it as it was, NAME-00001-of-{n_parts:05}.gguf, "
            "so that the others are found.",
        )
    paths = tuple(path.with_name(f"{named[1]}-{part:05}-of-{n_parts:05}.gguf") for part in range(1, n_parts + 1))
    if number != 0:
        raise KnownError(
            ErrorKind.MODEL_UNREADABLE,
            f"{path.name} is not the first part of its model. Choose {paths[0].name}.",
        )
    for number, part in enumerate(paths, 1):
        if not part.is_file():
            raise KnownError(
                ErrorKind.MODEL_UNREADABLE,
                f"Part {number} of {n_parts} of this model, {part.name}, is missing. Download it into the same folder.",
            )
    return paths


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # gone this moment: loading will say so


def _unreadable(path: Path, fault: str) -> KnownError:
    return KnownError(ErrorKind.MODEL_UNREADABLE, f"{path.name} {fault}. Download it again or choose another model.")
