"""The load of bench/ingest.py: sends requests over some connections and notes how long each takes.

Each connection sends its next request when the last is answered; with a rate, requests are due at even
intervals, and the time one waits for a free connection counts.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import uvloop

SPEC = json.loads(sys.argv[1])
HEAD = (
    f"POST /api/v1/models/bench/%s HTTP/1.1\r\nHost: 127.0.0.1:{SPEC['port']}\r\n"
    f"Authorization: Bearer {SPEC['token']}\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
)
RECORD = (
    '{"id":"%s","time":"2026-03-04T05:%02d:%02d.%06dZ","model_version":"3","tags":{"camera":"%d","site":"north"},'
    '"width":640,"height":480,"prediction":{"class":"cat","scores":{"cat":0.%04d,"dog":0.0312,"other":0.0021}},'
    '"latency":0.0123}'
)


def record(number: int) -> str:
    return RECORD % (
        f"{SPEC['name']}-{number}",
        number // 60 % 60,
        number % 60,
        number % 1_000_000,
        number % 4,
        number % 9000 + 1,
    )


def singles() -> Iterator[bytes]:
    for number in itertools.count():
        body = record(number)
        yield (HEAD % ("records", "application/json", len(body)) + body).encode()


def batches() -> Iterator[bytes]:
    for number in itertools.count():
        body = "\n".join(record(100 * number + one) for one in range(100))
        yield (HEAD % ("records", "application/x-ndjson", len(body)) + body).encode()


def images() -> Iterator[bytes]:
    """Each with one JPEG, made another by a comment in it."""
    jpeg = Path(SPEC["jpeg"]).read_bytes()
    for number in itertools.count():
        comment = b"\xff\xfe\x00\x12" + f"{SPEC['name'][-4:]:>4}{number:012}".encode()
        body = b"".join([
            b'--xyz\r\nContent-Disposition: form-data; name="record"\r\n\r\n',
            record(number).encode(),
            b'\r\n--xyz\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n',
            jpeg[:2] + comment + jpeg[2:],
            b"\r\n--xyz--\r\n",
        ])  # fmt: skip
        yield (HEAD % ("records/images", "multipart/form-data; boundary=xyz", len(body))).encode() + body


class Connection(asyncio.Protocol):
    """Sends a request, and tells when its answer is there."""

    def __init__(self, free: Callable[[Connection], None]) -> None:
        self.free = free
        self.seen = b""
        self.due = 0.0
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's own is no subclass
        self.free(self)

    def connection_lost(self, error: Exception | None) -> None:
        sys.exit(f"The server closed a connection: {error}")

    def send(self, request: bytes, due: float) -> None:
        self.due = due
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.seen += data
        end = self.seen.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.seen[:end].lower()
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        if len(self.seen) < end + 4 + length:
            return
        body, self.seen = self.seen[end + 4 :], b""
        ANSWERS[int(head[9:12])] += 1
        if head[9:12] == b"202":
            KEPT.append(body.count(b'"outcome": "accepted"'))
            TOOK.append((time.perf_counter(), time.perf_counter() - self.due))
        self.free(self)


ANSWERS: Counter[int] = Counter()
KEPT: list[int] = []
TOOK: list[tuple[float, float]] = []


async def main() -> None:
    loop = asyncio.get_running_loop()
    requests = {"singles": singles, "batches": batches, "images": images}[SPEC["kind"]]()
    rate, end, done = SPEC.get("rate"), time.perf_counter() + SPEC["seconds"], asyncio.Event()
    idle: deque[Connection] = deque()
    waiting: deque[float] = deque()
    open_connections = [SPEC["connections"]]

    def free(connection: Connection) -> None:
        if time.perf_counter() > end:
            open_connections[0] -= 1
            if not open_connections[0]:
                done.set()
        elif rate is None:
            connection.send(next(requests), time.perf_counter())
        elif waiting:
            connection.send(next(requests), waiting.popleft())
        else:
            idle.append(connection)

    for _ in range(SPEC["connections"]):
        await loop.create_connection(lambda: Connection(free), "127.0.0.1", SPEC["port"])
    begin = time.perf_counter()
    if rate is not None:
        for number in itertools.count():
            due = begin + number / rate
            if due > end:
                break
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            if idle:
                idle.popleft().send(next(requests), due)
            else:
                waiting.append(due)
        while idle:
            free(idle.popleft())
    await asyncio.wait_for(done.wait(), SPEC["seconds"] + 60)
    took = sorted(seconds for _, seconds in TOOK)
    last = max(when for when, _ in TOOK)
    print(
        json.dumps(
            {
                "requests": len(took),
                "records": sum(KEPT),
                "seconds": last - begin,
                "p50": took[len(took) // 2],
                "p99": took[int(len(took) * 0.99)],
                "worst": took[-1],
                "answers": dict(ANSWERS),
                "cpu": sum(os.times()[:2]),
            }
        )
    )


if __name__ == "__main__":
    uvloop.run(main())
