"""Embed the images of a project's tasks whose records have no embedding that the assistant can read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine

from driftwheel.learning.embedder import Embedder
from driftwheel.learning.load_embedder import load_embedder
from driftwheel.services.measure.embed_blobs import embed_blobs
from driftwheel.services.measure.embedding_space import EmbeddingSpace, fixed_space
from driftwheel.services.measure.measurers import Measurers
from driftwheel.services.measure.packed_records import pack_embedding
from driftwheel.store.assist.assistants import assistance_of, set_assistance
from driftwheel.store.assist.task_embeddings import put_embeddings, tasks_to_embed
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.labels.projects import Project, project_by_key

__all__ = ["ProjectSpace", "embed_tasks", "space_of_project", "vectors_of"]

_AT_ONCE = 256  # images that are embedded between two looks at the database


@dataclass(frozen=True, slots=True, eq=False)
class ProjectSpace:
    """The space that the embeddings of a project lie in, and what makes them."""

    embedder: Embedder
    space: EmbeddingSpace


def space_of_project(connection: Connection, measurers: Measurers, project: Project) -> ProjectSpace | None:
    """Return the space of the model's records; where the model has no embedder, that of ``auto``.

    None where the model is gone.

    Raises
    ------
    UsageError
        When the model's embedder cannot be used here.
    OSError
        When the blobs cannot be read now.
    """
    measurer = measurers.of(connection, project.model)
    if measurer is None:
        return None
    if measurer.embedder is not None and measurer.space is not None:
        return ProjectSpace(measurer.embedder, measurer.space)
    embedder = load_embedder("auto")
    return None if embedder is None else ProjectSpace(embedder, fixed_space(embedder))


def embed_tasks(
    engine: Engine, blobs: Blobs, measurers: Measurers, project: int, *, threads: int | None = None
) -> bool:
    """Embed the images of the next tasks of a project that need it; return whether there may be more.

    How far it is stays in the database. An image that cannot be read is passed over: its tasks have no
    pre-label. In a new space, after another reference or embedder, it begins anew.

    Raises
    ------
    UsageError
        When the model's embedder cannot be used here.
    OSError
        When the blobs cannot be read now.
    """
    with reading(engine) as connection:
        found = project_by_key(connection, project)
        space = None if found is None else space_of_project(connection, measurers, found)
        if found is None or space is None:
            return False
        state = assistance_of(connection, project)
        after = state.embedded if state.space == space.space.name else 0
        tasks = tasks_to_embed(
            connection, project, found.model, space.space.name, after_key=after, limit=_AT_ONCE
        )
    missing = [one for one in tasks if one.embedding is None]
    vectors = embed_blobs(blobs, space.embedder, [one.image for one in missing], threads=threads)
    known = np.flatnonzero(np.isfinite(vectors).all(axis=1))
    placed = space.space.place(vectors[known])
    rows = [(missing[i].image, pack_embedding(row)) for i, row in zip(known, placed, strict=True)]
    last = tasks[-1].key if tasks else after
    with writing(engine) as connection:
        put_embeddings(connection, project, space.space.name, rows)
        set_assistance(connection, project, embedded=last, space=space.space.name)
    return len(tasks) == _AT_ONCE


def vectors_of(packed: list[bytes]) -> NDArray[np.float32]:
    """Return (n, d) embeddings of n packed ones of one space."""
    if not packed:
        return np.zeros((0, 0), np.float32)
    return np.frombuffer(b"".join(packed), "<f2").astype(np.float32).reshape(len(packed), -1)
