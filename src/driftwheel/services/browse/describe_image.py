"""Say all that is known of one record: what the model said, what people said, and its properties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from sqlalchemy import Connection

from driftwheel.errors import ProfileFormatError, UsageError
from driftwheel.images.properties import PROPERTY_NAMES
from driftwheel.services.browse.reference_ranges import PropertyRange, reference_ranges
from driftwheel.services.measure.measured_reference import unpack_reference
from driftwheel.services.measure.packed_records import unpack_properties
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model, model_by_key
from driftwheel.store.models.references import Reference, current_reference
from driftwheel.store.records.feedback import StoredFeedback, feedback_of
from driftwheel.store.records.records import record_by_key
from driftwheel.store.records.stored_record import StoredRecord
from driftwheel.store.records.truths import StoredTruth, find_truth

__all__ = ["ImageDescription", "describe_image", "read_ranges"]


@dataclass(frozen=True, slots=True)
class ImageDescription:
    """All that is known of one record.

    Attributes
    ----------
    properties
        Name → value, in the order of the property table; NaN where one is not defined. Empty until the image
        was measured.
    reference
        The one its properties are held against; None where there is none.
    ranges
        Name → what is usual in that reference; empty without one.
    """

    record: StoredRecord
    model: Model
    truth: StoredTruth | None
    feedback: tuple[StoredFeedback, ...]
    properties: Mapping[str, float]
    reference: Reference | None
    ranges: Mapping[str, PropertyRange]

    @property
    def n_reference(self) -> int:
        """Images of the reference."""
        return max((each.n for each in self.ranges.values()), default=0)

    @property
    def compared(self) -> tuple[str, ...]:
        """Names of the properties that have a value and a range."""
        return tuple(
            name for name, value in self.properties.items() if name in self.ranges and not np.isnan(value)
        )

    @property
    def outside(self) -> tuple[str, ...]:
        """Names of those whose value lies outside the reference's middle 99 %."""
        return tuple(name for name in self.compared if self.ranges[name].outside(self.properties[name]))


def describe_image(connection: Connection, blobs: Blobs, key: int) -> ImageDescription:
    """Return what is known of the record with that key; raise `UsageError` where there is none."""
    record = record_by_key(connection, key)
    model = None if record is None else model_by_key(connection, record.model)
    if record is None or model is None:
        raise UsageError(f"There is no image {key}; retention may have deleted it.")
    properties: dict[str, float] = {}
    if record.properties is not None:
        values = unpack_properties(record.properties)
        properties = {name: float(value) for name, value in zip(PROPERTY_NAMES, values, strict=True)}
    reference = current_reference(connection, model.key)
    return ImageDescription(
        record,
        model,
        find_truth(connection, model.key, record.id),
        tuple(feedback_of(connection, model.key, record.id)),
        properties,
        reference,
        {} if reference is None or reference.artifact is None else read_ranges(blobs, reference.artifact),
    )


@lru_cache(maxsize=32)
def read_ranges(blobs: Blobs, artifact: bytes) -> Mapping[str, PropertyRange]:
    """Return what is usual in a measured reference, by property; empty when its artifact is lost or damaged.

    The result is kept: an artifact is known by its digest and never changes.
    """
    try:
        measured = unpack_reference(blobs.get(artifact))
    except (FileNotFoundError, ProfileFormatError):
        return {}
    return reference_ranges(measured.profiles[""].whole())
