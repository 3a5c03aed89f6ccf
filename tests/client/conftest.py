"""A server for the client's tests, and a client of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.client.failing_server import FailingServer, failing_server

from driftwheel.client import Client


@pytest.fixture
def server() -> Iterator[FailingServer]:
    with failing_server() as running:
        yield running


@pytest.fixture
def connect(server: FailingServer, tmp_path: Path) -> Iterator[Callable[..., Client]]:
    """Makes clients of the server, and closes them."""
    with ExitStack() as stack:

        def make(**options: Any) -> Client:
            made = Client(
                options.pop("url", server.url),
                "dw_secret",
                "cats",
                **{"spool": tmp_path / "spool", **options},
            )
            stack.callback(made.close, 0.0)
            return made

        yield make
