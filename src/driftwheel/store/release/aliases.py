"""The aliases of a model: names that stay while the version behind them changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, delete, select, update

from driftwheel.store.engine.upsert import upsert
from driftwheel.store.schema.release_tables import model_aliases

__all__ = ["Alias", "ModelAlias", "all_aliases", "find_alias", "move_cursor", "remove_alias", "set_alias"]

Alias = Literal["champion", "challenger"]


@dataclass(frozen=True, slots=True)
class ModelAlias:
    """An alias; the columns are described in `driftwheel.store.schema.release_tables`."""

    model: int
    alias: Alias
    version: int
    since: datetime
    by: str
    cursor: int | None


def find_alias(connection: Connection, model: int, alias: Alias) -> ModelAlias | None:
    """Return an alias of a model, None where nothing is called so."""
    c = model_aliases.c
    row = connection.execute(select(model_aliases).where(c.model == model, c.alias == alias)).first()
    return None if row is None else ModelAlias(**row._mapping)


def all_aliases(connection: Connection, alias: Alias) -> list[ModelAlias]:
    """Return that alias of every model that has it, by the keys of the models."""
    query = select(model_aliases).where(model_aliases.c.alias == alias).order_by(model_aliases.c.model)
    return [ModelAlias(**row._mapping) for row in connection.execute(query)]


def set_alias(  # noqa: PLR0917  a sentence: whose alias now means what, since when, by whom
    connection: Connection, model: int, alias: Alias, version: int, since: datetime, by: str
) -> None:
    """Let an alias mean a version, and no other; its cursor begins anew."""
    values = {"version": version, "since": since, "by": by, "cursor": None}
    connection.execute(
        upsert(connection.dialect.name, model_aliases)
        .values(model=model, alias=alias, **values)
        .on_conflict_do_update(index_elements=["model", "alias"], set_=values)
    )


def remove_alias(connection: Connection, model: int, alias: Alias) -> bool:
    """Let an alias mean nothing, and return whether it meant something."""
    c = model_aliases.c
    return connection.execute(delete(model_aliases).where(c.model == model, c.alias == alias)).rowcount > 0


def move_cursor(connection: Connection, found: ModelAlias, cursor: int) -> bool:
    """Set the cursor of an alias, and return whether it still means the version that it did."""
    c = model_aliases.c
    chosen = c.model == found.model, c.alias == found.alias, c.version == found.version
    return connection.execute(update(model_aliases).where(*chosen).values(cursor=cursor)).rowcount > 0
