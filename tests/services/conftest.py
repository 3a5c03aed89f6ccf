from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from tests.databases import PostgresServer

from driftwheel.store.engine.database import open_database
from driftwheel.store.engine.migrate import migrate


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def label_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """A database for all tests of one file, on each of the two; every `labelling` has names of its own."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('labels') / 'driftwheel.sqlite'}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        name = f"test_{uuid.uuid4().hex}"
        server.execute(f"CREATE DATABASE {name}")
        url = server.url(name)
    engine = open_database(url)
    migrate(engine)
    yield engine
    engine.dispose()
    if request.param == "postgresql":
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def shared_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """A database for all tests that work in projects and models of their own, on each of the two."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("shared") / "driftwheel.sqlite"
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
        engine = open_database(f"sqlite:///{path}")
        yield engine
        engine.dispose()
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = f"test_{uuid.uuid4().hex}"
    server.execute(f"CREATE DATABASE {name} TEMPLATE {request.getfixturevalue('migrated_postgresql')}")
    engine = open_database(server.url(name))
    yield engine
    engine.dispose()
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")
