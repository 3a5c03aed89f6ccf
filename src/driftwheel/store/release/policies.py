"""What the gate of a model asks, and who promotes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, select

from driftwheel.performance.gate_rule import GateRule
from driftwheel.store.engine.upsert import upsert
from driftwheel.store.schema.release_tables import release_policies

__all__ = ["Policy", "ReleasePolicy", "find_policy", "put_policy"]

Policy = Literal["ask", "promote"]
"""``ask``: a person promotes what the gate lets in. ``promote``: it is promoted by itself."""


@dataclass(frozen=True, slots=True)
class ReleasePolicy:
    """The policy of a model.

    Attributes
    ----------
    policy
        Who promotes.
    gates
        Whether a version that was trained goes to the gate by itself.
    rule
        What is asked of it there.
    """

    policy: Policy = "ask"
    gates: bool = True
    rule: GateRule = field(default_factory=GateRule)


def find_policy(connection: Connection, model: int) -> ReleasePolicy:
    """Return the policy of a model; the default where none was set."""
    row = connection.execute(select(release_policies).where(release_policies.c.model == model)).first()
    if row is None:
        return ReleasePolicy()
    return ReleasePolicy(row.policy, row.gates, GateRule.from_json(row.rule))


def put_policy(
    connection: Connection, model: int, policy: ReleasePolicy, *, changed: datetime, by: str
) -> None:
    """Set the policy of a model."""
    values = {
        "policy": policy.policy,
        "gates": policy.gates,
        "rule": policy.rule.to_json(),
        "changed": changed,
        "by": by,
    }
    connection.execute(
        upsert(connection.dialect.name, release_policies)
        .values(model=model, **values)
        .on_conflict_do_update(index_elements=["model"], set_=values)
    )
