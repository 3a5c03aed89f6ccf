from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from driftwheel.report.charts.svg import drawing, number, steps, text


@given(
    st.text(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")).filter(
            lambda c: c not in "\ufffe\uffff"
        )
    )
)
def test_any_words_stay_words(words: str) -> None:
    svg = ET.fromstring(str(drawing(10, 10, words, [text(1, 2, words)])))
    assert svg[0].text == (words or None)
    assert len(svg) == 2


@given(st.floats(-1e5, 1e5))
def test_a_coordinate_is_short_and_close(value: float) -> None:
    written = number(value)
    assert abs(float(written) - value) <= 0.0501
    assert written != "-0"


def test_an_outline_is_closed_along_its_base() -> None:
    assert steps([0, 1, 2], [5, 3], 9) == "M0 9L0 5H1L1 3H2V9Z"
