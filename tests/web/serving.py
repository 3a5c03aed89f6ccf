"""A real server in a thread of the test, and clients for it."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from tests.databases import migrated_file

from driftwheel.services.access.create_token import create_token, revoke_token
from driftwheel.services.access.create_user import create_user
from driftwheel.services.models.register_model import NewModel, register_model
from driftwheel.settings import Settings
from driftwheel.web.app import create_app
from driftwheel.web.state import Services

__all__ = ["PASSWORD", "Clock", "Running", "serving"]

PASSWORD = "three blue horses"


@dataclass
class Clock:
    """Tells the time, plus what a test has let go by."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Running:
    """A server that answers at `url`; `told` are the passwords it has told."""

    url: str
    app: FastAPI
    clock: Clock
    told: list[str]
    clients: list[httpx.Client] = field(default_factory=list)

    @property
    def services(self) -> Services:
        services: Services = self.app.state.services
        return services

    def client(self, headers: Mapping[str, str] | None = None) -> httpx.Client:
        """Return a client that nobody has logged in."""
        made = httpx.Client(base_url=self.url, headers=headers, timeout=30, trust_env=False)
        self.clients.append(made)
        return made

    def with_token(self, role: str, **more: Any) -> httpx.Client:
        """Return a client with a new token of that role."""
        return self.client({"Authorization": f"Bearer {self.token(role, **more)}"})

    def token(self, role: str, name: str | None = None, **more: Any) -> str:
        """Return the text of a new token."""
        name = name or f"{role} {len(self.clients)} {datetime.now(UTC).timestamp()}"
        return create_token(self.services.engine, name, role, by="test", now=self.clock(), **more).text

    def revoke(self, name: str) -> None:
        """Revoke a token as another process would."""
        revoke_token(self.services.engine, name, by="test", now=self.clock())

    def user(self, name: str, role: str) -> None:
        """Make a user with the password `PASSWORD`."""
        create_user(self.services.engine, name, PASSWORD, role, by="test", now=self.clock())

    def logged_in(self, name: str, password: str = PASSWORD) -> httpx.Client:
        """Return a client with a session, that sends its CSRF token with everything."""
        client = self.client()
        answer = client.post("/api/v1/session", json={"name": name, "password": password})
        assert answer.status_code == 201, answer.text
        client.headers["X-CSRF-Token"] = answer.json()["csrf"]
        return client

    def model(self, name: str, task: str = "classification") -> None:
        """Register a model."""
        register_model(
            self.services.engine, NewModel(name, task, embedder="none"), by="test", now=self.clock()
        )


@contextmanager
def serving(folder: Path, **overrides: Any) -> Iterator[Running]:
    """Run a server on a free port with its data in `folder`, without a worker, until the end."""
    if "database_url" not in overrides and not (file := folder / "driftwheel.sqlite").exists():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(migrated_file(), file)
    settings = Settings.load(**({"data": folder, "worker": False, "disk_reserve_bytes": 0} | overrides))
    clock = Clock()
    told: list[str] = []
    app = create_app(settings, clock=clock, tell_password=told.append)
    config = uvicorn.Config(app, ws="none", lifespan="on", log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started and thread.is_alive():
                thread.join(0.02)
            assert server.started, "the server did not start"
            port = listening.getsockname()[1]
            running = Running(f"http://127.0.0.1:{port}", app, clock, told)
            yield running
            for client in running.clients:
                client.close()
        finally:
            server.should_exit = True
            thread.join()
