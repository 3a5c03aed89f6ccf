"""Instances: one key for one monitor and segment."""

from __future__ import annotations

from tests.alerts.making import instance

from driftwheel.alerts.instance import instance_key


def test_the_key_does_not_depend_on_the_order_of_labels() -> None:
    assert instance_key(1, {"a": "x", "b": "y"}) == instance_key(1, {"b": "y", "a": "x"})


def test_what_differs_has_another_key() -> None:
    keys = {
        instance().digest,
        instance(key=2).digest,
        instance(tag="camera", value="1").digest,
        instance(tag="camera", value="2").digest,
        instance(tag="camera1", value="").digest,
        instance(key=11, tag="1", value="1").digest,
    }
    assert len(keys) == 6
    assert {len(key) for key in keys} == {32}
