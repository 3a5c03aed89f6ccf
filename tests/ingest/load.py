"""Clients that send all a server takes, as fast as it takes it, and write down what they were answered."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import random
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
from PIL import Image
from tests.ingest.history import History
from tests.ingest.installation import MODEL, Installation, content_of

from driftwheel.profiles import ProfileKey, ProfileSet, to_bytes
from driftwheel.profiles.profile import profile_records
from driftwheel.records import Records

__all__ = ["Client", "Request", "run_clients"]

_START = datetime(2026, 3, 4, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Request:
    """One request, sent again unchanged until it has an answer: its items and their contents."""

    path: str
    kind: str
    body: bytes
    items: Sequence[tuple[str, str]]


@dataclass
class Client:
    """Sends one request after another; what had no answer it keeps, and sends first the next time.

    `kinds` is what it sends, `side` and `images` how large its images are and how many there are; `refused`
    counts the answers that are no answer, by status.
    """

    installation: Installation
    history: History
    seed: int
    kinds: tuple[str, ...] = ("single", "lines", "images", "images", "truth", "feedback", "profile")
    side: int = 8
    images: int = 40
    refused: Counter[int] = field(default_factory=Counter)
    open: list[Request] = field(default_factory=list)
    made: int = 0
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def run(self, stopping: threading.Event) -> None:
        """Send until the server is gone, or it is time to stop."""
        connection = http.client.HTTPConnection("127.0.0.1", self.installation.port, timeout=30)
        try:
            while not stopping.is_set():
                if not self.open:
                    self.open.append(self.next_request())
                self.send(connection, self.open[0])
                del self.open[0]
        except (OSError, http.client.HTTPException):
            return  # killed: whether it was kept is not known
        finally:
            connection.close()

    def finish(self) -> None:
        """Send what had no answer, until it has."""
        connection = http.client.HTTPConnection("127.0.0.1", self.installation.port, timeout=30)
        with closing(connection):
            while self.open:
                self.send(connection, self.open[0])
                del self.open[0]

    def send(self, connection: http.client.HTTPConnection, request: Request) -> None:
        for item, content in request.items:
            self.history.sent(item, content)
        headers = {"Content-Type": request.kind, "Authorization": f"Bearer {self.installation.token}"}
        connection.request("POST", f"/api/v1/models/{MODEL}/{request.path}", request.body, headers)
        response = connection.getresponse()
        body = response.read()
        if response.status >= 500:
            self.refused[response.status] += 1
            raise http.client.HTTPException(f"{response.status}: {body!r}")
        if response.status != 202:
            self.errors.append(f"{request.path} was answered {response.status}: {body[:500]!r}")
            return
        answer = json.loads(body)
        results = answer.get("results", [answer])
        if len(results) != len(request.items):
            self.errors.append(f"{len(request.items)} were sent, {len(results)} answered")
        for (item, _), result in zip(request.items, results, strict=False):
            self.history.answered(item, result["outcome"])

    def next_request(self) -> Request:
        self.made += 1
        name = f"{self.seed}-{self.made}"
        kind = self.random.choice(self.kinds)
        if kind == "single":
            body, item = self._record(name, None)
            return Request("records", "application/json", body, [item])
        if kind == "lines":
            made = [self._record(f"{name}-{number}", None) for number in range(self.random.randint(1, 6))]
            body = b"\n".join(one for one, _ in made)
            return Request("records", "application/x-ndjson", body, [item for _, item in made])
        if kind == "images":
            numbers = [self.random.randrange(self.images) for _ in range(self.random.randint(1, 3))]
            images = [_image(number, self.side) for number in numbers]
            made = [self._record(f"{name}-{number}", image) for number, image in enumerate(images)]
            body = b"".join(
                _part("record", record) + _part("image", image)
                for (record, _), image in zip(made, images, strict=True)
            )
            return Request(
                "records/images",
                "multipart/form-data; boundary=xxyyzz",
                body + b"--xxyyzz--\r\n",
                [item for _, item in made],
            )
        if kind == "truth":
            truth = {"class": self.random.choice(["cat", "dog"])}
            body = json.dumps({"record": name, "truth": truth}).encode()
            return Request("truths", "application/json", body, [(f"truth {name}", content_of(truth=truth))])
        if kind == "feedback":
            said = {"wrong": True, "note": str(self.random.random())}
            body = json.dumps({"record": name, **said}).encode()
            return Request("feedback", "application/json", body, [(f"feedback {name}", content_of(**said))])
        profile = _profile(self.seed * 100_000 + self.made)
        item = f"profile {hashlib.sha256(profile).hexdigest()}", content_of(size=len(profile))
        return Request("profiles", "application/octet-stream", profile, [item])

    def _record(self, name: str, image: bytes | None) -> tuple[bytes, tuple[str, str]]:
        time = _START + timedelta(milliseconds=self.random.randrange(10**8))
        score = self.random.random()
        told = {
            "tags": {"camera": str(self.made % 3)},
            "prediction": {"class": "cat", "scores": {"cat": score}},
        }
        body = json.dumps({"id": name, "time": time.isoformat(), **told}).encode()
        digest = None if image is None else hashlib.sha256(image).hexdigest()
        content = content_of(time=(time - _EPOCH) // timedelta(microseconds=1), image=digest, **told)
        return body, (f"record {name}", content)


def run_clients(clients: Sequence[Client], stopping: threading.Event) -> list[threading.Thread]:
    """Start a thread for each."""
    threads = [threading.Thread(target=client.run, args=[stopping]) for client in clients]
    for thread in threads:
        thread.start()
    return threads


def _part(name: str, data: bytes) -> bytes:
    file = '; filename="a.png"' if name == "image" else ""
    head = f'--xxyyzz\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
    return head.encode() + data + b"\r\n"


def _image(number: int, side: int) -> bytes:
    """A PNG of noise, about 3 side² bytes."""
    noise = np.random.default_rng(number).integers(0, 256, (side, side, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "PNG", compress_level=0)
    return file.getvalue()


def _profile(number: int) -> bytes:
    moment = np.datetime64("2026-03-04T00:00:00", "us") + np.timedelta64(number, "ms")
    values = np.array([[number % 255]], np.float32)
    profile = profile_records(Records(("a.jpg",), values, ("brightness",), times=np.array([moment])))
    hour = moment.astype("datetime64[h]").astype(datetime).replace(tzinfo=UTC)
    return to_bytes(ProfileSet({ProfileKey(hour): profile}, "hour"))
