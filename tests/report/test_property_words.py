from __future__ import annotations

import pytest

from driftwheel.images.properties import PROPERTIES
from driftwheel.report.property_words import property_words


@pytest.mark.parametrize("one", PROPERTIES, ids=lambda one: one.name)
def test_every_property_has_words_and_says_its_unit_once(one) -> None:
    words = property_words(one.name)
    assert words.title
    assert words.meaning.endswith(".")
    assert words.heading[0] == words.heading[0].upper()
    assert not (words.inline_unit and words.column_unit)
    assert words.unit in (words.inline_unit, words.column_unit) or words.unit in words.title


def test_a_property_from_elsewhere_is_spoken_of_by_its_name() -> None:
    words = property_words("grip_force\x1b")
    assert (words.title, words.unit, words.kind) == ("grip force\\x1b", "", "number")
