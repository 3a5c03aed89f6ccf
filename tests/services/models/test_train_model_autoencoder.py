"""Autoencoders that a worker trains: from a folder or from records, asked for once, and in use at the end."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from tests.learning.digits import need_training
from tests.services.grey_autoencoder import grey_autoencoder
from tests.workflows.installation import NOW, add_model, log, picture, record

from driftwheel.errors import UsageError
from driftwheel.learning.autoencoder import open_autoencoder
from driftwheel.services.alert.begin_watching import begin_watching
from driftwheel.services.measure.measure_received import measure_received
from driftwheel.services.measure.measurers import Measurers
from driftwheel.services.models.set_autoencoder import remove_autoencoder
from driftwheel.services.models.train_model_autoencoder import (
    AutoencoderWish,
    ask_for_autoencoder,
    fail_autoencoder,
    finish_autoencoder,
    train_model_autoencoder,
)
from driftwheel.store.alerts.monitors import list_monitors
from driftwheel.store.engine.database import open_database, reading, writing
from driftwheel.store.engine.migrate import migrate
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.autoencoders import current_autoencoder
from driftwheel.store.models.models import Model
from driftwheel.store.models.references import ReferenceKind, create_reference, set_reference_ready

WISH = AutoencoderWish(side=8, colour=False, latent=4)


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs.open(str(tmp_path / "blobs"))


def refer(engine: Engine, model: Model, kind: ReferenceKind, source: dict[str, object]) -> int:
    with writing(engine) as connection:
        made = create_reference(connection, model.key, kind=kind, source=source, created=NOW, by="me")
        set_reference_ready(connection, made.key, None)
    begin_watching(engine, made.key, now=NOW)
    return made.key


def nothing() -> None:
    """Look at nothing."""


def test_it_is_asked_for_once_at_a_time(database: Engine, blobs: Blobs) -> None:
    model = add_model(database)
    with pytest.raises(UsageError, match="has no reference that is ready"):
        ask_for_autoencoder(database, "m", WISH, by="me", now=NOW)
    reference = refer(database, model, "folder", {"images": "/nowhere"})
    first = ask_for_autoencoder(database, "m", WISH, by="me", now=NOW)
    assert (first.state, first.reference) == ("training", reference)
    with pytest.raises(UsageError, match="An autoencoder of 'm' is in training already"):
        ask_for_autoencoder(database, "m", WISH, by="me", now=NOW)
    fail_autoencoder(database, first.key, "no")
    second = ask_for_autoencoder(database, "m", WISH, by="me", now=NOW)
    artifact = blobs.put(grey_autoencoder([picture(1)]))
    for _ in range(2):  # a worker that is killed may do it again
        assert finish_autoencoder(database, blobs, second.key, artifact, now=NOW)
    with reading(database) as connection:
        current = current_autoencoder(connection, model.key)
        monitors = [one.name for one in list_monitors(connection, model.key)]
    assert current is not None
    assert (current.key, current.artifact) == (second.key, artifact)
    assert monitors.count("reconstruction") == 1
    third = ask_for_autoencoder(database, "m", WISH, by="me", now=NOW)
    remove_autoencoder(database, "m", by="me", now=NOW)
    assert train_model_autoencoder(database, blobs, third.key, now=NOW, look=nothing) is None


def test_what_cannot_be_trained_is_refused_at_once() -> None:
    with pytest.raises(UsageError, match="The side of an autoencoder is 4; give a whole number from 8"):
        AutoencoderWish(side=4)
    with pytest.raises(UsageError, match="noise is 3; give a number from 0 to 2"):
        AutoencoderWish(noise=3)


def test_it_learns_a_folder_or_records_and_says_which(tmp_path: Path, blobs: Blobs) -> None:
    need_training()
    engine = open_database(f"sqlite:///{tmp_path}/driftwheel.sqlite")
    migrate(engine)
    model = add_model(engine, embedder="none")
    folder = tmp_path / "images"
    folder.mkdir()
    images = [picture(i, (12, 12)) for i in range(120)]
    for i, image in enumerate(images):
        (folder / f"{i}.png").write_bytes(image)
    refer(engine, model, "folder", {"images": str(folder), "name_pattern": None})
    asked = ask_for_autoencoder(engine, "m", WISH, by="me", now=NOW)
    artifact = train_model_autoencoder(engine, blobs, asked.key, now=NOW, look=nothing, threads=2)
    assert artifact is not None
    facts = open_autoencoder(blobs.get(artifact)).facts
    assert (facts.shape, facts.reference) == (WISH.shape, str(folder))
    assert (facts.n_fit + facts.n_stopping + len(facts.held_out_errors), facts.held_out_blocks) == (120, None)
    remove_autoencoder(engine, "m", by="me", now=NOW)
    log(
        engine,
        blobs,
        model,
        [record(f"{i}", image, NOW + timedelta(minutes=5 * i), camera="a") for i, image in enumerate(images)],
    )
    while measure_received(engine, blobs, Measurers(blobs), now=NOW, threads=1).taken:
        pass
    since, until = NOW, NOW + timedelta(days=1)
    refer(engine, model, "range", {"since": since.isoformat(), "until": until.isoformat()})
    asked = ask_for_autoencoder(engine, "m", WISH, by="me", now=NOW)
    artifact = train_model_autoencoder(engine, blobs, asked.key, now=NOW, look=nothing, threads=1)
    assert artifact is not None
    facts = open_autoencoder(blobs.get(artifact)).facts
    assert facts.reference == "records from 2026-03-04 12:00 to 2026-03-05 12:00 UTC"
    assert facts.held_out_blocks is not None
    assert len(set(facts.held_out_blocks.tolist())) >= 2  # whole hours
    engine.dispose()


def test_a_time_without_images_cannot_be_learnt(tmp_path: Path, blobs: Blobs) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/driftwheel.sqlite")
    migrate(engine)
    model = add_model(engine)
    begun = NOW.isoformat()
    refer(engine, model, "range", {"since": begun, "until": (NOW + timedelta(days=1)).isoformat()})
    asked = ask_for_autoencoder(engine, "m", WISH, by="me", now=NOW)
    with pytest.raises(UsageError, match=r"No image of the records from 2026-03-04 12:00 .* is kept"):
        train_model_autoencoder(engine, blobs, asked.key, now=NOW, look=nothing)
    engine.dispose()
