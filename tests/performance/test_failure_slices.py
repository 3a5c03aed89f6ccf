from __future__ import annotations

import numpy as np
import pytest

from driftwheel.errors import UsageError
from driftwheel.performance.failure_slices import Condition, SliceSearch, find_failure_slices


def search(n: int, seed: int, *, planted: bool) -> tuple[SliceSearch, np.ndarray]:
    rng = np.random.default_rng(seed)
    camera = rng.choice(["a", "b", "c", "d"], size=n)
    site = rng.choice(["x", "y"], size=n)
    brightness, sharpness = rng.normal(100, 20, n), rng.normal(50, 10, n)
    bad = (camera == "b") & (brightness < 95) if planted else np.zeros(n, bool)
    correct = rng.random(n) < np.where(bad, 0.55, 0.92)
    found = find_failure_slices(
        correct,
        {"tag.camera": list(camera), "tag.site": list(site), "cluster": [str(one % 9) for one in range(n)]},
        {"property.brightness": brightness, "property.sharpness": sharpness},
        confirms=rng.random(n) < 0.5,
    )
    return found, bad


def test_a_planted_slice_is_found_and_told_from_images_that_had_no_say_in_it() -> None:
    hits, overlap, held = 0, [], []
    for seed in range(20):
        found, bad = search(1500, seed, planted=True)
        if found.slices:
            first = found.slices[0]
            hits += any(one.feature == "tag.camera" and one.value == "b" for one in first.conditions)
            rows = np.zeros(1500, bool)
            rows[first.rows] = True
            overlap.append((rows & bad).sum() / bad.sum())
            truth = np.where(bad, 0.55, 0.92)[first.rows].mean()
            held.append(first.accuracy.low <= truth <= first.accuracy.high)
    assert hits >= 16
    assert np.mean(overlap) > 0.5
    assert np.mean(held) >= 0.7


def test_where_nothing_is_wrong_nothing_is_found() -> None:
    searches = [search(600, seed, planted=False)[0] for seed in range(60)]
    assert sum(bool(one.slices) for one in searches) <= 6
    assert all(one.proposed <= 20 < one.looked_at for one in searches)


def test_slices_with_the_same_images_are_told_once() -> None:
    rng = np.random.default_rng(1)
    camera = rng.choice(["a", "b"], size=1000, p=[0.2, 0.8])
    correct = rng.random(1000) < np.where(camera == "a", 0.5, 0.95)
    same = {"tag.camera": list(camera), "tag.lens": [f"lens {one}" for one in camera]}
    found = find_failure_slices(correct, same, {}, confirms=rng.random(1000) < 0.5)
    assert [one.conditions for one in found.slices] == [(Condition("tag.camera", "a"),)]
    assert found.slices[0].p_value < 1e-6


@pytest.mark.parametrize(
    ("n", "right", "why"),
    [(40, 0.5, "40 labels, of 100 that are needed"), (200, 1.0, "0 wrong predictions, of 10")],
)
def test_too_little_to_look_for(n: int, right: float, why: str) -> None:
    correct = np.arange(n) < right * n
    found = find_failure_slices(correct, {}, {}, confirms=np.arange(n) % 2 == 0)
    assert why in found.reason
    assert found.slices == ()


def test_unknown_values_make_no_slice_and_unequal_columns_are_refused() -> None:
    rng = np.random.default_rng(2)
    camera = [None if one else "a" for one in rng.random(400) < 0.3]
    brightness = np.where(rng.random(400) < 0.3, np.nan, 1.0)
    correct = np.array([one is not None for one in camera]) | (rng.random(400) < 0.5)
    found = find_failure_slices(
        correct, {"tag.camera": camera}, {"property.brightness": brightness}, confirms=rng.random(400) < 0.5
    )
    assert found.slices == ()
    with pytest.raises(UsageError, match=r"`tag.camera` has 400 rows for 3"):
        find_failure_slices(correct[:3], {"tag.camera": camera}, {}, confirms=correct[:3])
