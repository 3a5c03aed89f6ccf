"""Let go of what a dataset version holds; its number, its digest and its story stay."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from driftwheel.errors import UsageError
from driftwheel.services.remark import check_remark
from driftwheel.store.datasets import dataset_versions as versions
from driftwheel.store.datasets.dataset_versions import DatasetVersion
from driftwheel.store.engine.database import writing
from driftwheel.store.models.models import find_model
from driftwheel.store.operate.audit import note

__all__ = ["change_note", "remove_version"]


def remove_version(engine: Engine, model: str, number: int, *, by: str, now: datetime) -> DatasetVersion:
    """Remove a version, and return it; noted in the audit.

    Images that nothing else names are deleted within a day. Versions that were made of it stay as they are.

    Raises
    ------
    UsageError
        When there is no such version, or it was removed before.
    """
    with writing(engine) as connection:
        found = versions.version_numbered(connection, find_model(connection, model).key, number)
        if found.removed is not None:
            raise UsageError(f"The dataset version {number} of '{model}' was removed before.")
        versions.remove_version(connection, found.key, now=now, by=by)
        details = {"version": number, "images": found.images, "digest": found.digest.hex()}
        note(connection, now, by, "remove-dataset", f"model {model}", details)
        return versions.version_numbered(connection, found.model, number)


def change_note(
    engine: Engine, model: str, number: int, text: str, *, by: str, now: datetime
) -> DatasetVersion:
    """Say something else of a version, and return it; noted in the audit.

    Raises
    ------
    UsageError
        When there is no such version, or the note is too long.
    """
    check_remark("note", text)
    with writing(engine) as connection:
        found = versions.version_numbered(connection, find_model(connection, model).key, number)
        versions.set_note(connection, found.key, text)
        note(connection, now, by, "note-dataset", f"model {model}", {"version": number})
        return versions.version_numbered(connection, found.model, number)
