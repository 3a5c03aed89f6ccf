from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import onnx
import pytest
from sqlalchemy import Engine
from tests.services.judged_days import watched
from tests.workflows.installation import NOW

from driftwheel.errors import UsageError
from driftwheel.services.models.register_model import (
    ModelChange,
    NewModel,
    add_model_version,
    change_model,
    register_model,
)
from driftwheel.store.engine.database import reading
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import find_model, list_versions
from driftwheel.store.operate.audit import list_audit
from driftwheel.store.windows.due_windows import due_windows


def a_model() -> bytes:
    node = onnx.helper.make_node("Identity", ["x"], ["y"])
    shape = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in "xy"]
    graph = onnx.helper.make_graph([node], "g", shape[:1], shape[1:])
    data: bytes = onnx.helper.make_model(graph).SerializeToString()
    return data


def test_a_model_is_registered_and_changed(database: Engine) -> None:
    new = NewModel("cam-1", "detection", ["cat"], "hour", ["camera"], "gist", 30, 0.25)
    model = register_model(database, new, by="me", now=NOW)
    assert (model.task, model.window, model.retention_days) == ("detection", "hour", 30)
    changed = change_model(database, "cam-1", ModelChange(keep_images=0.0), by="you", now=NOW)
    assert (changed.keep_images, changed.retention_days, changed.classes) == (0.0, 30, ("cat",))
    changed = change_model(database, "cam-1", ModelChange(keep_for_ever=True), by="you", now=NOW)
    assert changed.retention_days is None
    with reading(database) as connection:
        assert [(one.by, one.action) for one in list_audit(connection)] == [
            ("you", "change model"),
            ("you", "change model"),
            ("me", "register model"),
        ]


def test_auto_is_settled_when_the_model_is_registered(database: Engine) -> None:
    model = register_model(database, NewModel("m", "classification"), by="me", now=NOW)
    assert model.embedder in {"gist", "efficientnet-lite0"}


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"name": "../m"}, "'../m' cannot be a model's name"),
        ({"name": ""}, "'' cannot be a model's name"),
        ({"task": "clasification"}, "no task 'clasification'.* Did you mean 'classification'"),
        ({"window": "dya"}, "Did you mean 'day'"),
        ({"embedder": "gits"}, "Did you mean 'gist'"),
        ({"classes": ["a", "b", "a"]}, "The class 'a' is given twice"),
        ({"segment_tags": [""]}, "1 to 128 characters"),
        ({"retention_days": 0}, "at least 1 day, not 0"),
        ({"keep_images": 1.5}, "between 0 and 1, not 1.5"),
        ({"name": "taken"}, "There is already a model 'taken'"),
    ],
)
def test_mistakes(database: Engine, said: dict[str, Any], message: str) -> None:
    known: dict[str, Any] = {"name": "m", "task": "classification", "embedder": "none"}
    register_model(database, NewModel(**(known | {"name": "taken"})), by="me", now=NOW)
    with pytest.raises(UsageError, match=message):
        register_model(database, NewModel(**(known | said)), by="me", now=NOW)


def test_versions_keep_their_file(database: Engine, tmp_path: Path) -> None:
    blobs = Blobs.open(str(tmp_path / "blobs"))
    register_model(database, NewModel("m", "classification", embedder="none"), by="me", now=NOW)
    version = add_model_version(database, blobs, "m", "1.0", onnx=a_model(), by="me", now=NOW)
    add_model_version(database, blobs, "m", "1.1", onnx=None, by="me", now=NOW)
    assert version.artifact is not None
    assert blobs.get(version.artifact) == a_model()
    with reading(database) as connection:
        known = list_versions(connection, find_model(connection, "m").key)
    assert [one.name for one in known] == ["1.1", "1.0"]
    with pytest.raises(UsageError, match=r"already has a version '1.0'"):
        add_model_version(database, blobs, "m", "1.0", onnx=None, by="me", now=NOW)
    with pytest.raises(UsageError, match="These 5 bytes are no ONNX model"):
        add_model_version(database, blobs, "m", "2", onnx=b"hello", by="me", now=NOW)
    for name in ("2\r\n", "2\u202e1", ".."):
        with pytest.raises(UsageError, match="is of visible characters"):
            add_model_version(database, blobs, "m", name, onnx=None, by="me", now=NOW)


def test_another_dial_and_other_segments_change_what_is_watched(database: Engine) -> None:
    its = watched(database)
    its.monitor("drift", "drift is found")
    its.judge(0, whole={"drift": 1.0}, camera_1={"drift": 1.0})

    def due() -> int:
        with reading(database) as connection:
            return len(due_windows(connection, its.at(9), timedelta()))

    change_model(database, "m", ModelChange(keep_images=0.5), by="me", now=its.at(0))
    assert due() == 0
    change_model(database, "m", ModelChange(false_alarms_per_year=4.0), by="me", now=its.at(0))
    assert due() == 2
    assert its.states() == [("drift", "", "firing"), ("drift", "1", "firing")]
    change_model(database, "m", ModelChange(segment_tags=("site",)), by="me", now=its.at(0))
    assert its.states() == [("drift", "", "firing"), ("drift", "1", "closed")]
    assert its.episodes()[1].reason == "The model is no longer segmented by its tag."
