"""Set what the gate of a model asks, and who promotes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from driftwheel.errors import UsageError, did_you_mean
from driftwheel.performance.gate_rule import GateRule
from driftwheel.store.engine.database import writing
from driftwheel.store.models.models import find_model
from driftwheel.store.operate.audit import note
from driftwheel.store.release.policies import Policy, ReleasePolicy, find_policy, put_policy

__all__ = ["set_policy"]

_POLICIES: tuple[Policy, ...] = ("ask", "promote")


def set_policy(
    engine: Engine,
    model: str,
    *,
    policy: str | None = None,
    gates: bool | None = None,
    rule: Mapping[str, Any] | None = None,
    by: str,
    now: datetime,
) -> ReleasePolicy:
    """Change the policy of a model and return it as it is then; what is None stays. Noted in the audit.

    Gate runs that have begun keep the rule that they began with.

    Parameters
    ----------
    policy
        ``ask`` a person, or ``promote`` by itself what the gate lets in.
    gates
        Whether versions that were trained go to the gate by themselves.
    rule
        What is to change of what is asked, see `driftwheel.performance.gate_rule`.

    Raises
    ------
    UsageError
        When there is no such model, or a value cannot be used.
    """
    chosen = next((one for one in _POLICIES if one == policy), None)
    if policy is not None and chosen is None:
        raise UsageError(
            f"There is no policy '{policy}'; give ask or promote.{did_you_mean(policy, _POLICIES)}"
        )
    with writing(engine) as connection:
        known = find_model(connection, model)
        before = find_policy(connection, known.key)
        wanted = ReleasePolicy(
            chosen or before.policy,
            before.gates if gates is None else gates,
            GateRule.from_json(before.rule.to_json() | dict(rule or {})),
        )
        put_policy(connection, known.key, wanted, changed=now, by=by)
        details = {"policy": wanted.policy, "gates": wanted.gates, "rule": asdict(wanted.rule)}
        note(connection, now, by, "set release policy", known.name, details)
    return wanted
