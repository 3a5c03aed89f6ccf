"""How a turn of the wheel moves: every step notes what it made in the transaction that makes it.

A step looks, works, and then opens one transaction with `moving`, which locks the turn and makes sure that it
is still where the step found it. What the step makes there, and where the turn is afterwards, are kept
together or not at all, so that a kill at any moment doubles nothing and loses nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine

from driftwheel.services.crash_points import reach
from driftwheel.services.wheel.stop_turn import let_go
from driftwheel.store.engine.database import writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model, lock_model
from driftwheel.store.operate.audit import note
from driftwheel.store.wheel.turn_costs import machine_seconds, people_cost
from driftwheel.store.wheel.turn_steps import TurnStep, add_step, made_last, set_step, steps_of
from driftwheel.store.wheel.turns import Turn, lock_turn, open_turn, set_turn
from driftwheel.wheel.turn_step import WHEEL, Outcome, StepName, StepState, Waits
from driftwheel.wheel.wheel_policy import WheelPolicy

__all__ = ["At", "MovedOnError", "end", "give_up_runs", "go_on", "hold", "keep", "moving", "wait"]

FAR = timedelta(days=1)
"""When a turn is looked at again though nothing it waits for has come."""


class MovedOnError(Exception):
    """The turn is no longer where the step found it: it was stopped, or another worker was faster."""


@dataclass(frozen=True, slots=True)
class At:
    """Where a turn is, and what a step needs to go on from there.

    Attributes
    ----------
    steps
        Of the turn so far, in order; the last one is where it stands.
    now
        UTC.
    threads
        Images measured at once; None for as many as there are processors.
    clock
        Tells seconds, for how long versions are asked about images.
    """

    engine: Engine
    blobs: Blobs
    model: Model
    turn: Turn
    steps: tuple[TurnStep, ...]
    policy: WheelPolicy
    now: datetime
    threads: int | None = None
    clock: Callable[[], float] = time.perf_counter

    @property
    def step(self) -> TurnStep:
        """Where it stands."""
        return self.steps[-1]

    @property
    def name(self) -> str:
        """What is made for it is called so."""
        return f"Turn {self.turn.number} of the wheel"

    def made(self, what: str) -> list[int]:
        """Return the keys of all things of that name that its steps made, in order."""
        return [int(key) for step in self.steps for key in step.made.get(what, [])]

    def last(self, what: str) -> int | None:
        """Return the key of the thing of that name that was made last, None where there is none."""
        return made_last(self.steps, what)

    def found(self, name: StepName) -> Mapping[str, Any]:
        """Return what the last step of that name found; nothing where there was none."""
        return next((one.found for one in reversed(self.steps) if one.name == name), {})


def hold(connection: Connection, at: At) -> None:
    """Lock the model and the turn until the transaction ends.

    Raises
    ------
    MovedOnError
        When the turn is no longer where it was: nothing is to be kept of this transaction.
    """
    model = lock_model(connection, at.model.key)
    turn = lock_turn(connection, at.turn.key)
    if model is None or turn is None or not turn.is_open:
        raise MovedOnError
    steps = steps_of(connection, turn.key)
    if (len(steps), steps[-1]) != (len(at.steps), at.step):
        raise MovedOnError


def give_up_runs(at: At) -> None:
    """Stop the trainings of a turn that was stopped while a step asked for one."""
    with writing(at.engine) as connection:
        turn = lock_turn(connection, at.turn.key)
        if turn is not None and open_turn(connection, turn.model) is None:
            let_go(connection, turn, turn.reason or "The turn was stopped.", WHEEL, at.now)


@contextmanager
def moving(at: At) -> Iterator[Connection]:
    """Yield a transaction that holds the turn; see `hold`."""
    reach(f"wheel-{at.step.name}-worked")
    with writing(at.engine) as connection:
        hold(connection, at)
        yield connection
        reach(f"wheel-{at.step.name}-made")
    reach(f"wheel-{at.step.name}-kept")


def keep(
    connection: Connection,
    at: At,
    *,
    state: StepState = "running",
    made: Mapping[str, Sequence[int]] | None = None,
    found: Mapping[str, Any] | None = None,
    told: str | None = None,
    seconds: float = 0.0,
    ended: bool = False,
) -> None:
    """Note with the step what it made and found, and what step and turn have cost by now.

    Parameters
    ----------
    made, found
        Beside what was noted before; keys of one name are added to those that are there.
    seconds
        Of machine time that no training run counts.
    """
    step = at.step
    everything = dict(step.made) | {
        what: [*step.made.get(what, []), *keys] for what, keys in (made or {}).items() if keys
    }
    told = step.told if told is None else told
    if at.step.name == "label":
        pools = [key for key in [at.last("pool")] if key is not None]
    else:
        pools = [] if step.name == "select" else list(everything.get("pool", []))
    runs = [*at.made("repair"), *everything.get("training", [])] if step.name == "train" else []
    people = people_cost(connection, pools)
    own_seconds = float(step.found.get("seconds", 0.0)) + seconds
    numbers = dict(step.found) | dict(found or {})
    if own_seconds:
        numbers["seconds"] = own_seconds
    set_step(
        connection,
        at.turn.key,
        step.number,
        state=state,
        ended=at.now if ended else None,
        made=everything,
        found=numbers,
        told=told,
        labels=people.labels,
        annotators=people.annotators,
        people_seconds=people.seconds,
        machine_seconds=machine_seconds(connection, runs) + own_seconds,
    )
    _count(connection, at.turn.key)


def wait(
    connection: Connection, at: At, waits: Waits, waits_for: str, *, until: datetime | None = None
) -> None:
    """Note that the turn waits, for what, and when it is looked at if that does not come."""
    set_step(connection, at.turn.key, at.step.number, state="waiting")
    due = at.now + FAR if until is None else until
    set_turn(connection, at.turn.key, waits=waits, waits_for=waits_for, due=due)


def go_on(
    connection: Connection,
    at: At,
    following: StepName,
    *,
    told: str,
    made: Mapping[str, Sequence[int]] | None = None,
    found: Mapping[str, Any] | None = None,
    skipped: bool = False,
    seconds: float = 0.0,
) -> None:
    """End the step and begin the next one."""
    state: StepState = "skipped" if skipped else "done"
    keep(connection, at, state=state, made=made, found=found, told=told, seconds=seconds, ended=True)
    add_step(connection, at.turn.key, at.step.number + 1, following, at.now)
    set_turn(connection, at.turn.key, step=following, waits=None, waits_for="", due=at.now)


def end(
    connection: Connection,
    at: At,
    outcome: Outcome,
    reason: str,
    *,
    told: str | None = None,
    made: Mapping[str, Sequence[int]] | None = None,
    found: Mapping[str, Any] | None = None,
    skipped: bool = False,
    seconds: float = 0.0,
) -> None:
    """End the turn: what it had open is closed, and why it ended is kept. Noted in the audit."""
    state: StepState = "skipped" if skipped else "done"
    keep(
        connection, at, state=state, made=made, found=found, told=told or reason, seconds=seconds, ended=True
    )
    let_go(connection, at.turn, f"{at.name} has ended.", WHEEL, at.now)
    set_turn(connection, at.turn.key, ended=at.now, outcome=outcome, reason=reason, waits=None, waits_for="")
    details = {"turn": at.turn.number, "outcome": outcome, "reason": reason}
    note(connection, at.now, WHEEL, "end turn", at.model.name, details)


def _count(connection: Connection, turn: int) -> None:
    """Note what a turn has cost by now."""
    steps = steps_of(connection, turn)
    people = people_cost(connection, [key for step in steps for key in step.made.get("pool", [])])
    set_turn(
        connection,
        turn,
        labels=people.labels,
        annotators=people.annotators,
        people_seconds=people.seconds,
        machine_seconds=sum(one.machine_seconds for one in steps),
    )
