"""How many predictions a served champion gives, how long each waits, and how soon a rollback is served.

The server is a process as users start it, on SQLite with every commit synced; an answer comes when image and
record are on the disk. The load is this process, on the same cores. What was answered is counted in the
database afterwards, and nothing may fail while champions are swapped under load. `serving.py 5` takes 5 s a
row.
"""

from __future__ import annotations

import http.client
import itertools
import json
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import onnx
from sqlalchemy import func, select

from driftwheel.learning.efficientnet_lite0 import build_efficientnet_lite0, weights_path
from driftwheel.services.access.create_token import create_token
from driftwheel.services.access.create_user import create_user
from driftwheel.services.models.register_model import NewModel, add_model_version, register_model
from driftwheel.store.engine.database import open_database, reading
from driftwheel.store.engine.migrate import migrate
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.schema.tables import records
from ingest import serve, write_jpeg
from machine import machine_lines

BENCH = Path(__file__).parent
SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 15.0
CLASSES = tuple(f"class {number}" for number in range(10))
MOST_ROLLBACK = 5.0  # seconds

ABOUT = (
    "One server on SQLite (WAL, synchronous=FULL) and the load in a second process on the same cores; "
    "{seconds:.0f} s a row after 2 s of warming up. Images are JPEG files of {size:,} bytes, each another. "
    "EfficientNet-Lite0 reads 224 × 224 pixels and names 10 classes; the linear one is as small as a network "
    "can be, so that its row is what serving itself costs."
)


def with_head(features: bytes, seed: int) -> bytes:
    """EfficientNet-Lite0 with a linear head for ten classes."""
    model = onnx.load_from_string(features)
    graph = model.graph
    output = graph.output[0].name
    weights = np.random.default_rng(seed).normal(0, 0.05, (1280, 10)).astype(np.float32)
    graph.initializer.append(onnx.numpy_helper.from_array(weights, "head"))
    graph.node.append(onnx.helper.make_node("MatMul", [output, "head"], ["logits"]))
    del graph.output[:]
    graph.output.append(onnx.helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, ["n", 10]))
    return bytes(model.SerializeToString())


def linear(seed: int) -> bytes:
    """A network with one layer, on 32 × 32 pixels."""
    helper = onnx.helper
    weights = np.random.default_rng(seed).normal(0, 0.05, (3 * 32 * 32, 10)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["images"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
        ],
        "linear",
        [helper.make_tensor_value_info("images", onnx.TensorProto.FLOAT, ["n", 3, 32, 32])],
        [helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, ["n", 10])],
        [onnx.numpy_helper.from_array(weights, "weights")],
    )
    opset = [helper.make_opsetid("", 17)]
    return bytes(helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString())


