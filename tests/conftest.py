"""Shared by all tests: throwaway profiles, the starter model, helpers that wait for what happens and never sleep."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# A worker runs on every core, and tests start programs: how long an example takes says nothing about the code.
settings.register_profile("shared cores", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared cores")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Which tests a worker runs together: those of a file, and all that compute a real model.

    Two of these at once are slow out of all proportion: each wants all cores, and what is bulk in one of them is
    computed with what a chat in the other one leaves, which can be one token a second.
    """
    for item in items:
        is_real = "starter_model" in getattr(item, "fixturenames", ()) or "[real model]" in item.name
        item.add_marker(pytest.mark.xdist_group("real-model" if is_real else item.path.stem))


@pytest.fixture(scope="session")
def starter_model() -> Path:
    """The real starter model. It is put in place by `make setup`; without it the test fails, it is never skipped."""
    from app.downloads import catalogue
    from app.downloads.models_folder import find_model
    from app.paths import user_paths

    entry = catalogue.load().entry(catalogue.STARTER_ID)
    assert entry is not None
    found = find_model(entry, user_paths())
    if found is None:
        pytest.fail("The starter model is not on this machine: run `make setup`.")
    return found
