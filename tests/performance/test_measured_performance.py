from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss, roc_auc_score

from driftwheel.errors import ProfileFormatError
from driftwheel.performance.measured_accuracy import measure_accuracy
from driftwheel.performance.measured_performance import measure_performance
from driftwheel.performance.packed_sums import merge_packed, sums_from_bytes, sums_to_bytes
from driftwheel.performance.performance_sums import (
    How,
    PerformanceSums,
    SummedPrediction,
    merge_sums,
    sum_predictions,
)


def plain(sums: PerformanceSums) -> Any:
    return (
        dict(sums.cells),
        {
            key: (one.n, one.losses, one.squares, {name: roc.tolist() for name, roc in one.roc.items()})
            for key, one in sums.scored.items()
        },
    )


def row(
    score: float, right: bool, how: How, version: str = "1", probability: float = 0.1
) -> SummedPrediction:
    true = ("cat" if right else "dog") if how else ""
    return SummedPrediction(version, "cat", {"cat": score, "dog": 1 - score}, how, true, probability)


rows = st.lists(
    st.builds(
        row,
        st.floats(0, 1),
        st.booleans(),
        st.sampled_from(["", "told", "sampled", "chosen"]),
        st.sampled_from(["1", "2"]),
        st.floats(0.01, 1),
    ),
    max_size=12,
)


@given(rows, rows, rows)
def test_sums_merge_as_they_say_and_round_trip(a: Any, b: Any, c: Any) -> None:
    x, y, z = (sum_predictions(one, classes=["cat", "dog"]) for one in (a, b, c))
    whole = plain(sum_predictions([*a, *b, *c], classes=["cat", "dog"]))
    assert plain(merge_sums([merge_sums([x, y]), z])) == whole
    assert plain(merge_sums([z, merge_sums([x, y])])) == whole
    assert plain(merge_sums([x, PerformanceSums()])) == plain(x)
    assert plain(sums_from_bytes(sums_to_bytes(x))) == plain(x)
    assert plain(merge_packed([sums_to_bytes(one) for one in (x, y, z)])) == whole
    assert sums_to_bytes(merge_sums([x, y])) == sums_to_bytes(merge_sums([y, x]))


@pytest.mark.parametrize("data", [b"", b"\x93", b"\x80", sums_to_bytes(PerformanceSums())[:-3]])
def test_damaged_sums_are_refused(data: bytes) -> None:
    with pytest.raises(ProfileFormatError, match="damaged"):
        sums_from_bytes(data)


def test_log_loss_and_area_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(3, size=300)
    scores = rng.dirichlet(np.ones(3), size=300) * 0.7 + 0.3 * np.eye(3)[truth]
    names = ["ant", "bee", "cow"]
    found = measure_performance(
        sum_predictions(
            [
                SummedPrediction(
                    "", names[one.argmax()], dict(zip(names, one, strict=True)), "told", names[true]
                )
                for one, true in zip(scores, truth, strict=True)
            ],
            classes=names,
        )
    )
    assert found.log_loss.value == pytest.approx(log_loss(truth, scores), abs=1e-6)
    expected = roc_auc_score(truth, scores, multi_class="ovr")
    assert found.area_under_roc.value == pytest.approx(expected, abs=0.005)
    assert found.accuracy.basis == "all"
    assert found.metrics.accuracy.value == pytest.approx(float((scores.argmax(axis=1) == truth).mean()))


def test_chosen_labels_never_speak_for_the_others() -> None:
    some = [row(0.9, right=False, how="chosen") for _ in range(40)]
    others = [row(0.9, right=True, how="") for _ in range(400)]
    found = measure_performance(sum_predictions([*some, *others]))
    assert found.accuracy.basis == "chosen"
    assert found.accuracy.figure.value is None
    assert found.accuracy.of_labels.value == 0.0
    assert found.metrics.classes == ()
    drawn = [row(0.9, right=n % 4 > 0, how="sampled") for n in range(40)]
    found = measure_performance(sum_predictions([*some, *drawn, *others]))
    assert found.accuracy.basis == "sample"
    assert found.accuracy.figure.value == pytest.approx(0.75)
    assert found.matrix.total == pytest.approx(40)


