"""Annotators who take tasks and answer them over HTTP, and write down what they were told."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select
from tests.ingest.history import History
from tests.ingest.installation import MODEL, Installation, content_of

from driftwheel.services.access.create_token import create_token
from driftwheel.services.label.pools.create_pool import NewPool, create_pool
from driftwheel.services.label.pools.fill_pool import MOST_AT_ONCE, PoolImage, fill_pool
from driftwheel.services.label.pools.open_pool import open_pool
from driftwheel.services.label.projects.create_project import NewClass, create_project
from driftwheel.store.engine.database import open_database, reading, writing
from driftwheel.store.models.models import find_model
from driftwheel.store.schema.label_tables import answers, leases
from driftwheel.store.schema.tables import records

__all__ = ["Labeller", "begin_labelling", "run_labellers", "stored_answers"]


@dataclass
class Labeller:
    """One annotator; what had no answer is sent first the next time. `think` is seconds at an image."""

    installation: Installation
    token: str
    project: int
    history: History
    seed: int
    ahead: int = 3
    think: float = 0.0
    finished: bool = False
    waits: list[float] = field(default_factory=list)
    sends: list[float] = field(default_factory=list)
    refused: Counter[int] = field(default_factory=Counter)
    open: list[dict[str, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.name = f"worker {self.seed}"

    def run(self, stopping: threading.Event) -> None:
        """Label until the server is gone, nothing is left, or it is time to stop."""
        connection = http.client.HTTPConnection("127.0.0.1", self.installation.port, timeout=60)
        try:
            while not stopping.is_set() and not self.finished:
                self.step(connection)
        except (OSError, http.client.HTTPException):
            return  # killed: whether it was kept is not known
        finally:
            connection.close()

    def finish(self) -> None:
        """Send what had no answer, until it has one."""
        connection = http.client.HTTPConnection("127.0.0.1", self.installation.port, timeout=60)
        try:
            while self.open:
                self.step(connection)
        finally:
            connection.close()

    def step(self, connection: http.client.HTTPConnection) -> None:
        """Send what is open, or take a task and answer it."""
        if not self.open:
            begun = time.perf_counter()
            body = {"count": self.ahead, "annotator": self.name}
            status, found = self.post(connection, "next", body)
            self.waits.append(time.perf_counter() - begun)
            if status != 200:
                self.errors.append(f"next was answered {status}: {found}")
                self.finished = True
                return
            self.finished = not found["tasks"]
            for task in found["tasks"][:1]:
                name = str(uuid.UUID(int=self.random.getrandbits(128)))
                payload = {"class": "cat" if self.random.random() < 0.97 else "dog"}
                self.open.append({"id": name, "task": task["task"], "payload": payload} | {"seconds": 1.0})
                time.sleep(self.think * self.random.uniform(0.5, 1.5))
        for body in self.open[:1]:
            self.history.sent(body["id"], content_of(task=body["task"], payload=body["payload"]))
            begun = time.perf_counter()
            status, told = self.post(connection, "answers", body | {"annotator": self.name})
            self.sends.append(time.perf_counter() - begun)
            if status == 202:
                self.history.answered(body["id"], told["outcome"])
            else:
                self.errors.append(f"an answer was answered {status}: {told}")
            del self.open[0]

    def post(
        self, connection: http.client.HTTPConnection, path: str, body: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        connection.request("POST", f"/api/v1/projects/{self.project}/{path}", json.dumps(body), headers)
        response = connection.getresponse()
        text = response.read()
        if response.status >= 500:
            self.refused[response.status] += 1
            raise http.client.HTTPException(f"{response.status}: {text!r}")
        return response.status, json.loads(text)


def begin_labelling(
    installation: Installation, images: int, *, golden: int = 0, **options: Any
) -> tuple[int, int, str]:
    """Make an open pool of so many images, that no file is kept of; return project, pool and a token."""
    now = datetime.now(UTC)
    engine = open_database(installation.database_url)
    try:
        with writing(engine) as connection:
            model = find_model(connection, MODEL).key
            for begin in range(0, images + golden, 1000):
                numbers = range(begin, min(begin + 1000, images + golden))
                connection.execute(insert(records), [_record(model, number, now) for number in numbers])
        project = create_project(
            engine, "labels", MODEL, "class", [NewClass("cat"), NewClass("dog")], by="someone", now=now
        )
        pool = create_pool(engine, project.key, NewPool("first", **options), by="someone", now=now)
        chosen = [PoolImage(f"image {number}") for number in range(images)]
        chosen += [
            PoolImage(f"image {number}", "golden", {"class": "cat"})
            for number in range(images, images + golden)
        ]
        for begin in range(0, len(chosen), MOST_AT_ONCE):
            part = chosen[begin : begin + MOST_AT_ONCE]
            fill_pool(engine, project.key, pool.key, part, by="someone", now=now)
        open_pool(engine, project.key, pool.key, by="someone", now=now)
        token = create_token(engine, "crowd", "annotator", by="someone", now=now).text
    finally:
        engine.dispose()
    return project.key, pool.key, token


def run_labellers(people: list[Labeller], stopping: threading.Event) -> list[threading.Thread]:
    """Let them label, each in a thread."""
    threads = [threading.Thread(target=one.run, args=(stopping,)) for one in people]
    for thread in threads:
        thread.start()
    return threads


def stored_answers(installation: Installation) -> list[tuple[str, str]]:
    """All answers that are kept, as items and contents of a history."""
    engine = open_database(installation.database_url)
    try:
        with reading(engine) as connection:
            rows = connection.execute(
                select(answers.c.id, leases.c.key, answers.c.payload).join(
                    leases, (leases.c.task == answers.c.task) & (leases.c.annotator == answers.c.annotator)
                )
            )
            return [(row.id, content_of(task=row.key, payload=row.payload)) for row in rows]
    finally:
        engine.dispose()


def _record(model: int, number: int, now: datetime) -> dict[str, Any]:
    image = number.to_bytes(32, "big")
    return {
        "model": model,
        "id": f"image {number}",
        "body": image,
        "model_version": "",
        "time": now,
        "received": now,
        "tags": {},
        "image": image,
        "width": 640,
        "height": 480,
        "state": 2,
    }
