"""Models that other programs keep, found where they are."""

from __future__ import annotations

import json
from pathlib import Path

from app.downloads.local_stores import lm_studio_models, models_below, ollama_models

DIGEST = "a" * 64


def manifest(home: Path, *names: str, text: str | None = None, digest: str = f"sha256:{DIGEST}") -> None:
    file = home.joinpath(".ollama", "models", "manifests", *names)
    file.parent.mkdir(parents=True, exist_ok=True)
    layers = [
        {"mediaType": "application/vnd.ollama.image.license", "digest": "sha256:" + "b" * 64},
        {"mediaType": "application/vnd.ollama.image.model", "digest": digest},
    ]
    file.write_text(json.dumps({"layers": layers}) if text is None else text)


def blob(home: Path) -> Path:
    file = home / ".ollama" / "models" / "blobs" / f"sha256-{DIGEST}"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"GGUF")
    return file


def test_ollamas_models_have_their_names(tmp_path: Path) -> None:
    file = blob(tmp_path)
    manifest(tmp_path, "registry.ollama.ai", "library", "qwen3", "8b")
    assert ollama_models(tmp_path) == [("qwen3:8b", file)]


def test_manifests_that_are_none_are_passed_over(tmp_path: Path) -> None:
    blob(tmp_path)
    for name, text in {"a": "", "b": "[]", "c": '{"layers": 3}', "d": '{"layers": [{}]}', "e": "[" * 100_000}.items():
        manifest(tmp_path, "registry.ollama.ai", "library", name, "latest", text=text)
    manifest(tmp_path, "registry.ollama.ai", "library", "f", "latest", digest="sha256:../../../etc/passwd")
    manifest(tmp_path, "registry.ollama.ai", "library", "g", "latest", digest="sha256:" + "c" * 64)
    assert ollama_models(tmp_path) == []


def test_ollamas_store_may_lie_elsewhere(tmp_path: Path, monkeypatch) -> None:
    file = blob(tmp_path)
    manifest(tmp_path, "registry.ollama.ai", "somebody", "m", "q4")
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / ".ollama" / "models"))
    monkeypatch.setenv("HOME", str(tmp_path / "other"))
    assert ("somebody/m:q4", file) in ollama_models()


def test_lm_studios_models_and_only_what_is_a_model(tmp_path: Path) -> None:
    folder = tmp_path / ".lmstudio" / "models" / "somebody" / "m-GGUF"
    folder.mkdir(parents=True)
    for name in ("m-Q4_0.gguf", "mmproj-m.gguf", "x-00001-of-00002.gguf", "x-00002-of-00002.gguf", "README.md"):
        (folder / name).write_bytes(b"GGUF")
    assert [name for name, _ in lm_studio_models(tmp_path)] == ["m-Q4_0", "x-00001-of-00002"]
    assert lm_studio_models(tmp_path / "nobody") == []


def test_a_folder_is_not_searched_for_ever(tmp_path: Path) -> None:
    for n in range(2100):
        (tmp_path / f"{n:04}.txt").touch()
    (tmp_path / "z.gguf").touch()
    assert list(models_below(tmp_path)) == []
