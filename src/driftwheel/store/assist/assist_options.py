"""What pre-labels a pool shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, select

from driftwheel.store.engine.upsert import upsert
from driftwheel.store.schema.assist_tables import pool_assistance

__all__ = ["AssistOptions", "PrelabelSource", "assist_options", "set_assist_options"]

PrelabelSource = Literal["off", "assistant", "model"]


@dataclass(frozen=True, slots=True)
class AssistOptions:
    """What pre-labels a pool shows.

    Attributes
    ----------
    prelabels
        ``off``; ``assistant``: those of a file, else of the project's assistant once there is one;
        ``model``: until then those that the monitored model has logged, too.
    hidden_share
        Share of tasks that show none, drawn at random: what pre-labels do to answers is seen by it.
    """

    prelabels: PrelabelSource = "assistant"
    hidden_share: float = 0.1


def assist_options(connection: Connection, pool: int) -> AssistOptions:
    """Return what a pool shows."""
    columns = (pool_assistance.c.prelabels, pool_assistance.c.hidden_share)
    row = connection.execute(select(*columns).where(pool_assistance.c.pool == pool)).first()
    return AssistOptions() if row is None else AssistOptions(*row)


def set_assist_options(connection: Connection, pool: int, options: AssistOptions) -> None:
    """Keep what a pool shows from now on."""
    values = {"prelabels": options.prelabels, "hidden_share": options.hidden_share}
    statement = upsert(connection.dialect.name, pool_assistance).values(pool=pool, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["pool"], set_=values))
