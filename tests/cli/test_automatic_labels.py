"""`driftwheel labels automatic`, from the sample to giving it all back."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Administer
from tests.services.assist_animals import animals

from driftwheel.errors import UsageError
from driftwheel.store.assist.automatic_runs import checked_tasks
from driftwheel.store.engine.database import open_database, reading


def test_it_begins_is_shown_and_is_undone(administer: Administer, data: Path) -> None:
    engine = open_database(f"sqlite:///{data / 'driftwheel.sqlite'}")
    zoo = animals(engine, 300, apart=8.0)  # the sample is drawn by chance: nothing may depend on it
    words = ("labels", "automatic", zoo.work.project.name)
    assert administer(*words).output.startswith("Nothing was labelled automatically yet.")
    with pytest.raises(UsageError, match="no assistant yet"):
        raise administer(*words, "--bound", "0.1").exception or AssertionError
    zoo.label(60)
    zoo.train()
    begun = administer(*words, "--bound", "0.1", "--sample", "150")
    assert begun.output.splitlines() == [
        "run 1: sampling, at most 10.00% wrong with 95% certainty",
        "  People answer 150 of 240 waiting tasks, drawn at random.",
        "  sample: 0 of 150 answered",
    ]
    with reading(engine) as connection:
        sample = {one.task for one in checked_tasks(connection, 1, "sample")}
    zoo.finish([one for one in zoo.work.tasks() if one.key in sample])
    zoo.go_on(1)
    shown = administer(*words).output
    assert "run 1: auditing" in shown
    assert "  accepted: " in shown
    assert "run 1: undoing" in administer(*words, "--undo", "1").output
    for more, message in ((("--undo", "7"), "has no run 7"), (("--undo", "1", "--bound", "0.1"), "not both")):
        with pytest.raises(UsageError, match=message):
            raise administer(*words, *more).exception or AssertionError
    engine.dispose()
