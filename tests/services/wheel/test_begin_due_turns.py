"""What begins a turn by itself: alerts, accuracy and labels that are really there; what was seen is kept."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert
from tests.services.performance.labelled_days import NOON, LabelledDays, labelled_days

from driftwheel.alerts.episode import Episode
from driftwheel.errors import UsageError
from driftwheel.monitors.monitor import monitor_from
from driftwheel.services.alert.acknowledge_alert import acknowledge_alert
from driftwheel.services.alert.change_monitor import add_monitor
from driftwheel.services.alert.snooze_alert import snooze_alert
from driftwheel.services.models.register_model import add_model_version
from driftwheel.services.wheel.begin_due_turns import begin_due_turns
from driftwheel.services.wheel.begin_turn import begin_turn
from driftwheel.services.wheel.describe_wheel import WheelState, describe_wheel
from driftwheel.services.wheel.set_wheel_policy import set_wheel_policy
from driftwheel.store.alerts.episodes import add_episode
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.operate.audit import list_audit
from driftwheel.store.schema.wheel_policy_tables import wheel_policies
from driftwheel.store.wheel.sightings import sightings_of
from driftwheel.store.wheel.turns import Turn, list_turns, set_turn

DAY = timedelta(days=1)
_COUNT = itertools.count()


@dataclass
class Wheel:
    """A model whose wheel turns by itself, at a clock of its own."""

    engine: Engine
    days: LabelledDays
    blobs: Blobs

    @property
    def name(self) -> str:
        return self.days.model.name

    def allow(self, **changes: Any) -> None:
        set_wheel_policy(self.engine, self.name, changes, by="ada", now=NOON)

    def state(self, day: float) -> WheelState:
        return describe_wheel(self.engine, self.name, now=NOON + day * DAY)

    def begun(self, day: float) -> list[Turn]:
        return [
            one
            for one in begin_due_turns(self.engine, now=NOON + day * DAY)
            if one.model == self.days.model.key
        ]

    def turns(self) -> list[Turn]:
        with reading(self.engine) as connection:
            return list_turns(connection, self.days.model.key)

    def end(self, turn: Turn, day: float, outcome: str, *, labels: int = 0) -> None:
        with writing(self.engine) as connection:
            set_turn(
                connection, turn.key, ended=NOON + day * DAY, outcome=outcome, reason="So.", labels=labels
            )

    def fire(self, when: str = "drift is found", day: float = 0.0, **more: Any) -> Episode:
        number = next(_COUNT)
        name = f"monitor-{number}"
        made = add_monitor(
            self.engine, self.name, monitor_from(name, {"when": when}), origin="person", by="ada", now=NOON
        )
        moment = NOON + day * DAY
        episode = Episode(
            key=0,
            instance=number.to_bytes(32, "big"),
            model=self.days.model.key,
            monitor=made.key,
            name=name,
            revision=1,
            tag="camera",
            value="1",
            severity="warning",
            state="firing",
            began=moment,
            last_breach=moment,
            evaluated_until=moment,
            pending=moment,
            fired=moment,
        )
        with writing(self.engine) as connection:
            return add_episode(connection, replace(episode, **more), {})

    def measured(self, day: int, right: int, wrong: int) -> None:
        """Log a day of predictions of the champion, each with its truth."""
        self.days.log(day, {"cat": right + wrong})
        self.days.tell_each(day, ["cat"] * right + ["dog"] * wrong)
        self.days.sum_up()


@pytest.fixture
def wheel(shared_database: Engine, tmp_path: Any) -> Wheel:
    days = labelled_days(shared_database, f"turning-{next(_COUNT)}")
    blobs = Blobs.open(f"file://{tmp_path / 'blobs'}")
    add_model_version(shared_database, blobs, days.model.name, "1", onnx=None, by="ada", now=NOON)
    return Wheel(shared_database, days, blobs)


def test_a_drift_alert_begins_one_turn_that_keeps_what_every_trigger_saw(wheel: Wheel) -> None:
    episode = wheel.fire()
    assert wheel.begun(1) == []  # it is off
    assert wheel.state(1).decision.told.endswith("But the wheel does not turn by itself: it is off.")
    wheel.allow(enabled=True)
    (turn,) = wheel.begun(1)
    assert (turn.trigger, turn.alert, turn.by) == ("alert", episode.key, "the wheel")
    assert turn.cause == (
        f"The alert '{episode.name}' on camera=1 (warning) fires since 2026-03-04 12:00 UTC."
    )
    with reading(wheel.engine) as connection:
        seen = sightings_of(connection, turn.key)
    assert [(one.name, one.met) for one in seen] == [
        ("alert", True),
        ("performance", False),
        ("labels", False),
        ("schedule", False),
    ]
    assert seen[0].found["monitor"] == episode.name
    assert wheel.begun(1) == []  # it goes on
    assert wheel.state(1).turn == turn


@pytest.mark.parametrize("act", ["acknowledged", "snoozed", "recovering", "explained", "no drift"])
def test_an_alert_that_is_handled_or_not_about_drift_begins_none(wheel: Wheel, act: str) -> None:
    wheel.allow(enabled=True)
    if act == "no drift":
        wheel.fire("silence above 1 h")
    elif act == "explained":
        other = wheel.fire("silence above 1 h")
        wheel.fire(inhibited_by=other.key)
    elif act == "recovering":
        wheel.fire(state="recovering", recovering=NOON)
    else:
        key = wheel.fire().key
        if act == "acknowledged":
            acknowledge_alert(wheel.engine, key, by="ada", now=NOON, note="The lamp is being changed.")
        else:
            snooze_alert(wheel.engine, key, until=NOON + 2 * DAY, by="ada", now=NOON)
    assert wheel.begun(1) == []
    assert "No alert begins a turn" in wheel.state(1).decision.triggers[0].told
    if act == "snoozed":
        assert len(wheel.begun(2.5)) == 1


def test_an_alert_that_is_open_at_the_end_of_the_cool_down_begins_a_turn_then(wheel: Wheel) -> None:
    wheel.allow(enabled=True, every_days=1, cool_down_days=2)
    (first,) = wheel.begun(1)
    assert first.trigger == "schedule"
    episode = wheel.fire(day=1.5)
    wheel.end(first, 2, "kept")
    assert wheel.begun(3.9) == []
    held = wheel.state(3.9).decision
    assert held.held_back
    assert held.not_before == NOON + 4 * DAY
    (second,) = wheel.begun(4)
    assert (second.number, second.trigger, second.alert) == (2, "alert", episode.key)
    wheel.end(second, 5, "no_harm")
    wheel.allow(every_days=None)
    assert wheel.begun(9) == []  # it has been looked into
    assert "was dealt with by turn 2 (no harm shown)" in wheel.state(9).decision.triggers[0].told


def test_one_fault_of_many_alerts_is_one_turn_where_it_ends_in_a_promotion(wheel: Wheel) -> None:
    wheel.allow(enabled=True)
    wheel.fire(tag="", value="")
    (turn,) = wheel.begun(1)
    wheel.fire(day=1.5, began=NOON)
    wheel.end(turn, 2, "promoted", labels=100)
    assert wheel.begun(12) == []
    assert "was dealt with by turn 1 (promoted)" in wheel.state(12).decision.triggers[0].told
    other = wheel.fire(day=12)
    assert [one.alert for one in wheel.begun(12.5)] == [other.key]


def test_measured_accuracy_shown_to_be_below_the_bound_begins_a_turn(wheel: Wheel) -> None:
    wheel.allow(enabled=True, accuracy_below=0.9, cool_down_days=0)
    wheel.measured(0, 19, 1)
    assert wheel.begun(1) == []
    assert "fewer than 50 labels" in wheel.state(1).decision.triggers[1].told
    wheel.measured(1, 60, 20)
    (turn,) = wheel.begun(2)
    assert turn.trigger == "performance"
    assert turn.cause.startswith("The champion's measured accuracy is 79.0\u00a0% (")
    assert "on 100 labels since 2026-02-27 12:00 UTC, below 90.0\u00a0%." in turn.cause
    wheel.end(turn, 3, "kept")
    assert wheel.begun(4) == []  # what was measured before the turn ended has been looked into
    wheel.measured(5, 50, 20)
    assert [one.trigger for one in wheel.begun(6)] == ["performance"]


def test_enough_new_labels_begin_a_turn_and_its_own_do_not_begin_the_next(wheel: Wheel) -> None:
    wheel.allow(enabled=True, new_labels=40, cool_down_days=0)
    wheel.measured(0, 39, 0)
    assert wheel.begun(1) == []
    assert wheel.state(1).decision.triggers[2].found["labelled"] == 39
    wheel.days.log(1, {"cat": 1})
    wheel.days.tell(1, "cat", 1)
    (turn,) = wheel.begun(2)
    assert turn.trigger == "labels"
    wheel.end(turn, 3, "promoted")
    assert wheel.begun(4) == []


def test_the_budget_is_refused_with_a_note_and_by_hand_too(wheel: Wheel) -> None:
    wheel.allow(enabled=True, every_days=1, cool_down_days=0, turns_per_month=3, labels_per_month=300)
    (first,) = wheel.begun(1)
    wheel.end(first, 2, "kept", labels=150)
    assert wheel.begun(3) == []
    told = wheel.state(3).decision.told
    assert told.startswith(
        "A turn would begin now: it is due every day, and the last turn began 2 days ago. But"
    )
    assert "150 of 300 labels of 30 days are left, and a turn needs 200." in told
    with pytest.raises(UsageError, match="150 of 300 labels"):
        begin_turn(wheel.engine, wheel.name, by="ada", now=NOON + 3 * DAY)
    assert len(wheel.begun(31)) == 1


def test_many_workers_at_once_begin_one_turn(wheel: Wheel) -> None:
    wheel.allow(enabled=True)
    wheel.fire()
    with ThreadPoolExecutor(4) as pool:
        begun = list(pool.map(lambda _: wheel.begun(1), range(4)))
    assert sum(map(len, begun)) == 1
    assert len(wheel.turns()) == 1


def test_a_policy_that_a_later_release_wrote_keeps_no_other_model_from_its_turn(
    shared_database: Engine, wheel: Wheel
) -> None:
    other = labelled_days(shared_database, f"turning-{next(_COUNT)}").model  # added later, so looked at later
    add_model_version(shared_database, wheel.blobs, other.name, "1", onnx=None, by="ada", now=NOON)
    with writing(wheel.engine) as connection:
        values = {"policy": {"enabled": True, "dreams": 3}, "changed": NOON, "by": "ada"}
        connection.execute(insert(wheel_policies).values(model=wheel.days.model.key, **values))
    policy = {"enabled": True, "every_days": 1}
    set_wheel_policy(shared_database, other.name, policy, by="ada", now=NOON)
    begun = begin_due_turns(shared_database, now=NOON + 2 * DAY)
    assert [one.model for one in begun if one.model in {other.key, wheel.days.model.key}] == [other.key]
    with writing(wheel.engine) as connection:  # the database is that of other tests, too
        connection.execute(delete(wheel_policies).where(wheel_policies.c.model == wheel.days.model.key))


def test_a_policy_is_changed_with_an_audit_entry_and_refused_where_it_cannot_be(wheel: Wheel) -> None:
    wheel.allow(images=80)
    wheel.allow(images=80)
    state = wheel.state(0)
    assert (state.policy.images, state.by, state.changed) == (80, "ada", NOON)
    with reading(wheel.engine) as connection:
        entries = [one for one in list_audit(connection, target=wheel.name) if "wheel" in one.action]
    assert [(one.action, one.by, dict(one.details)) for one in entries] == [
        ("set wheel policy", "ada", {"before": {}, "after": {"images": 80}})
    ]
    refused: Mapping[str, str] = {
        "project": "The model has no labelling project 'seams'",
        "alert_severity": "alert_severity is 'seams'",
    }
    for name, said in refused.items():
        with pytest.raises(UsageError, match=said):
            wheel.allow(**{name: "seams"})
    with pytest.raises(UsageError, match="no model"):
        set_wheel_policy(wheel.engine, "unknown", {}, by="ada", now=NOON)


def test_the_rhythm_is_told_from_the_sums_of_windows_since_each_promotion(wheel: Wheel) -> None:
    assert wheel.state(1).rhythm.told.startswith("Cannot tell: of 1 promotion none has 50 labels")
    for day in range(6):
        wheel.measured(day, 58 - 4 * day, 2 + 4 * day)
    rhythm = wheel.state(6).rhythm
    (reign,) = rhythm.reigns
    assert [one.labels for one in reign.points] == [60] * 6
    assert [round(one.accuracy, 3) for one in reign.points][:2] == [0.967, 0.9]
    assert (rhythm.kind, rhythm.suggested) == ("every", 1)
    assert 0.05 < (rhythm.slope or 0) < 0.08
