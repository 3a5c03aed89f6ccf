"""`driftwheel alerts`, as whoever is on duty gives it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.cli.conftest import Administer
from tests.services.alerting import fire, model

from driftwheel.errors import UsageError
from driftwheel.store.engine.database import open_database


@pytest.fixture(autouse=True)
def alert(data: Path) -> int:
    engine = open_database(f"sqlite:///{data / 'driftwheel.sqlite'}")
    cats = model(engine)
    fire(engine, cats, 2, severity="info", tag="camera", value="2")
    key = fire(engine, cats).key
    engine.dispose()
    return key


def test_listed_and_shown(administer: Administer, alert: int) -> None:
    rows = json.loads(administer("alerts", "list", "--json").output)["alerts"]
    assert [(one["key"], one["severity"], one["segment"]) for one in rows] == [
        (alert, "critical", None),
        (alert - 1, "info", "camera=2"),
    ]
    assert rows[0]["what"]
    assert (
        json.loads(administer("alerts", "list", "--severity", "info", "--json").output)["alerts"] == rows[1:]
    )
    assert administer("alerts", "list", "--state", "ended").output == "There are no alerts.\n"
    listed = administer("alerts", "list").output.splitlines()
    assert listed[0].split() == ["key", "model", "alert", "segment", "severity", "state", "since"]
    shown = administer("alerts", "show", alert).output
    assert "severity: critical" in shown
    assert "What went wrong: " in shown
    plain = json.loads(administer("alerts", "show", alert, "--json").output)
    assert plain["alert"] == rows[0]
    assert plain["message"]["wrong"]


def test_acknowledged_snoozed_woken_and_closed(administer: Administer, alert: int) -> None:
    said = administer("alerts", "acknowledge", alert, "--note", "on it").output
    assert said == "Acknowledged the alert 'drift'; its end is still told.\n"
    assert administer("alerts", "snooze", alert, "--for", "4h").output.startswith(
        "Snoozed the alert 'drift' until"
    )
    (one,) = json.loads(administer("alerts", "list", "--state", "snoozed", "--json").output)["alerts"]
    assert one["acknowledged_by"].endswith("(cli)")
    assert administer("alerts", "unsnooze", alert).output == "The snooze of the alert 'drift' is over.\n"
    assert (
        administer(
            "alerts", "snooze", alert, "--until", f"{datetime.now(UTC) + timedelta(300):%Y-%m-%d}"
        ).exit_code
        == 0
    )
    closed = administer("alerts", "close", alert, alert - 1, "--reason", "a known thing")
    assert closed.output == "Closed the alert 'drift'.\n" * 2
    assert (
        administer("alerts", "list").output
        == "No alert is open. See those that ended: driftwheel alerts list --state ended\n"
    )
    (_, ended) = json.loads(administer("alerts", "list", "--state", "closed", "--json").output)["alerts"]
    assert ended["state"] == "closed"


def test_mistakes_are_told(administer: Administer, alert: int) -> None:
    for words, said in (
        (("show", 99), "There is no alert 99; its model may have been deleted. List them: driftwheel alerts"),
        (("acknowledge", 99), "There is no alert 99"),
        (("snooze", alert), "A snooze has one end"),
        (("snooze", alert, "--for", "soon"), "'soon' is no span of time"),
        (("snooze", alert, "--until", "2026-01-01"), "is past"),
        (("list", "--state", "opn"), "There is no state of alerts 'opn'.*Did you mean 'open'"),
        (("list", "--severity", "loud"), "There is no severity 'loud'"),
        (("list", "--model", "cts"), "Did you mean 'cats'"),
    ):
        failed = administer("alerts", *words)
        assert isinstance(failed.exception, UsageError), words
        assert said.split(".*")[0] in str(failed.exception)
        assert said.split(".*")[-1] in str(failed.exception)
