"""Images whose records have no embedding are embedded for the assistant, once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, delete, select
from tests.services.labelling import NOON
from tests.workflows.installation import add_model, log, picture, record

from driftwheel.learning.gist_embedder import GistEmbedder
from driftwheel.services.assist.due_assistance import due_of
from driftwheel.services.assist.embed_tasks import embed_tasks, vectors_of
from driftwheel.services.label.pools.create_pool import NewPool, create_pool
from driftwheel.services.label.pools.fill_pool import PoolImage, fill_pool
from driftwheel.services.label.projects.create_project import NewClass, create_project
from driftwheel.services.measure.embed_blobs import embed_blobs
from driftwheel.services.measure.embedding_space import fixed_space
from driftwheel.services.measure.measurers import Measurers
from driftwheel.store.assist.assistants import assistance_of, set_assistance
from driftwheel.store.assist.task_embeddings import tasks_to_embed
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.schema.assist_tables import image_embeddings
from driftwheel.store.schema.tables import records

SPACE = fixed_space(GistEmbedder())


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs.open(str(tmp_path / "blobs"))


def test_images_without_an_embedding_get_one_and_others_are_left_alone(
    shared_database: Engine, blobs: Blobs
) -> None:
    engine = shared_database
    name = f"embedded on {engine.dialect.name}"
    model = add_model(engine, name=name)
    images = [picture(n) for n in range(4)]
    log(engine, blobs, model, [record(f"r{n}", image, model=name) for n, image in enumerate(images)])
    log(engine, blobs, model, [record("damaged", b"\x89PNG\r\n\x1a\n", model=name)])
    classes = [NewClass("cat"), NewClass("dog")]
    project = create_project(engine, name, name, "class", classes, by="lead", now=NOON)
    pool = create_pool(engine, project.key, NewPool("first"), by="lead", now=NOON)
    chosen = [PoolImage(one) for one in ("r0", "r1", "r2", "r3", "damaged")]
    fill_pool(engine, project.key, pool.key, chosen, by="lead", now=NOON)
    with writing(engine) as connection:  # the record is gone, its image is kept for the pool
        connection.execute(delete(records).where(records.c.model == model.key, records.c.id == "r3"))
        set_assistance(connection, project.key, tried=30)
    with reading(engine) as connection:
        assert due_of(connection, project).embed
    assert embed_tasks(engine, blobs, Measurers(blobs), project.key, threads=1) is False
    with reading(engine) as connection:
        found = tasks_to_embed(connection, project.key, model.key, SPACE.name, after_key=0, limit=9)
        kept = connection.execute(
            select(image_embeddings.c.image).where(image_embeddings.c.project == project.key)
        ).all()
        assert not due_of(connection, project).embed
        assert assistance_of(connection, project.key).space == SPACE.name
    assert [one.embedding is None for one in found] == [False] * 4 + [True]
    assert len(kept) == 4
    expected = SPACE.place(embed_blobs(blobs, GistEmbedder(), [one.image for one in found[:4]]))
    np.testing.assert_array_equal(
        vectors_of([one.embedding or b"" for one in found[:4]]), expected.astype(np.float32)
    )
