"""Fixtures that every test may ask for, and how the tests are run."""

from __future__ import annotations

import pytest
from hypothesis import settings
from tests.databases import (
    database,
    database_url,
    empty_database,
    migrated_postgresql,
    migrated_sqlite,
    postgres_server,
)
from tests.faulty_images import use_few
from tests.memory_folder import use_memory
from tests.passwords import quick_passwords
from tests.s3_server import running_s3, s3_server

from driftwheel.learning.processors import processors

__all__ = [
    "database",
    "database_url",
    "empty_database",
    "migrated_postgresql",
    "migrated_sqlite",
    "postgres_server",
    "quick_passwords",
    "running_s3",
    "s3_server",
]

# The same examples every time, so that a change is judged by itself; `make fuzz` draws others.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("random", print_blob=True, deadline=None)
settings.load_profile("repeatable")
use_few()
use_memory()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that take a minute, so that no core waits for one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are processors: at any time some test waits for a server or a browser."""
    return processors() + 1
