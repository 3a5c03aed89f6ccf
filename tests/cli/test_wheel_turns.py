"""`driftwheel wheel turns`, `turn`, `begin`, `answer` and `stop`."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Administer

FILE = """
[models.cats]
task = "classification"
classes = ["cat", "dog"]
embedder = "none"
"""


def test_a_turn_is_begun_shown_and_stopped(administer: Administer, data: Path) -> None:
    del data
    administer("apply", "-", typed=FILE)
    assert administer("wheel", "turns", "cats").output == (
        "There are no turns. Begin one: driftwheel wheel begin cats\n"
    )
    assert "'cats' has had no turn yet." in str(administer("wheel", "turn", "cats").exception)
    begun = administer("wheel", "begin", "cats", "--cause", "The lens was changed.")
    assert begun.output.startswith("Turn 1 has begun; a worker takes it up.")
    told = administer("wheel", "turn", "cats").output.splitlines()
    assert told[0] == "Turn 1 of cats: choose images."
    assert told[1].endswith(": The lens was changed.")
    assert "choose images  running" in " ".join(told)
    early = administer("wheel", "answer", "cats", "promote")
    assert "waits for no answer" in str(early.exception)
    assert "not 'promot'. Did you mean 'promote'?" in str(
        administer("wheel", "answer", "cats", "promot").exception
    )
    stopped = administer("wheel", "stop", "cats", "--reason", "Enough.")
    assert stopped.output == "Turn 1 of cats is stopped.\n"
    (row,) = json.loads(administer("wheel", "turns", "cats", "--json").output)["turns"]
    assert (row["turn"], row["state"], row["labels"]) == (1, "stopped", 0)
    assert row["why"].endswith("Enough.")
    (step,) = json.loads(administer("wheel", "turn", "cats", "1", "--json").output)["steps"]
    assert (step["what"], step["state"]) == ("choose images", "skipped")
    assert "has no turn 2; it has 1 to 1" in str(administer("wheel", "stop", "cats", "2").exception)
