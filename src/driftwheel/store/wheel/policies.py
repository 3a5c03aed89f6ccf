"""What the wheel of a model may do by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from driftwheel.store.engine.upsert import upsert
from driftwheel.store.schema.wheel_policy_tables import wheel_policies
from driftwheel.wheel.wheel_policy import WheelPolicy

__all__ = ["KeptPolicy", "find_policy", "models_with_policy", "policy_of", "put_policy"]


@dataclass(frozen=True, slots=True)
class KeptPolicy:
    """The policy of a model's wheel, and who set it last; the default where nobody did."""

    policy: WheelPolicy
    changed: datetime | None = None
    by: str = ""


def policy_of(connection: Connection, model: int) -> WheelPolicy:
    """Return the policy of a model's wheel; the default where none was set."""
    return find_policy(connection, model).policy


def find_policy(connection: Connection, model: int) -> KeptPolicy:
    """Return the policy of a model's wheel with who set it."""
    row = connection.execute(select(wheel_policies).where(wheel_policies.c.model == model)).first()
    if row is None:
        return KeptPolicy(WheelPolicy())
    return KeptPolicy(WheelPolicy.from_json(row.policy), row.changed, row.by)


def models_with_policy(connection: Connection) -> list[int]:
    """Return the keys of the models whose policy somebody set."""
    query = select(wheel_policies.c.model).order_by(wheel_policies.c.model)
    return list(connection.execute(query).scalars())


def put_policy(
    connection: Connection, model: int, policy: WheelPolicy, *, changed: datetime, by: str
) -> None:
    """Set the policy of a model's wheel."""
    values = {"policy": policy.to_json(), "changed": changed, "by": by}
    connection.execute(
        upsert(connection.dialect.name, wheel_policies)
        .values(model=model, **values)
        .on_conflict_do_update(index_elements=["model"], set_=values)
    )
