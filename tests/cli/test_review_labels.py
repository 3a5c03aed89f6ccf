"""The review queue on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Administer
from tests.services.labelling import Labelling, labelling

from driftwheel.errors import UsageError
from driftwheel.store.engine.database import open_database


def disputed(data: Path, answer: str = "class", *said: object) -> tuple[Labelling, list[int]]:
    """A project whose tasks were answered in two ways, and those tasks."""
    work = labelling(open_database(f"sqlite:///{data / 'driftwheel.sqlite'}"), 2, answer=answer, overlap=2)
    for name, one in zip(("ann", "bob"), said, strict=True):
        for given in work.ask(name, 2):
            work.say(name, given.task, one)  # type: ignore[arg-type]
    tasks = [one.key for one in work.tasks() if one.review]
    work.engine.dispose()
    return work, tasks


def test_the_queue_is_listed_and_decided_of(administer: Administer, data: Path) -> None:
    work, (first, second) = disputed(data, "class", "cat", "dog")
    name = work.project.name
    listed = administer("labels", "review", name)
    assert listed.exit_code == 0, listed.output
    lines = listed.output.splitlines()
    assert lines[0].startswith("2 tasks wait: 2 ")
    assert lines[1].startswith(f"task {first}: i0: ")
    assert lines[2:4] == ["  ann: cat", "  bob: dog"]
    done = administer("labels", "decide", name, first, "edit", "--label", "dog", "--reason", "a tail")
    assert done.output == f"task {first}: dog, and that is final\n"
    done = administer("labels", "decide", name, second, "reject")
    assert done.output == f"task {second}: goes back to be labelled by others\n"
    assert administer("labels", "review", name, "--why", "disputed").output == "0 tasks wait\n"
    for words, said in (
        ((first, "accept"), "has decided of the task"),
        ((first, "edit"), "Give the right class"),
        ((first, "edit", "--label", "dgo", "--anew"), "Did you mean 'dog'"),
        ((first, "accept", "--label", "dog"), "say 'edit' to give another label"),
        ((999, "accept"), "has no task 999"),
    ):
        with pytest.raises(UsageError, match=said):
            raise administer("labels", "decide", name, *words).exception or AssertionError


def test_boxes_are_given_as_json(administer: Administer, data: Path) -> None:
    box = {"class": "cat", "x": 1, "y": 2, "w": 30, "h": 40}
    work, (first, *_) = disputed(data, "boxes", {"boxes": [box]}, {"boxes": []})
    name = work.project.name
    text = '[{"class": "dog", "x": 5, "y": 6, "w": 7, "h": 8}]'
    done = administer("labels", "decide", name, first, "edit", "--boxes", text)
    assert done.output == f"task {first}: dog at 5, 6, and that is final\n"
    with pytest.raises(UsageError, match="Give the right boxes"):
        raise administer("labels", "decide", name, first, "edit", "--anew").exception or AssertionError
