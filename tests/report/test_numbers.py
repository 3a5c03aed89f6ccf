from __future__ import annotations

import math
import re

from hypothesis import example, given
from hypothesis import strategies as st

from driftwheel.report.numbers import NBSP, odds, p_value, quantity, quantity_pair, several, share, sigmas

probabilities = st.floats(0, 1, allow_nan=False)
numbers = st.floats(-1e12, 1e12, allow_nan=False)


def value_of(text: str) -> float:
    return float(re.sub(r"[,% °]", "", text.replace("−", "-").split(NBSP)[0].split("px")[0]))


@given(probabilities)
@example(0.0005)
@example(0.09999999)
def test_a_p_value_is_never_shown_smaller_than_it_is_by_more_than_its_last_digit(p: float) -> None:
    text = p_value(p)
    if text.startswith("<"):
        assert p < 0.0005
    else:
        assert math.isclose(float(text), p, rel_tol=0.06, abs_tol=0.006)


@given(probabilities)
@example(0.000499)
@example(0.095)
@example(1.0)
def test_odds_claim_no_more_than_the_p_value(p: float) -> None:
    text = odds(p)
    if text == "fewer than 1 in a million":
        assert p < 1e-6
    elif text.startswith("fewer"):
        assert p < 1 / float(text.removeprefix("fewer than 1 in ").replace(",", "")) * (1 + 1e-9)
    elif text.endswith("in 100"):
        assert abs(float(text.split()[1]) / 100 - p) <= 0.0051
    else:
        assert math.isclose(1 / float(text.removeprefix("about 1 in ").replace(",", "")), p, rel_tol=0.06)


@given(probabilities)
def test_a_share_is_said_to_be_none_or_all_only_where_it_is(value: float) -> None:
    text = share(value)
    assert (text == f"0{NBSP}%") == (value == 0)
    assert (text == f"100{NBSP}%") == (value == 1)


@given(numbers, numbers)
def test_a_pair_that_differs_noticeably_looks_different(before: float, after: float) -> None:
    first, second = quantity_pair(before, after)
    if abs(before - after) > 1e-4 * max(abs(before), abs(after), 1e-9) and abs(before - after) > 1e-5:
        assert first != second
    for value, text in ((before, first), (after, second)):
        assert math.isclose(
            value_of(text), value, rel_tol=0.006, abs_tol=max(abs(before), abs(after)) * 0.006 + 1e-6
        )


@given(numbers)
def test_a_quantity_keeps_three_digits(value: float) -> None:
    assert math.isclose(value_of(quantity(value)), value, rel_tol=0.0051, abs_tol=1e-300)


def test_units_stay_with_their_number() -> None:
    assert quantity(640, "px") == f"640{NBSP}px"
    assert quantity(12.34, "°") == "12.3°"
    assert quantity_pair(0.12, 0.66, "share") == (f"12.0{NBSP}%", f"66.0{NBSP}%")


def test_what_is_not_there_is_a_dash() -> None:
    assert {quantity(None), quantity(math.nan), sigmas(None), share(math.nan), p_value(None)} == {"–"}


def test_infinite_distances_are_said_so() -> None:
    assert sigmas(math.inf) == f"∞{NBSP}σ"


def test_one_is_singular_and_thousands_are_set_apart() -> None:
    assert (several(1, "image"), several(12345, "image")) == ("1 image", "12,345 images")


def test_minus_is_the_minus_sign() -> None:
    assert quantity(-1.5) == "−1.5"
    assert quantity_pair(-0.585, 0.527) == ("−0.585", "0.527")
