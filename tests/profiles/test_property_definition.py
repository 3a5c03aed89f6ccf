"""What a profile keeps of a property is what the property table says."""

import numpy as np
import pytest

from driftwheel.images.properties import PROPERTIES, Property
from driftwheel.profiles.property_definition import current_definitions, definition_of


@pytest.mark.parametrize("row", PROPERTIES, ids=lambda row: row.name)
def test_edges_are_those_of_the_table(row: Property) -> None:
    edges = definition_of(row).edges()
    assert edges == pytest.approx(row.edges(), rel=1e-12)
    assert np.all(np.diff(edges) > 0)


def test_every_property_has_a_definition() -> None:
    assert [d.name for d in current_definitions()] == [row.name for row in PROPERTIES]
