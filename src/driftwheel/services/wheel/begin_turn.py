"""Begin a turn of a model's wheel: noted here, gone through by a worker."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError
from driftwheel.services.crash_points import reach
from driftwheel.services.label.projects.class_project import why_nobody_is_asked
from driftwheel.services.remark import check_remark
from driftwheel.services.wheel.past_turns import past_turn, turns_of_month
from driftwheel.store.alerts.episodes import episode_by_key
from driftwheel.store.engine.database import writing
from driftwheel.store.models.models import Model, find_model, lock_model
from driftwheel.store.operate.audit import note
from driftwheel.store.release.aliases import find_alias
from driftwheel.store.wheel.policies import policy_of
from driftwheel.store.wheel.turn_steps import add_step
from driftwheel.store.wheel.turns import Turn, add_turn, open_turn
from driftwheel.wheel.budget import budget_of
from driftwheel.wheel.turn_step import WHEEL, TriggerName
from driftwheel.wheel.wheel_policy import WheelPolicy

__all__ = ["begin_turn", "begin_turn_in", "why_no_turn"]


def begin_turn(
    engine: Engine,
    model: str,
    *,
    trigger: TriggerName = "hand",
    cause: str = "",
    alert: int | None = None,
    by: str,
    now: datetime,
) -> Turn:
    """Begin a turn by the policy of the model, and return it; noted in the audit.

    Parameters
    ----------
    cause
        Why, a sentence; empty: that it was begun by hand.
    alert
        Key of an alert of the model that it is about: its images are labelled, and the challenger must be
        better on them.

    Raises
    ------
    UsageError
        When there is no such model or alert, a turn of the model goes on, its budget is spent, or the model
        cannot be trained here.
    """
    check_remark("cause", cause)
    with writing(engine) as connection:
        found = find_model(connection, model)
        return begin_turn_in(
            connection,
            found,
            policy=policy_of(connection, found.key),
            trigger=trigger,
            cause=cause.strip() or f"It was begun by {by}.",
            alert=alert,
            by=by,
            now=now,
        )


def begin_turn_in(
    connection: Connection,
    model: Model,
    *,
    policy: WheelPolicy,
    trigger: TriggerName,
    cause: str,
    alert: int | None = None,
    by: str = WHEEL,
    now: datetime,
) -> Turn:
    """Begin a turn in a transaction of somebody else's, as `begin_turn` does; the model is locked by it.

    Raises
    ------
    UsageError
        Likewise.
    """
    locked = lock_model(connection, model.key)
    if locked is None:
        raise UsageError(f"The model '{model.name}' was deleted meanwhile.")
    obstacle = why_no_turn(connection, locked)
    if obstacle:
        raise UsageError(obstacle)
    past = [past_turn(one) for one in turns_of_month(connection, locked, now)]
    budget = budget_of(policy, past, now)
    if budget.lacking:
        raise UsageError(
            f"The budget of '{model.name}' allows no turn now: {budget.lacking}. Wait until "
            f"{budget.again:%Y-%m-%d %H:%M} UTC, or change the wheel's policy."
            if budget.again is not None
            else f"The budget of '{model.name}' allows no turn: {budget.lacking}. Change the wheel's policy."
        )
    if alert is not None:
        episode = episode_by_key(connection, alert)
        if episode is None or episode.model != model.key:
            raise UsageError(f"The model '{model.name}' has no alert {alert}.")
    champion = find_alias(connection, model.key, "champion")
    made = add_turn(
        connection,
        model.key,
        trigger=trigger,
        cause=cause,
        alert=alert,
        policy=policy.to_json(),
        champion=None if champion is None else champion.version,
        begun=now,
        by=by,
    )
    add_step(connection, made.key, 1, "select", now)
    details = {"turn": made.number, "trigger": trigger, "cause": cause, "alert": alert}
    note(connection, now, by, "begin turn", model.name, details)
    reach("wheel-turn-begun")
    return made


def why_no_turn(connection: Connection, model: Model) -> str:
    """Return why no turn of a model can begin, whatever its policy says, a sentence; empty: one can."""
    if model.task != "classification":
        return f"'{model.name}' finds boxes; the wheel turns for classification only."
    unasked = why_nobody_is_asked(model)
    if unasked:
        return unasked
    going_on = open_turn(connection, model.key)
    if going_on is not None:
        return (
            f"Turn {going_on.number} of '{model.name}' goes on; wait until it has ended, or stop it: "
            f"driftwheel wheel stop {model.name}"
        )
    return ""
