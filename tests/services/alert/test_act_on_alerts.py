from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine
from tests.services.judged_days import BEGIN, Watched, watched

from driftwheel.errors import UsageError
from driftwheel.services.alert.acknowledge_alert import acknowledge_alert
from driftwheel.services.alert.close_alerts import close_alerts
from driftwheel.services.alert.snooze_alert import snooze_alert, unsnooze_alert
from driftwheel.store.engine.database import reading
from driftwheel.store.operate.audit import AuditEntry, list_audit

HOUR = timedelta(hours=1)
DRIFT = {"drift": 1.0}


@pytest.fixture
def its(database: Engine) -> Watched:
    """A model with a firing alert that channels know of."""
    its = watched(database)
    its.monitor("drift", "drift is found")
    its.judge(0, whole=DRIFT)
    its.told()
    return its


def last_audit(its: Watched) -> AuditEntry:
    with reading(its.engine) as connection:
        return list_audit(connection, limit=1)[0]


def test_acknowledged_it_is_known_who_is_on_it(its: Watched) -> None:
    key, now = its.episodes()[0].key, its.at(0) + HOUR
    after = acknowledge_alert(its.engine, key, by="me", note="on it", now=now)
    assert its.episodes() == [after]
    assert (after.acknowledged, after.acknowledged_by, after.acknowledged_note) == (now, "me", "on it")
    assert its.told()
    said = last_audit(its)
    assert (said.by, said.action, said.target) == ("me", "acknowledge alert", "m")
    assert said.details == {"alert": key, "monitor": "drift", "note": "on it"}


def test_snoozed_and_woken(its: Watched) -> None:
    key, now = its.episodes()[0].key, its.at(0) + HOUR
    after = snooze_alert(its.engine, key, until=now + HOUR, by="me", now=now)
    assert its.episodes() == [after]
    assert after.snoozed_until == now + HOUR
    assert its.told()
    with pytest.raises(UsageError, match="is past"):
        snooze_alert(its.engine, key, until=now, by="me", now=now)
    woken = unsnooze_alert(its.engine, key, by="me", now=now + HOUR / 2)
    assert its.episodes() == [woken]
    assert its.told()
    assert last_audit(its).action == "unsnooze alert"


def test_closed_it_stays_closed_until_another_window_is_in_breach(its: Watched) -> None:
    key = its.episodes()[0].key
    with pytest.raises(UsageError, match="closed for a reason"):
        close_alerts(its.engine, [key], reason=" ", by="me", now=its.at(0))
    (after,) = close_alerts(its.engine, [key], reason="known", by="me", now=its.at(0))
    assert its.episodes() == [after]
    assert (after.state, after.reason, after.ended) == ("closed", "known", its.at(0))
    assert its.told()
    its.judge(0, whole=DRIFT)
    assert its.states() == [("drift", "", "closed")]
    its.judge(1, whole=DRIFT)
    assert its.states() == [("drift", "", "closed"), ("drift", "", "firing")]
    with pytest.raises(UsageError, match="cannot be closed any more"):
        close_alerts(its.engine, [its.episodes()[1].key, key], reason="known", by="me", now=its.at(1))
    assert its.states()[1][2] == "firing"  # all or none


def test_what_it_explained_is_told_when_it_is_closed(its: Watched) -> None:
    its.monitor("mix", "prediction_mix above 0.2")
    its.judge(1, whole={"drift": 1.0, "prediction_mix": 0.5})
    drift, mix = its.episodes()
    assert mix.inhibited_by == drift.key
    close_alerts(its.engine, [drift.key], reason="known", by="me", now=its.at(1))
    assert its.episodes()[1].inhibited_by is None


def test_an_alert_that_is_not_there(its: Watched) -> None:
    with pytest.raises(UsageError, match="There is no alert 99"):
        acknowledge_alert(its.engine, 99, by="me", now=BEGIN)
    with pytest.raises(UsageError, match="There is no alert 99"):
        close_alerts(its.engine, [99], reason="x", by="me", now=BEGIN)
