"""A head for sets of classes: it learns what can be learnt, and says how sure of the whole set it is."""

from __future__ import annotations

import numpy as np
import pytest

from driftwheel.errors import IncomparableError, UsageError
from driftwheel.learning.fit_set_head import fit_set_head
from driftwheel.learning.set_head import SetHead

NAMES = ("a", "b", "c")


def sample(n: int, noise: float, seed: int = 0) -> tuple[np.ndarray, list[list[str]], np.ndarray]:
    rng = np.random.default_rng(seed)
    there = rng.random((n, 3)) < (0.5, 0.3, 0.2)
    places = np.where(there, 1.0, -1.0) @ rng.normal(size=(3, 12)) + rng.normal(0, noise, (n, 12))
    return places, [[name for name, on in zip(NAMES, row, strict=True) if on] for row in there], there


def test_sets_are_learnt_and_the_measured_accuracy_is_true() -> None:
    places, sets, _ = sample(300, 1.2)
    found = fit_set_head(places, sets, NAMES, seed=0)
    _, _, there = sample(2000, 1.2, seed=1)
    rng = np.random.default_rng(0)  # the same directions as those of the sample
    axes = (rng.random((300, 3)), rng.normal(size=(3, 12)))[1]
    later = np.where(there, 1.0, -1.0) @ axes + np.random.default_rng(9).normal(0, 1.2, (2000, 12))
    said = found.head.scores(later)
    right = (said.present == there).all(axis=1)
    assert found.accuracy.accuracy == pytest.approx(right.mean(), abs=0.06)
    assert 0.5 < right.mean() < 0.99
    assert said.confidence.mean() == pytest.approx(right.mean(), abs=0.08)  # calibrated on the whole
    sure = said.confidence > 0.9
    assert right[sure].mean() > right[~sure].mean() + 0.15
    assert found.counts == {name: sum(name in one for one in sets) for name in NAMES}
    assert found.recalls["a"].accuracy > 0.8


def test_chances_out_of_fold_have_not_seen_the_label() -> None:
    rng = np.random.default_rng(2)
    places = rng.normal(size=(120, 30))
    sets = [["a"] if one else [] for one in rng.random(120) < 0.5]  # nothing to learn
    found = fit_set_head(places, sets, ["a"], seed=0)
    assert 0.3 < found.accuracy.accuracy < 0.7


def test_a_class_that_nobody_or_everybody_has_gets_its_share() -> None:
    places, sets, _ = sample(60, 0.5)
    named = [[*one, "all"] for one in sets]
    found = fit_set_head(places, named, [*NAMES, "all", "none"], seed=0)
    said = found.head.scores(places).chances
    assert (said[:, 3] > 0.98).all()
    assert (said[:, 4] < 0.02).all()
    again = fit_set_head(places, named, [*NAMES, "all", "none"], seed=0, before=found.head)
    assert again.accuracy.accuracy == pytest.approx(found.accuracy.accuracy, abs=0.1)


def test_what_cannot_be_learnt_from() -> None:
    places, sets, _ = sample(60, 0.5)
    for table, named, names, said in (
        (places[:5], sets[:5], NAMES, "There are 5 labels"),
        (places, [[] for _ in sets], NAMES, "have and 3 have not"),
        (places, sets, ("a", "b"), "A set names 'c'"),
        (places, sets[:9], NAMES, "one set each"),
        (places * np.nan, sets, NAMES, "not finite"),
    ):
        with pytest.raises(UsageError, match=said):
            fit_set_head(table, named, names, seed=0)
    head = SetHead(("a",), np.zeros((4, 1)), np.zeros(1), 1.0, np.zeros(1))
    with pytest.raises(IncomparableError, match="4 dimensions"):
        head.scores(np.zeros((1, 3)))
