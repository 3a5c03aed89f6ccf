"""`driftwheel webhooks`, as whoever looks after the server gives it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Administer
from tests.notify.receivers import webhook
from tests.services.labelling import labelling

from driftwheel.errors import DriftwheelError, UsageError
from driftwheel.store.engine.database import open_database


@pytest.fixture
def project(data: Path) -> str:
    engine = open_database(f"sqlite:///{data / 'driftwheel.sqlite'}")
    work = labelling(engine, 1)
    engine.dispose()
    return work.project.name


def test_a_webhook_is_added_tried_and_removed(
    administer: Administer, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIFTWHEEL_ALLOW_PRIVATE_CHANNELS", "true")
    with webhook() as hook:
        url = f"http://127.0.0.1:{hook.port}/s3cret"
        added = administer("webhooks", "add", project, "-", "--event", "pool.closed", typed=url + "\n")
        assert added.output.startswith(
            f"Added the webhook 1. Try it: driftwheel webhooks test '{project}' 1\n"
        )
        assert "whsec_" in added.output
        tried = administer("webhooks", "test", project, 1)
        assert (tried.exit_code, tried.output) == (0, "The webhook 1 has taken it: 200.\n")
        hook.status = 500
        failed = administer("webhooks", "test", project, 1)
    assert isinstance(failed.exception, DriftwheelError)
    assert "answered 500" in str(failed.exception)
    (one,) = json.loads(administer("webhooks", "list", project, "--json").output)["webhooks"]
    assert (one["events"], one["on"], "s3cret" in str(one)) == (["pool.closed"], True, False)
    sent = json.loads(administer("webhooks", "deliveries", project, 1, "--json").output)["deliveries"]
    assert [(each["event"], each["state"], each["status"]) for each in sent] == [
        ("ping", "dead", 500),
        ("ping", "sent", 200),
    ]
    assert "whsec_" in administer("webhooks", "change", project, 1, "--off", "--new-secret").output
    assert "Removed the webhook 1." in administer("webhooks", "remove", project, 1).output
    assert administer("webhooks", "list", project).output.startswith("There are no webhooks.")


def test_a_mistake_is_told(administer: Administer, project: str) -> None:
    for words, said in (
        (("add", project, "http://127.0.0.1/"), "not an address of the public internet"),
        (("list", "anmals"), "There is no labelling project 'anmals'"),
        (("test", project, 7), "has no webhook with the key 7"),
        (("deliveries", project, 7), "has no webhook with the key 7"),
    ):
        failed = administer("webhooks", *words)
        assert isinstance(failed.exception, UsageError), words
        assert said in str(failed.exception)
