"""What becomes of the versions that were there before there were champions."""

from __future__ import annotations

from datetime import UTC, datetime

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from driftwheel.store import migrations
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.engine.migrate import migrate
from driftwheel.store.models.models import find_model, list_versions
from driftwheel.store.release.aliases import find_alias
from driftwheel.store.release.promotions import list_promotions

SCRIPTS = ScriptDirectory(str(next(iter(migrations.__path__))))


def at_release(engine: Engine, revision: str) -> None:
    with writing(engine) as connection:
        environment = EnvironmentContext(
            Config(), SCRIPTS, fn=lambda found, context: SCRIPTS._upgrade_revs(revision, found)
        )
        environment.configure(connection=connection, render_as_batch=True)
        with environment:
            environment.run_migrations()


def test_the_newest_version_of_every_model_becomes_its_champion(empty_database: Engine) -> None:
    at_release(empty_database, "r0009")
    with writing(empty_database) as connection:
        for key, name in ((1, "cats"), (2, "dogs"), (3, "none yet")):
            connection.execute(
                text(
                    'INSERT INTO models (key, name, task, classes, "window", segment_tags, embedder, '
                    "keep_images, created, false_alarms_per_year) VALUES (:key, :name, 'classification', "
                    "'[]', 'day', '[]', 'gist', 1, 0, 1)"
                ),
                {"key": key, "name": name},
            )
        for key, model, name in ((1, 1, "v1"), (2, 2, "v1"), (3, 1, "v2")):
            connection.execute(
                text(
                    "INSERT INTO model_versions (key, model, name, created) VALUES (:key, :model, :name, :at)"
                ),
                {"key": key, "model": model, "name": name, "at": key * 1_000_000},
            )
    migrate(empty_database)
    with reading(empty_database) as connection:
        cats, dogs = find_model(connection, "cats"), find_model(connection, "dogs")
        states = {
            (one.model, one.name): one.state for model in (1, 2) for one in list_versions(connection, model)
        }
        champions = [find_alias(connection, model, "champion") for model in (1, 2, 3)]
        told = list_promotions(connection, cats.key)
    assert states == {(1, "v1"): "retired", (1, "v2"): "champion", (2, "v1"): "champion"}
    assert [None if one is None else one.version for one in champions] == [3, 2, None]
    assert champions[0] is not None
    assert champions[0].since == datetime(1970, 1, 1, 0, 0, 3, tzinfo=UTC)
    assert [(one.version, one.kind, one.before) for one in told] == [(3, "first", None)]
    assert dogs.key == 2
