from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from driftwheel.report.printable import printable, shortened

anything = st.text(st.characters(codec=None))


@given(anything)
def test_nothing_steers_a_terminal_or_breaks_an_encoding(name: str) -> None:
    shown = printable(name)
    shown.encode("utf-8")
    assert all(unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in shown)


@given(anything, st.integers(8, 80))
def test_a_shortened_name_fits_and_keeps_its_end(name: str, width: int) -> None:
    shown, whole = shortened(name, width), printable(name)
    assert len(shown) <= width
    assert shown == whole or (shown[0] == whole[0] and shown[-4:] == whole[-4:] and "…" in shown)


def test_an_ordinary_name_stays_as_it_is() -> None:
    assert printable("Kamera 2/über_öl.jpg") == "Kamera 2/über_öl.jpg"
