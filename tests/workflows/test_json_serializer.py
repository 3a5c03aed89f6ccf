from __future__ import annotations

from datetime import UTC, datetime

import pytest

from driftwheel.workflows.json_serializer import JsonSerializer, WorkflowFailedError


def test_values_go_there_and_back() -> None:
    serializer = JsonSerializer()
    value = {"args": [1, 2.5, None, "ä", {"deep": [True]}], "kwargs": {}}
    assert serializer.deserialize(serializer.serialize(value)) == value
    moment = datetime(2026, 3, 4, tzinfo=UTC)
    assert serializer.deserialize(serializer.serialize((moment,))) == ["2026-03-04T00:00:00+00:00"]


def test_errors_come_back_as_text() -> None:
    serializer = JsonSerializer()
    error = serializer.deserialize(serializer.serialize(OSError("the disk is away")))
    assert isinstance(error, WorkflowFailedError)
    assert str(error) == "OSError: the disk is away"


def test_nothing_is_pickled() -> None:
    with pytest.raises(TypeError, match="A set cannot be an argument"):
        JsonSerializer().serialize({1, 2})
