"""Change what is kept of a model: for how long its records, and which share of its images."""

from __future__ import annotations

import math
from datetime import datetime

from sqlalchemy import Engine

from driftwheel.errors import UsageError
from driftwheel.store.audit import note
from driftwheel.store.database import writing
from driftwheel.store.models import find_model, update_model

__all__ = ["change_retention"]

_MOST_DAYS = 36_500


def change_retention(
    engine: Engine, name: str, *, retention_days: int | None, keep_images: float, by: str, now: datetime
) -> None:
    """Set what is kept of the model `name`; noted in the audit. The next round of retention deletes by it.

    Parameters
    ----------
    retention_days
        Days that records and their images are kept, from 1; None: for ever.
    keep_images
        Share of the images kept after they are measured, 0…1.

    Raises
    ------
    UsageError
        When there is no such model, or a number will not do.
    """
    if retention_days is not None and not 1 <= retention_days <= _MOST_DAYS:
        raise UsageError(
            f"Records cannot be kept for {retention_days} days; give 1 to {_MOST_DAYS}, or none."
        )
    if not (math.isfinite(keep_images) and 0 <= keep_images <= 1):
        raise UsageError(f"The share of images kept cannot be {keep_images:g}; give 0 to 1.")
    with writing(engine) as connection:
        model = find_model(connection, name)
        update_model(
            connection,
            model.key,
            classes=model.classes,
            window=model.window,
            segment_tags=model.segment_tags,
            embedder=model.embedder,
            retention_days=retention_days,
            keep_images=keep_images,
        )
        details = {
            "days": {"from": model.retention_days, "to": retention_days},
            "images": {"from": model.keep_images, "to": keep_images},
        }
        note(connection, now, by, "change-retention", f"model {name}", details)
