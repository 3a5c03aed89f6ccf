"""Set when the turns of a model's wheel begin, what they may cost, and who decides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.store.engine.database import writing
from driftwheel.store.labels.projects import list_projects
from driftwheel.store.models.models import Model, find_model, lock_model
from driftwheel.store.operate.audit import note
from driftwheel.store.wheel.policies import policy_of, put_policy
from driftwheel.wheel.wheel_policy import WheelPolicy

__all__ = ["check_wheel_policy", "set_wheel_policy"]


def set_wheel_policy(
    engine: Engine, model: str, changes: Mapping[str, Any], *, by: str, now: datetime
) -> WheelPolicy:
    """Change the policy of a model's wheel and return it as it is then; what is not named stays.

    Noted in the audit, with what was before. Turns that have begun keep the policy that they began with.

    Raises
    ------
    UsageError
        When there is no such model, or a value cannot be used.
    """
    with writing(engine) as connection:
        known = find_model(connection, model)
        known = lock_model(connection, known.key) or known
        before = policy_of(connection, known.key)
        wanted = before.with_changes(changes)
        check_wheel_policy(connection, known, wanted)
        if wanted != before:
            put_policy(connection, known.key, wanted, changed=now, by=by)
            details = {"before": before.to_json(), "after": wanted.to_json()}
            note(connection, now, by, "set wheel policy", known.name, details)
    return wanted


def check_wheel_policy(connection: Connection, model: Model | None, policy: WheelPolicy) -> None:
    """Refuse a policy that a model, or one that is not there yet, cannot have.

    Raises
    ------
    UsageError
        When its labelling project is not one of the model in which one class is named.
    """
    if policy.project is None:
        return
    fitting = [
        one.name
        for one in list_projects(connection)
        if model is not None and one.model == model.key and one.answer == "class"
    ]
    if policy.project not in fitting:
        known = f"It has {', '.join(fitting)}." if fitting else "It has none: leave it out, and one is made."
        raise UsageError(
            f"The model has no labelling project '{policy.project}' in which one class is named."
            f"{did_you_mean(policy.project, fitting)} {known}"
        )