@dataclass
class Load:
    """Asks a model over so many connections, until it is told to stop."""

    port: int
    token: str
    model: str
    jpeg: bytes
    connections: int
    name: str
    waits: list[float] = field(default_factory=list)
    answers: list[tuple[float, int, str]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    _count: itertools.count[int] = field(default_factory=itertools.count)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Load:
        self._threads = [threading.Thread(target=self._ask) for _ in range(self.connections)]
        for one in self._threads:
            one.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop.set()
        for one in self._threads:
            one.join()

    def _ask(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "image/jpeg"}
        while not self.stop.is_set():
            number = next(self._count)
            body = self.jpeg + f"{self.name}{number}".encode()  # after the end of the picture: another file
            begun = time.perf_counter()
            connection.request(
                "POST", f"/api/v1/models/{self.model}/predict?id={self.name}-{number}", body, headers
            )
            answer = connection.getresponse()
            text = answer.read()
            now = time.perf_counter()
            version = json.loads(text).get("model_version", "") if answer.status == 200 else ""
            self.waits.append(now - begun)
            self.answers.append((now, answer.status, version))
        connection.close()


def set_up(data: Path) -> dict[str, str]:
    """Make the tables, two models with two versions each, and tokens."""
    now = datetime.now(UTC)
    engine = open_database(f"sqlite:///{data}/driftwheel.sqlite")
    migrate(engine)
    blobs = Blobs.open(f"file://{data}/blobs")
    create_user(engine, "bench", "a long password", "admin", by="bench", now=now)
    features = build_efficientnet_lite0(weights_path().read_bytes())
    for name, files in (
        ("linear", [linear(1), linear(2)]),
        ("efficientnet", [with_head(features, 1), with_head(features, 2)]),
    ):
        register_model(
            engine, NewModel(name, "classification", CLASSES, embedder="none"), by="bench", now=now
        )
        for number, file in enumerate(files, 1):
            add_model_version(engine, blobs, name, f"v{number}", onnx=file, by="bench", now=now)
    tokens = {
        role: create_token(engine, role, role, by="bench", now=now).text for role in ("ingest", "engineer")
    }
    engine.dispose()
    return tokens


def count(data: Path, name: str) -> int:
    """Records whose id begins so."""
    engine = open_database(f"sqlite:///{data}/driftwheel.sqlite")
    with reading(engine) as connection:
        query = select(func.count()).select_from(records).where(records.c.id.like(f"{name}-%"))
        found = connection.execute(query).scalar_one()
    engine.dispose()
    return int(found)


def order(port: int, token: str, path: str, body: dict[str, object]) -> None:
    """Call the registry."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request("POST", f"/api/v1/models/efficientnet/{path}", json.dumps(body), headers)
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status == 200, text
    connection.close()


def swapped(load: Load, began: float, version: str) -> tuple[float, float]:
    """Seconds until the first answer of a version, and until the last of another."""
    deadline = time.perf_counter() + 60
    while time.perf_counter() < deadline:
        time.sleep(0.5)
        after = [one for one in list(load.answers) if one[0] > began]
        firsts = [at for at, _, said in after if said == version]
        others = [at for at, _, said in after if said and said != version]
        if firsts and (not others or max(others) < time.perf_counter() - 1.5):
            return min(firsts) - began, max([*others, began]) - began
    sys.exit(f"{version} was not served within 60 s.")


def main() -> None:
    missed, lines = [], ["# Serving", "", *machine_lines("onnxruntime", "fastapi"), ""]
    with tempfile.TemporaryDirectory() as name:
        data = Path(name)
        size = write_jpeg(data / "image.jpg")
        jpeg = (data / "image.jpg").read_bytes()
        assert cv2.imdecode(np.frombuffer(jpeg + b"more", np.uint8), cv2.IMREAD_COLOR) is not None
        tokens = set_up(data)
        server, port = serve(data, worker=False)
        lines += [
            ABOUT.format(seconds=SECONDS, size=size),
            "",
            "| network | connections | predictions/s | p50 ms | p99 ms | worst ms | lost | failed |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        ]
        try:
            for model, connections in itertools.product(("linear", "efficientnet"), (1, 4, 16)):
                with Load(port, tokens["ingest"], model, jpeg, connections, f"warm-{model}-{connections}"):
                    time.sleep(2)
                label = f"{model}-{connections}"
                begun = time.perf_counter()
                with Load(port, tokens["ingest"], model, jpeg, connections, label) as load:
                    time.sleep(SECONDS)
                took = time.perf_counter() - begun
                good = sum(status == 200 for _, status, _ in load.answers)
                lost = good - count(data, label)
                failed = len(load.answers) - good
                if lost or failed:
                    missed.append(f"{label}: {lost} lost, {failed} failed")
                p50, p99 = np.quantile(load.waits, [0.5, 0.99]) * 1000
                lines.append(
                    f"| {model} | {connections} | {good / took:,.0f} | {p50:.1f} | {p99:.1f} "
                    f"| {max(load.waits) * 1000:.0f} | {max(lost, 0)} | {failed} |"
                )
                print(lines[-1], flush=True)
            with Load(port, tokens["ingest"], "efficientnet", jpeg, 4, "swap") as load:
                time.sleep(2)
                lines += ["", "While four connections ask without a pause:", ""]
                for what, path, body, version in (
                    ("promoted, and opened for the first time", "promote",
                     {"version": "v2", "reason": "Bench.", "without_gate": True}, "v2"),
                    ("rolled back", "rollback", {}, "v1"),
                    ("rolled forward again", "promote",
                     {"version": "v2", "reason": "Bench.", "without_gate": True}, "v2"),
                    ("rolled back again", "rollback", {}, "v1"),
                ):  # fmt: skip
                    began = time.perf_counter()
                    order(port, tokens["engineer"], path, body)
                    first, last = swapped(load, began, version)
                    lines.append(f"- {what}: first served after {first:.2f} s, the other last {last:.2f} s")
                    print(lines[-1], flush=True)
                    if path == "rollback" and last > MOST_ROLLBACK:
                        missed.append(f"{what}: {last:.1f} s")
            failed = sum(status != 200 for _, status, _ in load.answers)
            lost = len(load.answers) - failed - count(data, "swap")
            lines += [
                f"- of {len(load.answers):,} requests meanwhile {failed} failed, {max(lost, 0)} were lost",
                "",
            ]
            print(lines[-2], flush=True)
            if failed or lost > 0:
                missed.append(f"swaps: {failed} failed, {lost} lost")
        finally:
            server.terminate()
            server.wait()
            if server.stdout is not None:
                server.stdout.close()
    lines += [f"A rollback is to be served within {MOST_ROLLBACK:.0f} s.", ""]
    (BENCH / "results" / "serving.md").write_text("\n".join(lines), encoding="utf-8")
    if missed:
        sys.exit(f"Not met: {'; '.join(missed)}")


if __name__ == "__main__":
    main()
