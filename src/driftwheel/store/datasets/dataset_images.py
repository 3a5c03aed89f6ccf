"""The blobs that dataset versions name: nobody deletes them as long as one does.

A name comes before the blob: what is noted here is not deleted from then on, as whoever deletes a blob
looks once more when it can no longer be seen (`driftwheel.store.files.blobs.Blobs.delete`). So a blob that is
put, or found to be there, after its name is committed, stays.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select

from driftwheel.store.engine.upsert import upsert
from driftwheel.store.schema.dataset_tables import dataset_blobs, dataset_images, dataset_versions
from driftwheel.store.schema.label_tables import pools, projects, tasks
from driftwheel.store.schema.tables import records

__all__ = ["hold_blob", "hold_images", "images_named", "let_go_of_images"]

_CHUNK = 500


def hold_images(connection: Connection, version: int, images: Sequence[bytes]) -> None:
    """Note that a version that is being made names these images; told again, nothing changes."""
    statement = upsert(connection.dialect.name, dataset_images)
    once = statement.on_conflict_do_nothing(index_elements=["image", "version"])
    for begin in range(0, len(images), _CHUNK):
        rows = [{"image": image, "version": version} for image in images[begin : begin + _CHUNK]]
        connection.execute(once, rows)


def let_go_of_images(connection: Connection, version: int, images: Sequence[bytes]) -> None:
    """Note that a version that is being made does not name these images after all."""
    for begin in range(0, len(images), _CHUNK):
        part = images[begin : begin + _CHUNK]
        chosen = (dataset_images.c.version == version, dataset_images.c.image.in_(part))
        connection.execute(delete(dataset_images).where(*chosen))


def hold_blob(connection: Connection, version: int, number: int, blob: bytes) -> None:
    """Note a blob that a version that is being made is going to put: 0 its head, from 1 its parts."""
    connection.execute(insert(dataset_blobs).values(version=version, number=number, blob=blob))


def images_named(connection: Connection, model: int, images: Sequence[bytes]) -> set[bytes]:
    """Return those of these images that a record, a task or a version of a model that is ready names."""
    own = select(pools.c.key).join(projects, projects.c.key == pools.c.project)
    ready = select(dataset_versions.c.key).where(
        dataset_versions.c.model == model, dataset_versions.c.number.is_not(None)
    )
    # Whose they are is looked at here: asked for both, SQLite goes through all records of the model.
    places = (
        (records.c.image, records.c.model, {model}),
        (
            tasks.c.image,
            tasks.c.pool,
            set(connection.execute(own.where(projects.c.model == model)).scalars()),
        ),
        (dataset_images.c.image, dataset_images.c.version, set(connection.execute(ready).scalars())),
    )
    found: set[bytes] = set()
    for begin in range(0, len(images), _CHUNK):
        part = images[begin : begin + _CHUNK]
        for column, whose, known in places:
            if wanted := [one for one in part if one not in found]:
                rows = connection.execute(select(column, whose).where(column.in_(wanted)))
                found |= {image for image, key in rows if key in known}
    return found
