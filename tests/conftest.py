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
