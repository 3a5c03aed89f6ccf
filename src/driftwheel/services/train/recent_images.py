"""The newest images of a model's records, without labels."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection

from driftwheel.errors import UsageError
from driftwheel.learning.adapt_normalisations import LEAST_IMAGES
from driftwheel.services.datasets.open_dataset import BlobImages
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model
from driftwheel.store.records.record_pages import RecordFilter, page_records

__all__ = ["recent_images"]

_MOST = 512


def recent_images(connection: Connection, blobs: Blobs, model: Model, wish: Mapping[str, Any]) -> BlobImages:
    """Return up to 512 of the newest images that are kept; their labels are all 0 and mean nothing.

    Parameters
    ----------
    wish
        May narrow them by ``since`` and ``until`` (ISO 8601), and by ``tag`` and ``value``.

    Raises
    ------
    UsageError
        When there are fewer than 32.
    """
    since, until = (
        datetime.fromisoformat(wish[end]) if wish.get(end) else None for end in ("since", "until")
    )
    tags = {str(wish["tag"]): str(wish["value"])} if wish.get("tag") else {}
    chosen = RecordFilter(model.key, since=since, until=until, tags=tags, has_image=True)
    rows = page_records(connection, chosen, order="newest", limit=_MOST).rows
    digests = [row.image for row in rows if row.image is not None]
    if len(digests) < LEAST_IMAGES:
        raise UsageError(
            f"{len(digests)} images of these records are kept; adapting needs at least {LEAST_IMAGES}. Wait "
            "for more, or keep a larger share of the images."
        )
    table = np.frombuffer(b"".join(digests), dtype=np.uint8).reshape(-1, 32)
    return BlobImages(blobs, ("unlabelled",), np.zeros(len(digests), dtype=np.intp), table)
