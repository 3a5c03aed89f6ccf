"""Two looks joined: neither makes the other's false alarms more, and either is enough."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwheel.drift.join_reconstruction import LOOKS, join_reconstruction
from driftwheel.drift.reconstruction import ReconstructionDrift
from driftwheel.drift.rules import alpha_for
from driftwheel.drift.verdict import Verdict, unjudged

ERRORS = ReconstructionDrift(False, 0.4, 0.011, 0.01, 10.0, 20.0, 100, 50)
NOTHING = replace(
    unjudged(200, 50, alpha=0.005, false_alarms_per_year=0.5, images_needed=0, mode="exact"),
    verdict="no_drift",
    p_value=0.6,
)
NAMES = tuple(f"{i:03}" for i in range(150))


def join(verdict: Verdict = NOTHING, **changes) -> Verdict:
    found = replace(ERRORS, **changes)
    return join_reconstruction(verdict, found, NAMES, false_alarms_per_year=1.0)


def test_without_drift_in_either_there_is_none():
    joined = join()
    assert (joined.verdict, joined.kind, joined.exemplars) == ("no_drift", None, ())
    assert (joined.alpha, joined.false_alarms_per_year, joined.p_value) == (0.01, 1.0, 0.8)
    assert joined.reconstruction == ERRORS


def test_the_errors_alone_are_enough_and_bring_their_images():
    joined = join(drifted=True, p_value=0.001)
    assert (joined.verdict, joined.kind, joined.p_value) == ("drift", "unknown", 0.002)
    assert joined.exemplars == NAMES[:100]


@pytest.mark.parametrize("drifted", [True, False])
def test_what_the_judge_found_stays(drifted):
    found = replace(NOTHING, verdict="drift", kind="appearance", p_value=0.004, exemplars=("x",))
    joined = join(found, drifted=drifted, p_value=0.004)
    assert (joined.verdict, joined.kind, joined.exemplars, joined.p_value) == (
        "drift",
        "appearance",
        ("x",),
        0.008,
    )


def test_unreadable_files_give_way_to_images_that_drifted():
    found = replace(NOTHING, verdict="drift", kind="unreadable")
    assert join(found).kind == "unreadable"
    assert join(found, drifted=True, p_value=0.001).kind == "unknown"


def test_where_nothing_could_be_judged_nothing_is():
    few = replace(NOTHING, verdict="insufficient", images_needed=12, p_value=1.0)
    joined = join(few, drifted=True, p_value=0.001)
    assert (joined.verdict, joined.reconstruction, joined.alpha) == ("insufficient", None, 0.01)
    joined = join(images_needed=3)
    assert (joined.verdict, joined.reconstruction, joined.p_value) == ("no_drift", None, 1.0)


@pytest.mark.parametrize("rate", [0.001, 1.0, 300.0])
@pytest.mark.parametrize("images_needed", [0, 3])
def test_there_is_drift_where_the_p_value_is_at_alpha(rate: float, images_needed: int):
    """Also where the dial is so high that twice the alpha of half of it is more than that of all of it."""
    half = alpha_for(rate / LOOKS, 365.0)
    for p_value, verdict in ((0.999 * half, "drift"), (1.001 * half, "no_drift")):
        judged = replace(NOTHING, verdict=verdict, alpha=half, p_value=p_value)
        joined = join(judged, p_value=0.9, images_needed=images_needed)
        assert joined.verdict == verdict
        assert (joined.p_value <= joined.alpha) == (verdict == "drift")


@given(first=st.floats(1e-6, 1), second=st.floats(1e-6, 1))
def test_twice_half_the_false_alarms_are_no_more_than_all(first, second):
    """Beyond chance in either at alpha / 2 is beyond chance in both together at alpha."""
    joined = join(replace(NOTHING, p_value=first), p_value=second)
    assert (joined.p_value <= 0.01) == (min(first, second) <= 0.005)
