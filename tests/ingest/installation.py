"""A real server in a process of its own, that can be killed and started again, and what its store holds."""

from __future__ import annotations

import hashlib
import json
import os
import queue
import signal
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from tests import fork_server

from driftwheel.services.access.create_token import create_token
from driftwheel.services.access.create_user import create_user
from driftwheel.store.engine.database import open_database, reading, writing
from driftwheel.store.engine.migrate import migrate
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import create_model
from driftwheel.store.schema.tables import edge_profiles, feedback, records, truths

__all__ = ["MODEL", "Installation", "content_of"]

MODEL = "cats"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def content_of(**told: object) -> str:
    """A text that is the same for the same content."""
    return json.dumps(told, sort_keys=True)


@dataclass
class Installation:
    """Where a server keeps its data, and the server itself while it runs."""

    data: Path
    database_url: str
    settings: dict[str, str] = field(default_factory=dict)
    token: str = ""
    port: int = 0
    process: fork_server.Forked | None = None

    def set_up(self) -> None:
        """Make the tables, a model and a token, before the server first starts."""
        now = datetime.now(UTC)
        engine = open_database(self.database_url)
        try:
            migrate(engine)
            create_user(engine, "someone", "a long password", "admin", by="tests", now=now)
            with writing(engine) as connection:
                create_model(
                    connection,
                    MODEL,
                    task="classification",
                    created=now,
                    segment_tags=["camera"],
                    window="hour",
                )
            self.token = create_token(engine, "tests", "ingest", by="someone", now=now).text
        finally:
            engine.dispose()

    def start(self, **environment: str) -> None:
        """Start the server and wait until it answers; its port is new each time."""
        known = {name: value for name, value in os.environ.items() if not name.startswith("DRIFTWHEEL_")}
        own = {
            "DRIFTWHEEL_DATA": str(self.data),
            "DRIFTWHEEL_DATABASE_URL": self.database_url,
            "DRIFTWHEEL_DISK_RESERVE_BYTES": "0",
            "DRIFTWHEEL_WORKER": "false",
            "DRIFTWHEEL_PORT": "0",
        }
        environment = {**known, **own, **self.settings, **environment}
        self.process = fork_server.start("driftwheel", "serve", environment=environment)
        self.port = _port_of(self.process)

    def kill(self) -> int:
        """End the server as `kill -9` does, and return how it ended: perhaps it was dead before."""
        process = self._running()
        process.send_signal(signal.SIGKILL)
        return self.wait()

    def wait(self, timeout: float = 60) -> int:
        """Wait until the server has ended, and return how."""
        process = self._running()
        try:
            ended = process.wait(timeout)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            process.stdout.close()
            self.process = None
        return ended

    def stop(self) -> int:
        """Stop the server as a service manager does, and return how it ended."""
        self._running().terminate()
        return self.wait()

    def _running(self) -> fork_server.Forked:
        assert self.process is not None
        return self.process

    def stored(self) -> list[tuple[str, str]]:
        """All the store holds, as items and contents of a history; images by the bytes that are there."""
        blobs = Blobs.open(self.settings.get("DRIFTWHEEL_BLOBS", str(self.data / "blobs")))
        engine = open_database(self.database_url)
        found: list[tuple[str, str]] = []
        try:
            with reading(engine) as connection:
                for row in connection.execute(select(records)):
                    image = None
                    if row.image is not None:
                        image = (
                            hashlib.sha256(blobs.get(row.image)).hexdigest()
                            if blobs.exists(row.image)
                            else "lost"
                        )
                    content = content_of(
                        time=(row.time - _EPOCH) // timedelta(microseconds=1),
                        tags=row.tags,
                        prediction=row.prediction,
                        image=image,
                    )
                    found.append((f"record {row.id}", content))
                found += [
                    (f"truth {row.record}", content_of(truth=row.truth))
                    for row in connection.execute(select(truths))
                ]
                found += [
                    (f"feedback {row.record}", content_of(wrong=row.wrong, note=row.note))
                    for row in connection.execute(select(feedback))
                ]
                found += [
                    (f"profile {row.digest.hex()}", content_of(size=len(row.profile)))
                    for row in connection.execute(select(edge_profiles))
                ]
        finally:
            engine.dispose()
        return found


def _port_of(process: fork_server.Forked) -> int:
    """Read what the server says until it says its address."""
    lines: queue.Queue[str | None] = queue.Queue()
    said: list[str] = []

    def read() -> None:
        for line in process.stdout:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    while True:
        line = lines.get(timeout=60)
        if line is None:
            raise RuntimeError(f"The server ended with {process.wait()}: {''.join(said)}")
        said.append(line)
        if "http://" in line:
            return int(line.split("http://127.0.0.1:")[1].split()[0])
