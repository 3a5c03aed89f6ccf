"""Watch: known answers, how often a good champion goes back, and how often a bad one is found."""

from __future__ import annotations

import numpy as np
import pytest

from driftwheel.performance.paired_difference import PairedCounts
from driftwheel.wheel.watch import is_to_look, judge_watch


def test_a_worse_one_is_told_by_the_images_on_which_they_differ() -> None:
    found = judge_watch(PairedCounts(60, 40, 0, 6), margin=0.0, look=1)
    assert found.p_value == pytest.approx(2**-6)
    assert found.worse
    assert (found.old, found.new) == (46 / 60, 40 / 60)
    assert not judge_watch(PairedCounts(60, 40, 0, 6), margin=0.0, look=3).worse  # later looks ask for more
    assert not judge_watch(PairedCounts(60, 40, 0, 6), margin=0.1, look=1).worse
    assert not judge_watch(PairedCounts(0, 0, 0, 0), margin=0.0, look=1).worse


def test_few_looks_are_taken() -> None:
    looked, looks = 0, []
    for n in range(101):
        if is_to_look(n, looked, last=n == 100):
            looked = n
            looks.append(n)
    assert looks == [20, 30, 45, 68, 100]


@pytest.mark.parametrize(
    ("lost", "gained", "least", "most"), [(0.06, 0.06, 0.0, 0.05), (0.25, 0.02, 0.9, 1.0)]
)
def test_over_all_looks(lost: float, gained: float, least: float, most: float) -> None:
    """One as good is sent back in at most 5 %, one that is wrong on a fifth more nearly always."""
    rng = np.random.default_rng(7)
    back = 0
    for _ in range(400):
        kind = rng.choice(3, size=100, p=[lost, gained, 1 - lost - gained])
        looked = look = 0
        for n in range(101):
            if not is_to_look(n, looked, last=n == 100):
                continue
            looked, look = n, look + 1
            some = kind[:n]
            counts = PairedCounts(n, int((some == 2).sum()), int((some == 1).sum()), int((some == 0).sum()))
            if judge_watch(counts, margin=0.0, look=look).worse:
                back += 1
                break
    assert least <= back / 400 <= most
