"""A task in two colours: which half of an image is brighter, told by blue, and after a change by red."""

from __future__ import annotations

from datetime import datetime, timedelta

import cv2
import numpy as np
import pytest
from tests.services.release.registry import NOW, Registry

from driftwheel.predictions import Classification, Record
from driftwheel.services.ingest.record_truth import NewTruth
from driftwheel.store.engine.database import writing
from driftwheel.store.records.records import NewRecord
from driftwheel.store.records.truths import put_truths
from driftwheel.store.records.writer import write_records
from driftwheel.store.schema.record_state import RecordState
from driftwheel.store.schema.tables import records

CLASSES = ("left", "right")
CHANGED = NOW - timedelta(days=2)
"""Since when images tell by red."""


def network(*, red: float = 0.0, green: float = 0.0, blue: float = 1.0) -> bytes:
    """An ONNX file that looks at the colours with these weights."""
    onnx = pytest.importorskip("onnx", reason="the extra `embed` is not installed: no onnx")
    pytest.importorskip("onnxruntime", reason="the extra `embed` is not installed: no onnxruntime")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    half = np.zeros((3, 8, 8), np.float32)
    for channel, weight in enumerate((red, green, blue)):
        half[channel, :, :4], half[channel, :, 4:] = weight, -weight
    weights = np.stack([half.ravel(), -half.ravel()], axis=1)
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["images"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
        ],
        "colours",
        [helper.make_tensor_value_info("images", kind, ["n", 3, 8, 8])],
        [helper.make_tensor_value_info("logits", kind, ["n", 2])],
        [onnx.numpy_helper.from_array(weights, "weights")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def picture(rng: np.random.Generator, truth: int, *, red: bool) -> bytes:
    """A PNG whose brighter half is told by one colour; in the other one it is any."""
    pixels = np.full((16, 16, 3), 120.0) + rng.normal(0, 2, (16, 16, 3))
    told, other = (2, 0) if red else (0, 2)  # BGR
    pixels[:, 8 * truth : 8 * truth + 8, told] += 40
    side = int(rng.integers(2))
    pixels[:, 8 * side : 8 * side + 8, other] += 15
    return bytes(cv2.imencode(".png", np.clip(pixels, 0, 255).astype(np.uint8))[1].tobytes())


def log(its: Registry, n: int, *, red: bool, seed: int, told: bool = True, camera: str = "") -> list[str]:
    """Log records after the change (red) or before it, with truths where they are told; return their ids."""
    rng = np.random.default_rng(seed)
    rows, truths, ids = [], [], []
    start: datetime = CHANGED if red else CHANGED - timedelta(days=20)
    for number in range(n):
        truth = int(rng.integers(2))
        data = picture(rng, truth, red=red)
        name = f"{seed}-{number}"
        record = Record(
            name,
            its.name,
            start + timedelta(minutes=number),
            "v1",
            {"camera": camera or ("north" if number % 2 else "south")},
            its.blobs.put(data).hex(),
            16,
            16,
            Classification(CLASSES[truth]),
        )
        rows.append(NewRecord(its.model.key, record, bytes(32), NOW))
        truths.append(NewTruth(name, Classification(CLASSES[truth])))
        ids.append(name)
    with writing(its.engine) as connection:
        write_records(connection, rows)
        connection.execute(
            records.update().where(records.c.model == its.model.key).values(state=RecordState.MEASURED)
        )
        if told:
            put_truths(connection, its.model.key, truths, received=NOW, by="me")
    return ids
