"""The step `dataset`: a new dataset version of all that is labelled, on top of the newest one."""

from __future__ import annotations

from sqlalchemy import Connection

from driftwheel.services.datasets.create_version import create_version
from driftwheel.services.datasets.new_version import LabelChoice, NewVersion
from driftwheel.services.wheel.turn_moves import At, go_on, moving
from driftwheel.store.datasets.dataset_versions import DatasetVersion, list_dataset_versions
from driftwheel.store.engine.database import reading
from driftwheel.wheel.turn_step import WHEEL

__all__ = ["make_dataset"]


def make_dataset(at: At) -> bool:
    """Make the version; one that a worker had made for the turn before it was ended is found again.

    Images keep the splits that they have; what was drawn to measure on is in no split that is learnt from.
    """
    with reading(at.engine) as connection:
        before, made = _versions(connection, at)
    if made is None:
        wish = NewVersion(
            at.model.name,
            parent=None if before is None else before.number,
            labels=LabelChoice(),
            note=at.name,
        )
        made = create_version(at.engine, at.blobs, wish, by=WHEEL, now=at.now).version
    added = made.images - (0 if before is None or before.key == made.key else before.images)
    splits = made.contents.splits
    told = (
        f"Dataset version {made.number} holds {made.images:,} images, {added:,} more than before: "
        f"{splits.get('train', 0):,} to learn from, {splits.get('validation', 0):,} to choose by, "
        f"{splits.get('test', 0):,} to measure on."
    )
    with moving(at) as connection:
        numbers = {"images": made.images, "added": added, "splits": dict(splits)}
        go_on(connection, at, "train", told=told, made={"dataset": [made.key]}, found=numbers)
    return True


def _versions(connection: Connection, at: At) -> tuple[DatasetVersion | None, DatasetVersion | None]:
    """Return the version to build on, and the one that was made for the turn already; None: there is none."""
    known = [
        one
        for one in list_dataset_versions(connection, at.model.key)
        if one.kind == "class" and one.removed is None
    ]
    known.sort(key=lambda one: one.number)
    made = next((one for one in known if one.note == at.name and one.created >= at.turn.begun), None)
    earlier = [one for one in known if made is None or one.number < made.number]
    return (earlier[-1] if earlier else None), made
