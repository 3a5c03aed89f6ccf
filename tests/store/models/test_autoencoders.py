from __future__ import annotations

from sqlalchemy import Engine
from tests.store.rows import NOON, digest

from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.autoencoders import (
    autoencoder_by_key,
    create_autoencoder,
    current_autoencoder,
    list_autoencoders,
    remove_autoencoders,
    set_autoencoder_failed,
    set_autoencoder_ready,
    training_autoencoders,
)
from driftwheel.store.models.models import Model
from driftwheel.store.models.references import create_reference
from driftwheel.store.records.retention import unused_digests


def test_the_newest_that_is_ready_looks_until_it_is_removed(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        assert current_autoencoder(connection, model.key) is None
        reference = create_reference(
            connection, model.key, kind="folder", source={}, created=NOON, by="me"
        ).key
        given, first, second = (
            create_autoencoder(
                connection,
                model.key,
                reference=reference,
                artifact=artifact,
                settings=settings,
                created=NOON,
                by="me",
            )
            for artifact, settings in ((digest("a"), None), (None, {"side": 8}), (None, {"side": 16}))
        )
        assert (given.state, given.settings) == ("ready", None)
        assert training_autoencoders(connection) == [first, second]
        assert current_autoencoder(connection, model.key) == given
        set_autoencoder_failed(connection, second.key, "Too few images.")
        set_autoencoder_ready(connection, second.key, digest("late"))  # it has failed already
        set_autoencoder_ready(connection, first.key, digest("b"))
    with reading(database) as connection:
        current = current_autoencoder(connection, model.key)
        assert current is not None
        assert (current.key, current.artifact, current.settings) == (first.key, digest("b"), {"side": 8})
        failed = autoencoder_by_key(connection, second.key)
        assert failed is not None
        assert (failed.state, failed.reason, failed.artifact) == ("failed", "Too few images.", None)
        assert training_autoencoders(connection) == []
        assert unused_digests(connection, [digest("a"), digest("b"), digest("c")]) == {digest("c")}
    with writing(database) as connection:
        assert remove_autoencoders(connection, model.key) == 2
        assert current_autoencoder(connection, model.key) is None
        states = [one.state for one in list_autoencoders(connection, model.key)]
        assert states == ["failed", "removed", "removed"]
        assert remove_autoencoders(connection, model.key) == 0


def test_one_that_is_removed_while_it_is_trained_stays_so(database: Engine, model: Model) -> None:
    with writing(database) as connection:
        reference = create_reference(
            connection, model.key, kind="folder", source={}, created=NOON, by="me"
        ).key
        made = create_autoencoder(
            connection, model.key, reference=reference, artifact=None, created=NOON, by="me"
        )
        remove_autoencoders(connection, model.key)
        set_autoencoder_ready(connection, made.key, digest("a"))
        assert current_autoencoder(connection, model.key) is None
