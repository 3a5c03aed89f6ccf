"""The wheel's policy: defaults, what it refuses, and its JSON form."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwheel.errors import UsageError
from driftwheel.wheel.wheel_policy import POLICY_RANGES, WheelPolicy


def test_by_default_no_turn_begins_by_itself_and_a_turn_fits_its_budget() -> None:
    policy = WheelPolicy()
    assert not policy.enabled
    assert policy.to_json() == {}
    assert policy.images <= policy.most_labels <= policy.labels_per_month
    assert policy.holdout == 80


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "enabled": st.booleans(),
            "accuracy_below": st.none() | st.floats(0.01, 1.0),
            "new_labels": st.none() | st.integers(10, 1000),
            "cool_down_days": st.floats(0, 365) | st.integers(0, 365),
            "images": st.integers(10, 600),
            "holdout_share": st.floats(0.1, 0.9),
            "unsettled": st.sampled_from(["review", "leave_out"]),
            "project": st.none() | st.just("seams"),
        },
    )
)
@settings(max_examples=40, deadline=None)
def test_a_policy_comes_back_from_its_json_form(plain: dict[str, Any]) -> None:
    policy = WheelPolicy.from_json(plain)
    assert WheelPolicy.from_json(policy.to_json()) == policy
    assert 0 < policy.holdout < policy.images
    assert asdict(policy) | plain == asdict(policy)


def test_every_number_has_its_range_and_every_range_its_number() -> None:
    numbers = {one.name for one in fields(WheelPolicy) if str(one.type).startswith(("int", "float"))}
    assert numbers == set(POLICY_RANGES)


@pytest.mark.parametrize(
    ("plain", "said"),
    [
        ({"image": 80}, "nothing called 'image'. Did you mean 'images'?"),
        ({"images": 5}, "images is 5; give 10 to 10,000."),
        ({"images": 10**400}, "images has too many digits; give a whole number."),
        ({"images": 80.5}, "images is 80.5; give a whole number."),
        ({"images": True}, "images is True; give a whole number."),
        ({"enabled": "yes"}, "enabled is 'yes'; give true or false."),
        ({"accuracy_below": "low"}, "accuracy_below is 'low'; give a number, or null for none."),
        ({"cool_down_days": float("nan")}, "cool_down_days is nan; give a number."),
        ({"cool_down_days": None}, "cool_down_days is None; give a number."),
        ({"alert_severity": "warnin"}, "give info or warning or critical. Did you mean 'warning'?"),
        ({"unsettled": "drop"}, "unsettled is 'drop'; give review or leave_out."),
        ({"project": " "}, "project needs a name of 1 to 128 characters."),
        ({"overlap": 5, "most_overlap": 3}, "most_overlap is 3 and its overlap 5; give at least as much."),
        ({"images": 700}, "most_labels is 600, but a turn chooses 700 images"),
        ({"labels_per_month": 100}, "no turn of 200 images could ever begin"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_give(plain: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        WheelPolicy.from_json(plain)
    assert said in str(refused.value)


def test_changes_are_checked_together_with_what_is_there() -> None:
    policy = WheelPolicy.from_json({"images": 500})
    assert policy.with_changes({"enabled": True}).images == 500
    assert policy.with_changes({"images": 200}).to_json() == {}
    with pytest.raises(UsageError, match="most_labels is 400"):
        policy.with_changes({"most_labels": 400})