def test_told_labels_beside_a_sample_stand_for_themselves() -> None:
    told = [row(0.9, right=False, how="told") for _ in range(100)]
    drawn = [row(0.9, right=True, how="sampled", probability=0.1) for _ in range(90)]
    others = [row(0.9, right=True, how="") for _ in range(810)]
    found = measure_performance(sum_predictions([*told, *drawn, *others]))
    assert found.accuracy.figure.value == pytest.approx(0.9)
    share = found.matrix.counts[0, 0] / found.matrix.total
    assert share == pytest.approx(0.9)


def test_labels_that_come_more_often_for_low_scores_are_weighed_by_score() -> None:
    rng = np.random.default_rng(3)
    found = []
    for _ in range(40):
        scores = rng.choice([0.6, 0.95], size=2000)
        right = rng.random(2000) < scores
        told = rng.random(2000) < np.where(scores < 0.8, 0.3, 0.05)
        sums = sum_predictions(
            [row(s, bool(r), "told" if t else "") for s, r, t in zip(scores, right, told, strict=True)]
        )
        measured = measure_accuracy(sums)
        found.append((measured.figure, right.mean(), right[told].mean()))
    off = np.mean([one.value - true for one, true, _ in found])
    naive = np.mean([labelled - true for _, true, labelled in found])
    assert abs(off) < 0.02
    assert abs(naive) > 0.08
    assert np.mean([one.low <= true <= one.high for one, true, _ in found]) >= 0.8


@pytest.mark.parametrize(
    ("labels", "method"), [(20, "plain"), (60, "prediction_powered"), (200, "stratified")]
)
def test_partly_labelled_estimates_hold_the_truth(labels: int, method: str) -> None:
    rng = np.random.default_rng(labels + 1)
    held, errors, plain_errors = [], [], []
    for _ in range(60):
        scores = np.round(0.5 + 0.5 * rng.beta(0.6, 0.4, 1000), 2)
        right = rng.random(1000) < scores
        drawn = np.isin(np.arange(1000), rng.choice(1000, labels, replace=False))
        sums = sum_predictions(
            [
                row(s, bool(r), "sampled" if d else "", probability=labels / 1000)
                for s, r, d in zip(scores, right, drawn, strict=True)
            ]
        )
        measured = measure_accuracy(sums)
        assert measured.method == method
        figure = measured.figure
        held.append(figure.low <= right.mean() <= figure.high)
        errors.append((figure.value - right.mean()) ** 2)
        plain_errors.append((right[drawn].mean() - right.mean()) ** 2)
    assert np.mean(held) >= 0.8
    assert np.mean(errors) <= 1.1 * np.mean(plain_errors)


def test_images_drawn_with_other_chances_are_weighted() -> None:
    rows = list(
        itertools.chain(
            (row(0.9, right=False, how="sampled", probability=1.0) for _ in range(50)),
            (row(0.9, right=True, how="sampled", probability=0.1) for _ in range(50)),
            (row(0.9, right=True, how="") for _ in range(450)),
        )
    )
    found = measure_accuracy(sum_predictions(rows))
    assert found.figure.value == pytest.approx(500 / 550)


def test_versions_are_measured_each_for_itself() -> None:
    sums = sum_predictions(
        [*(row(0.9, right=True, how="told", version="1") for _ in range(5))]
        + [row(0.9, right=False, how="told", version="2") for _ in range(5)]
    )
    assert sums.versions == ("1", "2")
    assert measure_accuracy(sums.of_version("1")).figure.value == 1.0
    assert measure_accuracy(sums).figure.value == 0.5
