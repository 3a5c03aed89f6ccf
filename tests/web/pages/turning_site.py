"""A model whose wheel has turned: turns that ended and one that waits, written as a worker does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine
from tests.services.halves import network
from tests.web.serving import Running

from driftwheel.services.label.pools.create_pool import NewPool, create_pool
from driftwheel.services.label.projects.create_project import NewClass, create_project
from driftwheel.services.models.register_model import NewModel, add_model_version, register_model
from driftwheel.services.wheel.begin_turn import begin_turn
from driftwheel.services.wheel.set_wheel_policy import set_wheel_policy
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import find_model, list_versions
from driftwheel.store.wheel.turn_steps import add_step, set_step
from driftwheel.store.wheel.turns import Turn, set_turn
from driftwheel.wheel.turn_step import STEPS, Outcome, StepName, Waits

__all__ = ["NAME", "Turning", "add_turns", "end", "go_to", "turning"]

NAME = "halves"


@dataclass(frozen=True)
class Turning:
    """A model on a server, and a labelling pool of it."""

    running: Running
    project: int
    pool: int

    @property
    def engine(self) -> Engine:
        return self.running.services.engine

    def begin(self, days_ago: float, cause: str = "the alert 'drift' fires.", **more: Any) -> Turn:
        """Begin a turn."""
        now = self.running.clock() - timedelta(days=days_ago)
        return begin_turn(self.engine, NAME, trigger="alert", cause=cause, by="the wheel", now=now, **more)


def turning(running: Running) -> Turning:
    """Make the model, its versions and a pool."""
    services, now = running.services, running.clock()
    new = NewModel(NAME, "classification", ("left", "right"), embedder="none")
    register_model(services.engine, new, by="test", now=now)
    for version, gain in (("v1", 10.0), ("v2", 30.0)):
        add_model_version(
            services.engine, services.blobs, NAME, version, onnx=network(gain=gain), by="me", now=now
        )
    classes = [NewClass("left"), NewClass("right")]
    project = create_project(services.engine, "which half", NAME, "class", classes, by="ella", now=now)
    pool = create_pool(services.engine, project.key, NewPool("Turn 1"), by="the wheel", now=now)
    policy = {"enabled": True, "accuracy_below": 0.9, "images": 80, "most_labels": 200}
    set_wheel_policy(services.engine, NAME, policy, by="ella", now=now)
    return Turning(running, project.key, pool.key)


def go_to(made: Turning, turn: Turn, name: StepName, waits: Waits | None = None, waits_for: str = "") -> None:
    """Note the steps of a turn up to one, at which it then stands."""
    rng = np.random.default_rng(turn.number)
    with writing(made.engine) as connection:
        version = next(one for one in list_versions(connection, turn.model) if one.name == "v2")
        begun = turn.begun
        for number, step in enumerate(STEPS[: STEPS.index(name) + 1], 1):
            if number > 1:
                add_step(connection, turn.key, number, step, begun)
            minutes = 5 + int(rng.integers(300))
            values = dict(_VALUES[step])
            values["made"] = {
                "select": {"project": made.project, "pool": [made.pool]},
                "gate": {"version": [version.key]},
            }.get(step, {})
            ended = begun + timedelta(minutes=minutes)
            if step == name and waits is not None:
                values |= {"state": "waiting", "told": ""}
            else:
                values |= {"state": "done", "ended": ended}
            set_step(connection, turn.key, number, **values)
            begun = ended
        challenger = version.key if STEPS.index(name) >= STEPS.index("gate") else None
        set_turn(connection, turn.key, step=name, waits=waits, waits_for=waits_for, challenger=challenger)
        _cost(connection, turn.key)


def end(made: Turning, turn: Turn, outcome: Outcome, reason: str, ended: datetime) -> None:
    """Note how a turn ended."""
    values: dict[str, Any] = {"waits": None, "waits_for": "", "outcome": outcome, "reason": reason}
    with writing(made.engine) as connection:
        set_turn(connection, turn.key, ended=ended, **values)


def add_turns(made: Turning) -> Turn:
    """Add two turns that ended and one that waits for labels; return that one."""
    now = made.running.clock()
    first = made.begin(21)
    go_to(made, first, "measure")
    end(made, first, "no_harm", "The champion is as accurate as before: 96.1 %.", now - timedelta(days=20))
    second = made.begin(9, "the champion's measured accuracy is 81.0 %, below 90.0 %.")
    go_to(made, second, "watch")
    end(made, second, "promoted", "v2 was promoted and is not worse than v1.", now - timedelta(days=5))
    third = made.begin(0.4)
    go_to(made, third, "label", "labels", "46 of 80 images are labelled; the deadline is in 6 days.")
    with reading(made.engine) as connection:
        assert find_model(connection, NAME).key == third.model
    return third


def _cost(connection: Connection, key: int) -> None:
    set_turn(connection, key, labels=80, annotators=3, people_seconds=1260.0, machine_seconds=334.0)


_CHECKS = [{"asked": "better", "group": "what drifted", "state": "passed", "n": 31, "more": 0}]
_VALUES: dict[StepName, dict[str, Any]] = {
    "select": {
        "told": "80 images are chosen, 32 of them at random.",
        "found": {"images": 80, "holdout": 32},
    },
    "label": {
        "told": "80 images are labelled by 3 annotators.",
        "labels": 80,
        "annotators": 3,
        "people_seconds": 1260.0,
    },
    "consensus": {"told": "2 images are left out: nobody agrees on them.", "found": {"left_out": 2}},
    "measure": {
        "told": "The champion is right on 81.0 % of 31 images.",
        "found": {"accuracy": 0.81, "low": 0.67, "high": 0.9, "n": 31, "harm": "shown"},
    },
    "dataset": {"told": "Version 4 has 47 images more.", "found": {"images": 1047}},
    "train": {"told": "v2 goes on from v1.", "machine_seconds": 310.0},
    "gate": {
        "told": "v2 is better.",
        "machine_seconds": 24.0,
        "found": {"checks": _CHECKS},
    },
    "promote": {"told": "ella promoted v2."},
    "watch": {"told": "v2 is not worse than v1 on 104 images.", "found": {"n": 104}},
}
