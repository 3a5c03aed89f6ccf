"""Properties: numbers a person understands, measured on every image."""

from driftwheel.images.properties.measure import Measured, measure
from driftwheel.images.properties.near_duplicate import near_duplicates
from driftwheel.images.properties.property import Property
from driftwheel.images.properties.table import PROPERTIES, PROPERTY_NAMES, property_named

__all__ = [
    "PROPERTIES",
    "PROPERTY_NAMES",
    "Measured",
    "Property",
    "measure",
    "near_duplicates",
    "property_named",
]
