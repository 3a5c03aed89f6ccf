"""More unreadable images than in the reference: exact, whatever the numbers, and part of the verdict."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from driftwheel.drift.evidence.unreadable_share import unreadable_share
from driftwheel.drift.judge import judge
from driftwheel.images.properties import PROPERTY_NAMES
from driftwheel.records import Records, Unreadable


def records(seed: int, n: int, unreadable: int = 0) -> Records:
    values = np.random.default_rng(seed).normal(50, 5, (n, len(PROPERTY_NAMES))).astype(np.float32)
    missing = tuple(Unreadable(f"broken {i:04}", "truncated") for i in range(unreadable))
    return Records(tuple(f"{i:05}" for i in range(n)), values, PROPERTY_NAMES, unreadable=missing)


def test_the_effect_is_the_difference_of_the_shares() -> None:
    found = unreadable_share(10, 90, 5, 95)
    assert found.effect == pytest.approx(0.05)
    assert (found.n_reference, found.n_current) == (100, 100)
    assert found.p_value == pytest.approx(0.14138, abs=1e-5)


def test_fewer_unreadable_images_are_no_drift() -> None:
    assert (unreadable_share(0, 100, 30, 100).p_value or 0.0) == pytest.approx(1.0)


@pytest.mark.parametrize(("read", "unreadable"), [(40, 160), (0, 200), (2, 9)])
def test_images_that_cannot_be_read_are_drift_even_when_few_are_left(read: int, unreadable: int) -> None:
    verdict = judge(records(1, 300), records(2, read, unreadable), rng=np.random.default_rng(0))
    assert (verdict.verdict, verdict.kind) == ("drift", "unreadable")
    assert verdict.p_value < 1e-6
    assert len(verdict.unreadable) == unreadable


def test_a_few_broken_files_are_told_and_no_drift() -> None:
    verdict = judge(records(1, 300), records(2, 190, 10), rng=np.random.default_rng(0))
    assert verdict.verdict == "no_drift"
    assert len(verdict.unreadable) == 10


def test_as_many_broken_files_as_in_the_reference_are_no_drift() -> None:
    verdict = judge(records(1, 300, 60), records(2, 150, 35), rng=np.random.default_rng(0))
    assert verdict.verdict == "no_drift"


def test_drift_of_the_pictures_outranks_that_of_the_files() -> None:
    current = records(2, 150, 100)
    moved = replace(current, properties=current.properties + np.float32(20))
    verdict = judge(records(1, 300), moved, rng=np.random.default_rng(0))
    assert (verdict.verdict, verdict.kind) == ("drift", "unknown")


def test_pictures_without_a_change_have_no_effect_on_drift_of_the_files() -> None:
    verdict = judge(records(1, 300), records(2, 150, 100), rng=np.random.default_rng(0))
    assert (verdict.verdict, verdict.kind) == ("drift", "unreadable")
    assert not any(one.drifted for one in verdict.properties)
    assert verdict.exemplars == ()


def test_it_is_never_said_that_there_is_no_alarm_beside_one() -> None:
    """A change of the pictures that is beyond chance, and too small for an alarm of its own."""

    def brightness(seed: int, more: float = 0.0) -> Records:
        values = np.random.default_rng(seed).normal(50 + more, 5, (8000, 1)).astype(np.float32)
        return Records(tuple(f"{i:05}" for i in range(8000)), values, ("brightness",))

    small = brightness(2, 0.3)  # 0.06 standard deviations
    told = judge(brightness(1), small, rng=np.random.default_rng(0))
    assert (told.verdict, told.kind) == ("no_drift", None)
    assert any(note.endswith("no alarm.") for note in told.notes)
    missing = tuple(Unreadable(f"broken {i:04}", "truncated") for i in range(2000))
    verdict = judge(brightness(1), replace(small, unreadable=missing), rng=np.random.default_rng(0))
    assert (verdict.verdict, verdict.kind) == ("drift", "unreadable")
    assert not any("no alarm" in note for note in verdict.notes)
