"""A part of a long list of windows: the newest of them, without cutting through a span of time.

So a list goes on where its first row starts: the next part is what starts before that.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, Table

__all__ = ["newest_spans"]


def newest_spans(
    connection: Connection, query: Select[*tuple[Any, ...]], table: Table, newest: int | None
) -> Sequence[Row[Any]]:
    """Return the rows of a question by start, tag and value: the newest so many where `newest` is given.

    Of the oldest span of time in it all rows are there, or none; of a single one all are, even where they are
    more. `query` is on `table`, which has the columns `start`, `tag` and `value`; it has no order.
    """
    order = (table.c.start, table.c.tag, table.c.value)
    if newest is None:
        return connection.execute(query.order_by(*order)).all()
    falling = query.order_by(*(one.desc() for one in order)).limit(newest + 1)
    rows = connection.execute(falling).all()[::-1]
    if len(rows) <= newest:
        return rows
    first: datetime = rows[0].start
    whole = [row for row in rows if row.start != first]
    return whole or connection.execute(query.where(table.c.start == first).order_by(*order)).all()
