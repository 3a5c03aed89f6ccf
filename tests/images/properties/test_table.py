from __future__ import annotations

import pytest

from driftwheel.errors import UsageError
from driftwheel.images.properties import PROPERTIES, property_named


def test_rows_are_found_by_name():
    assert all(property_named(row.name) is row for row in PROPERTIES)


def test_an_unknown_name_gets_a_hint():
    with pytest.raises(UsageError, match=r"There is no property 'sharpnes'\. Did you mean 'sharpness'\?"):
        property_named("sharpnes")
