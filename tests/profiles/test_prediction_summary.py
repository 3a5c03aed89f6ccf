"""Predictions summed up: known answers, and what is no summary."""

from __future__ import annotations

import math
from dataclasses import replace

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwheel.errors import ProfileFormatError
from driftwheel.profiles.prediction_summary import (
    LATENCY_ERROR,
    MOST_CLASSES,
    ClassCounts,
    PredictionSummary,
    latency_quantile,
    mean_confidence,
    merge_predictions,
    predictions_from_bytes,
    predictions_to_bytes,
    summarise_predictions,
)


def test_what_it_tells() -> None:
    summary = summarise_predictions(
        records=4,
        images=3,
        errors=1,
        predictions=3,
        classes=["cat", "dog", "cat"],
        boxes=["cat"],
        tags=["camera", "site", "camera"],
        scores=[0.5, 1.0, 0.0],
        latencies=[0.0, 0.02, 5000.0],
    )
    assert summary.classes == ClassCounts({"cat": 2, "dog": 1})
    assert summary.boxes.total == 1
    assert (summary.missing("camera"), summary.missing("site"), summary.missing("line")) == (2, 3, 4)
    assert summary.confidence[[0, 50, 99]].tolist() == [1, 1, 1]
    assert mean_confidence(summary) == 0.5
    assert (summary.scores, summary.latencies) == (3, 3)
    assert summary.latency[[0, -1]].tolist() == [1, 1]


def test_nothing_was_told() -> None:
    nothing = summarise_predictions(records=0)
    assert math.isnan(mean_confidence(nothing))
    assert math.isnan(latency_quantile(nothing, 0.95))
    assert predictions_to_bytes(nothing) == predictions_to_bytes(PredictionSummary())


@given(
    latencies=st.lists(st.floats(1e-5, 999), min_size=1, max_size=200),
    q=st.sampled_from([0.01, 0.5, 0.95, 0.99, 1.0]),
)
def test_a_quantile_of_latency_errs_by_no_more_than_it_says(latencies: list[float], q: float) -> None:
    summary = summarise_predictions(records=len(latencies), latencies=latencies)
    true = np.quantile(latencies, q, method="inverted_cdf")
    assert abs(latency_quantile(summary, q) / true - 1) <= LATENCY_ERROR * (1 + 1e-9)


def test_a_thousandth_and_first_class_is_counted_with_the_rest() -> None:
    names = [f"class {i}" for i in range(MOST_CLASSES + 500)]
    each = [summarise_predictions(records=2, predictions=2, classes=[name, name]) for name in names]
    whole = merge_predictions(each)
    assert len(whole.classes.each) == MOST_CLASSES
    assert set(whole.classes.each.values()) == {2}
    assert (whole.classes.rest, whole.classes.total) == (1000, 3000)
    at_once = summarise_predictions(records=3000, predictions=3000, classes=names * 2)
    assert predictions_to_bytes(at_once) == predictions_to_bytes(whole)


def test_a_name_may_be_any_text() -> None:
    summary = summarise_predictions(records=1, classes=["", "Katze 🐈", "\ud800"])
    assert predictions_from_bytes(predictions_to_bytes(summary)).classes == summary.classes


def test_what_is_no_summary() -> None:
    good = predictions_to_bytes(summarise_predictions(records=2, classes=["a", "b"], scores=[0.5]))
    body = msgpack.unpackb(good)

    def damaged(**changes: object) -> bytes:
        return bytes(msgpack.packb(body | changes))

    for data, message in (
        (b"", "damaged"),
        (good[:-1], "damaged"),
        (msgpack.packb([1]), "no map"),
        (damaged(version=2), r"version 2.*pip install --upgrade driftwheel"),
        (damaged(records=-1), "'records'"),
        (damaged(records=1.5), "'records'"),
        (damaged(latency=b"\x00"), "packed counts"),
        (damaged(classes=[0, ["b", "a"], [1, 1]]), "'classes'"),
        (damaged(classes=[0, ["a"], [0]]), "'classes'"),
        (damaged(boxes=[-1, [], []]), "'boxes'"),
        (damaged(more=1), "unknown field 'more'"),
    ):
        with pytest.raises(ProfileFormatError, match=message):
            predictions_from_bytes(data)


def test_parts_are_not_changed() -> None:
    part = summarise_predictions(records=1, classes=["a"], scores=[0.5])
    before = predictions_to_bytes(part)
    merge_predictions([part, replace(part, errors=1), part])
    assert predictions_to_bytes(part) == before
