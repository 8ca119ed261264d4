"""Model files that other programs keep on this machine: Ollama's and LM Studio's, used where they are, only read."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

_DIGEST = re.compile(r"sha256[:-]([0-9a-f]{64})")
_MODEL_LAYER = "application/vnd.ollama.image.model"
_FIRST_PART = re.compile(r"-00001-of-0\d{4}\.gguf$")
_LATER_PART = re.compile(r"-(?!00001)\d{5}-of-\d{5}\.gguf$", re.IGNORECASE)
_MOST_FILES = 2000  # of a folder that somebody added: it may be the whole disk
_MOST_MANIFEST_BYTES = 1 << 20


def ollama_models(home: Path | None = None) -> list[tuple[str, Path]]:
    """(name with tag, file) of each model: "qwen3:8b"."""
    named = os.environ.get("OLLAMA_MODELS")
    own = [Path(named)] if named and home is None else []
    shared = [] if home is not None else [Path("/usr/share/ollama/.ollama/models")]
    found: dict[Path, str] = {}
    for store in (*own, (home or Path.home()) / ".ollama" / "models", *shared):
        for name, file in _in_store(store):
            found.setdefault(file, name)
    return [(name, file) for file, name in found.items()]


def _in_store(store: Path) -> Iterator[tuple[str, Path]]:
    with contextlib.suppress(OSError):
        for manifest in sorted((store / "manifests").rglob("*")):
            file = _model_of(manifest, store)
            if file is not None:
                *_, owner, name, tag = manifest.relative_to(store / "manifests").parts
                yield (f"{name}:{tag}" if owner == "library" else f"{owner}/{name}:{tag}"), file


def ollama_name(file: Path) -> str:
    """Of a file in a store of Ollama's, whose own name is a checksum; empty: it is in none, or nothing names it."""
    store = file.parent.parent
    if file.parent.name != "blobs" or not (store / "manifests").is_dir():
        return ""
    return next((name for name, found in _in_store(store) if found == file), "")


def _model_of(manifest: Path, store: Path) -> Path | None:
    """The weights that a manifest names, where they are there."""
    try:
        if (
            len(manifest.relative_to(store / "manifests").parts) < 3
            or not manifest.is_file()
            or manifest.stat().st_size > _MOST_MANIFEST_BYTES
        ):
            return None
        layers = json.loads(manifest.read_bytes())["layers"]
        digest = next(str(layer["digest"]) for layer in layers if layer["mediaType"] == _MODEL_LAYER)
        found = _DIGEST.fullmatch(digest)
        file = store / "blobs" / f"sha256-{found[1]}" if found else None
        return file if file is not None and file.is_file() else None
    except (OSError, ValueError, LookupError, TypeError, StopIteration, RecursionError):
        return None  # not one of Ollama's


def lm_studio_models(home: Path | None = None) -> list[tuple[str, Path]]:
    """(name, file) of each model, the first part of a split one."""
    base = home or Path.home()
    files: dict[Path, None] = {}
    for store in (base / ".lmstudio" / "models", base / ".cache" / "lm-studio" / "models"):
        files.update(dict.fromkeys(models_below(store)))
    return [(file.stem, file) for file in files]


def is_first_part(path: Path) -> bool:
    """Of a split model, by its name."""
    return _FIRST_PART.search(path.name) is not None


def models_below(folder: Path) -> Iterator[Path]:
    """GGUF files in a folder and those in it that are models by themselves; of split ones the first part."""
    n_files = 0
    for current, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            n_files += 1
            if n_files > _MOST_FILES:
                return
            if name.lower().endswith(".gguf") and "mmproj" not in name.lower() and not _LATER_PART.search(name):
                yield Path(current) / name
