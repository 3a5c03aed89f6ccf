"""Describe the slices of failure of a model: what each has in common, its figures, records that show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from driftwheel.performance.failure_slices import Condition
from driftwheel.performance.figure import Figure
from driftwheel.report.property_words import property_words
from driftwheel.store.models.failure_slices import find_slices_of
from driftwheel.store.models.models import Model
from driftwheel.store.records.records import find_record
from driftwheel.store.records.stored_record import StoredRecord

__all__ = ["DescribedSlice", "DescribedSlices", "condition_words", "describe_slices"]


@dataclass(frozen=True, slots=True)
class DescribedSlice:
    """A slice.

    Attributes
    ----------
    words
        What its images have in common.
    share, labels, wrong
        Of all labelled images; labelled images in it, and how many of them are wrong.
    accuracy, rest
        In it and outside, of images that had no say in finding it.
    p_value
        That it is not worse than the rest, corrected for all that were proposed.
    records
        Wrong ones that are still kept, the newest first.
    """

    words: str
    conditions: tuple[Condition, ...]
    share: float
    labels: int
    wrong: int
    accuracy: Figure
    rest: Figure
    p_value: float
    records: tuple[StoredRecord, ...]


@dataclass(frozen=True, slots=True)
class DescribedSlices:
    """The newest search of a model.

    Attributes
    ----------
    made
        None before the first.
    asked
        Whether another is asked for.
    n, proposed, looked_at
        Labels, slices that one half proposed, and parts it looked at.
    fair
        Whether labels of images that were chosen for what they show were left out.
    reason
        Why nothing was looked for; else empty.
    """

    made: datetime | None
    asked: bool
    n: int
    proposed: int
    looked_at: int
    fair: bool
    reason: str
    slices: tuple[DescribedSlice, ...]


def describe_slices(connection: Connection, model: Model, *, pictures: int = 6) -> DescribedSlices:
    """Return the newest search of a model, with up to `pictures` records of each slice."""
    kept = find_slices_of(connection, model.key)
    if kept is None:
        return DescribedSlices(None, False, 0, 0, 0, True, "", ())
    its = kept.document
    slices = tuple(_slice(connection, model, one, pictures) for one in its.get("slices", ()))
    return DescribedSlices(
        kept.made,
        kept.asked,
        its.get("n", 0),
        its.get("proposed", 0),
        its.get("looked_at", 0),
        its.get("fair", True),
        its.get("reason", ""),
        slices,
    )


def condition_words(one: Condition) -> str:
    """Return what images of a slice have in common.

    Examples
    --------
    >>> condition_words(Condition("tag.camera", "2"))
    'camera = 2'
    >>> condition_words(Condition("property.brightness", low=200.0))
    'brightness of 200 grey levels or more'
    >>> condition_words(Condition("cluster", "3"))
    'images that look alike (cluster 3)'
    """
    kind, _, name = one.feature.partition(".")
    if kind == "tag":
        return f"{name} = {one.value}"
    if kind == "property":
        words = property_words(name)
        unit = f" {words.unit}" if words.unit and words.unit != "share" else ""
        if one.high is not None:
            return f"{words.title} below {one.high:.3g}{unit}"
        return f"{words.title} of {one.low:.3g}{unit} or more"
    return f"called {one.value}" if kind == "predicted" else f"images that look alike (cluster {one.value})"


def _slice(connection: Connection, model: Model, plain: Mapping[str, Any], pictures: int) -> DescribedSlice:
    conditions = tuple(Condition(**one) for one in plain["conditions"])
    found = (find_record(connection, model.key, record) for record in plain["records"][:pictures])
    return DescribedSlice(
        " and ".join(condition_words(one) for one in conditions),
        conditions,
        plain["share"],
        plain["labels"],
        plain["wrong"],
        Figure(**plain["accuracy"]),
        Figure(**plain["rest"]),
        plain["p_value"],
        tuple(one for one in found if one is not None),
    )
