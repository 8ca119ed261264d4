"""A server over the fake engine, for all tests of a file that leave it as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server.served import FAKE, Client, Served


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("profile"), *FAKE) as served:
        yield served


@pytest.fixture
def client(served: Served) -> Iterator[Client]:
    with served.client() as client:
        yield client
