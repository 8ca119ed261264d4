"""The hub as a source, against a server on loopback that stands for it."""

from __future__ import annotations

import asyncio

import pytest

from app.downloads.catalogue import HubSource
from app.downloads.download import place_model
from app.errors import ErrorKind, KnownError
from tests.downloads import index
from tests.downloads.index import MODEL

REVISION = "0123456789" * 4
SOURCE = HubSource(repository="somebody/tiny-gguf", revision=REVISION, file="tiny.gguf")
PATH = f"/somebody/tiny-gguf/resolve/{REVISION}/tiny.gguf"


@pytest.fixture
def hub(monkeypatch, tmp_path):
    served = index.Index({PATH: MODEL})
    monkeypatch.setenv("HF_ENDPOINT", served.url)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    yield served
    served.close()


def failure_of(source: HubSource, profile) -> KnownError:
    with pytest.raises(KnownError) as caught:
        asyncio.run(place_model(index.entry(source), profile))
    assert caught.value.kind is ErrorKind.DOWNLOAD_FAILED
    assert list(profile.models.iterdir()) == []
    return caught.value


def test_a_model_comes_from_the_hub_without_the_persons_token(hub, profile):
    progress = []
    file = asyncio.run(place_model(index.entry(SOURCE), profile, on_progress=progress.append))
    assert file.read_bytes() == MODEL
    assert progress[-1].done_bytes == len(MODEL)
    assert hub.headers
    assert not any("authorization" in (name.lower() for name in headers) for headers in hub.headers)


def test_corrupt_bytes_are_refused(hub, profile):
    hub.files[PATH] = bytes(len(MODEL))
    assert "wrong size or checksum" in failure_of(SOURCE, profile).sentence


def test_another_size_is_refused(hub, profile):
    hub.files[PATH] = MODEL[:-1]
    assert "another size" in failure_of(SOURCE, profile).sentence


def test_a_file_that_is_gone(hub, profile):
    del hub.files[PATH]
    assert "status 404" in failure_of(SOURCE, profile).sentence


def test_offline(hub, profile, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "HF_HUB_OFFLINE" in failure_of(SOURCE, profile).sentence
