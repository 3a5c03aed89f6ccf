"""Whose image a file is: who may see a model's records may see their images, and no others."""

from __future__ import annotations

from sqlalchemy import Connection, select

from driftwheel.store.schema.dataset_tables import dataset_images, dataset_versions
from driftwheel.store.schema.label_tables import pools, projects, tasks
from driftwheel.store.schema.tables import records

__all__ = ["is_image_of"]


def is_image_of(connection: Connection, model: int, digest: bytes) -> bool:
    """Return whether a record, a label or a dataset version of the model has the image with this SHA-256.

    Images of pools and of dataset versions are kept when their records are deleted.
    """
    query = select(records.c.key).where(records.c.image == digest, records.c.model == model).limit(1)
    if connection.execute(query).first() is not None:
        return True
    asked = (
        select(tasks.c.key)
        .join(pools, pools.c.key == tasks.c.pool)
        .join(projects, projects.c.key == pools.c.project)
        .where(tasks.c.image == digest, projects.c.model == model)
    )
    if connection.execute(asked.limit(1)).first() is not None:
        return True
    held = (
        select(dataset_versions.c.key)
        .join(dataset_images, dataset_images.c.version == dataset_versions.c.key)
        .where(dataset_images.c.image == digest, dataset_versions.c.model == model)
    )
    return connection.execute(held.limit(1)).first() is not None
