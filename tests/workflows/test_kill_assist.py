"""A worker that is killed while it accepts labels accepts all of them all the same, each once."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from tests.services.assist_animals import animals
from tests.workflows.killing import run_program

from driftwheel.services.assist.begin_automatic import begin_automatic
from driftwheel.store.assist.automatic_runs import checked_tasks, count_roles, run_by_key
from driftwheel.store.engine.database import open_database, reading
from driftwheel.store.labels.label_sources import count_sources

pytestmark = pytest.mark.long


def test_killed_while_it_accepts(migrated_sqlite: Path, tmp_path: Path) -> None:
    path = tmp_path / "driftwheel.sqlite"
    shutil.copyfile(migrated_sqlite, path)
    engine = open_database(f"sqlite:///{path}")
    zoo = animals(engine, 900)
    zoo.label(60)
    zoo.train()
    rng = np.random.default_rng(0)
    at = zoo.work
    begun = begin_automatic(engine, zoo.project, at.pool, bound=0.1, by="lead", now=at.now, rng=rng)
    with reading(engine) as connection:
        sample = {one.task for one in checked_tasks(connection, begun.key, "sample")}
    zoo.finish([one for one in at.tasks() if one.key in sample])
    words = ("tests.workflows.assist_through", f"sqlite:///{path}", str(tmp_path))
    killed = run_program(*words, crash_at="automatic-accepted:2")  # the first 500 are accepted by then
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with reading(engine) as connection:
        half = count_roles(connection, begun.key)["accepted"]
    done = run_program(*words, crash_at=None)
    assert (done.returncode, done.stderr) == (0, "")
    with reading(engine) as connection:
        found = run_by_key(connection, begun.key)
        roles = count_roles(connection, begun.key)
        marked = count_sources(connection, [at.pool], "automatic")
    assert found is not None
    assert found.state == "auditing"
    assert 0 < half < roles["accepted"] == marked == found.numbers["accepted"]
    labelled = [one for one in at.tasks() if one.state == "done"]
    assert at.state().done == len(labelled) == 60 + len(sample) + marked
    engine.dispose()
