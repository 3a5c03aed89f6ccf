from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from tests.databases import new_database

from driftwheel.store.engine.database import open_database


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def label_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """A database for all tests of one file, on each of the two; every `labelling` has names of its own."""
    with new_database(request.param, request, tmp_path_factory.mktemp("labels"), tables=True) as url:
        engine = open_database(url)
        yield engine
        engine.dispose()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def shared_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """A database for all tests that work in projects and models of their own, on each of the two."""
    with new_database(request.param, request, tmp_path_factory.mktemp("shared"), tables=True) as url:
        engine = open_database(url)
        yield engine
        engine.dispose()
