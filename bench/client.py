"""What one call of the client's `log` costs its caller at 640 × 480, while the background encodes and sends.

A server of the standard library in a process of its own takes everything. The caller is an inference loop
that logs 30 frames a second, waiting in between as one does that runs its network on an accelerator; then the
same without a wait, where what there is no room for is dropped.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image

from driftwheel.client import Client
from machine import machine_lines

RESULTS = Path(__file__).parent / "results"
WIDTH, HEIGHT = 640, 480
CALLS, EVERY = 900, 1 / 30
MOST_MILLISECONDS = 1.0


class Handler(BaseHTTPRequestHandler):
    """Takes everything."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        records = body.count(b'name="record"') or body.count(b"\n")
        answer = json.dumps({"results": [{"id": "", "outcome": "accepted"}] * records}).encode()
        self.send_response(202)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: object) -> None:
        pass


def serve(pipe: Any) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pipe.send(server.server_address[1])
    server.serve_forever()


def frames() -> list[np.ndarray[Any, Any]]:
    """Ten frames that compress about as photos do: smooth shapes, and the noise of a sensor."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:HEIGHT, :WIDTH] / 100
    base = 127 + 80 * np.sin(x + np.sin(y * 2))[..., None] * np.array([1.0, 0.7, 0.4])
    noise = [rng.normal(0, 4, (HEIGHT, WIDTH, 3)) for _ in range(10)]
    return [np.clip(base + one, 0, 255).astype(np.uint8) for one in noise]


class Detections:
    """As supervision has them, of 20 boxes."""

    xyxy = np.tile(np.array([10, 20, 110, 220], np.float32), (20, 1))
    class_id = np.arange(20) % 3
    confidence = np.full(20, 0.5, np.float32)

    def __init__(self) -> None:
        self.data = {"class_name": np.array(["cat", "dog", "bird"])[self.class_id]}


@dataclass(frozen=True)
class Call:
    """Milliseconds that one call took, and those of them in which its thread had a processor."""

    wall: float
    cpu: float


def calls_of(client: Client, images: list[Any], *, every: float, **options: Any) -> list[Call]:
    prediction, taken = Detections(), []
    next_frame = time.perf_counter()
    for number in range(CALLS):
        image = images[number % len(images)]
        began, start = time.thread_time(), time.perf_counter()
        client.log(image, prediction, tags={"camera": "2"}, latency=0.01, **options)
        end = time.perf_counter()
        taken.append(Call((end - start) * 1000, (time.thread_time() - began) * 1000))
        next_frame += every
        time.sleep(max(0.0, next_frame - end))
    return taken


def at(share: float, values: Iterable[float]) -> float:
    ordered = sorted(values)
    return ordered[int(len(ordered) * share)]


def cases() -> dict[str, tuple[Callable[[], list[Any]], dict[str, Any]]]:
    """Kind of image → the images, and options of the call."""
    arrays = frames()
    return {
        "array, uint8": (lambda: arrays, {"every": EVERY}),
        "array, uint8, `copy=False`": (lambda: arrays, {"every": EVERY, "copy": False}),
        "array, float32": (lambda: [a.astype(np.float32) / 255 for a in arrays], {"every": EVERY}),
        "Pillow image": (lambda: [PIL.Image.fromarray(a) for a in arrays], {"every": EVERY}),
        "no image": (lambda: [None], {"every": EVERY}),
        "array, uint8, calls without a pause": (lambda: arrays, {"every": 0.0}),
    }


def row(name: str, images: list[Any], options: dict[str, Any], url: str) -> tuple[str, float]:
    with tempfile.TemporaryDirectory() as folder, Client(url, "", "bench", spool=folder) as client:
        client.log(images[0])  # the first call loads what encoding needs
        client.flush()
        taken = calls_of(client, images, **options)
        client.flush(60)
        stats = client.stats
    wall, cpu = [call.wall for call in taken], [call.cpu for call in taken]
    p50, p99 = at(0.5, wall), at(0.99, wall)
    print(f"{name}: p50 {p50:.3f} ms, p99 {p99:.3f} ms, {stats}", flush=True)
    times = f"{p50:.3f} | {p99:.3f} | {at(0.99, cpu):.3f} | {max(wall):.3f}"
    text = f"| {name} | {times} | {stats.sent} | {stats.dropped} |"
    return text, p99


def main() -> None:
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=serve, args=[sender], daemon=True)
    process.start()
    url = f"http://127.0.0.1:{receiver.recv()}"
    rows = {name: row(name, images(), options, url) for name, (images, options) in cases().items()}
    process.terminate()
    process.join()
    about = (
        f"{CALLS} calls each, {WIDTH} × {HEIGHT} pixels, 20 boxes, tags; 30 calls a second unless said "
        f"otherwise. Promised: p99 of at most {MOST_MILLISECONDS:g} ms for an array of uint8. CPU time "
        "is that of the caller's thread: what a call takes beyond it, it waits for a processor."
    )
    lines = [
        "# What `Client.log` costs its caller",
        "",
        *machine_lines(),
        "",
        about,
        "",
        "| what is logged | p50, ms | p99, ms | p99 of CPU time, ms | longest, ms | sent | dropped |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(text for text, _ in rows.values()),
        "",
    ]
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "client.md").write_text("\n".join(lines), encoding="utf-8")
    if rows["array, uint8"][1] > MOST_MILLISECONDS:
        sys.exit("Too slow.")


if __name__ == "__main__":
    main()
