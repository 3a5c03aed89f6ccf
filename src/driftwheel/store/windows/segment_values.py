"""How many records of a window have each value of a tag, and segments that are left out of a window."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy import Connection, String, and_, bindparam, column, delete, exists, func, or_, select, update

from driftwheel.store.schema.alert_tables import verdicts
from driftwheel.store.schema.tables import records, windows
from driftwheel.store.windows.windows import StoredWindow

__all__ = ["archived_windows", "count_values", "drop_segments", "newest_left_out", "put_left_out"]

_CHUNK = 500


def count_values(
    connection: Connection, model: int, start: datetime, end: datetime, tag: str
) -> dict[str, int]:
    """Return how many of a model's records with start ≤ time < end have each value of a tag, in any state."""
    its = (records.c.model == model, records.c.time >= start, records.c.time < end)
    if connection.dialect.name == "postgresql":
        value = func.json_extract_path_text(records.c.tags, tag, type_=String).label("value")
        found = select(value).where(*its, value.is_not(None)).subquery()
    else:
        pair = func.json_each(records.c.tags).table_valued(column("key"), column("value", String), name="tag")
        found = select(pair.c.value).select_from(records).join(pair, pair.c.key == tag).where(*its).subquery()
    rows = connection.execute(select(found.c.value, func.count()).group_by(found.c.value))
    return {row[0]: row[1] for row in rows}


def archived_windows(connection: Connection, keys: Sequence[int]) -> set[int]:
    """Return those of these windows that hold what retention has left of deleted records."""
    found: set[int] = set()
    for begin in range(0, len(keys), _CHUNK):
        query = select(windows.c.key).where(
            windows.c.key.in_(keys[begin : begin + _CHUNK]),
            or_(windows.c.archive.is_not(None), windows.c.predictions_archive.is_not(None)),
        )
        found.update(connection.execute(query).scalars())
    return found


def drop_segments(connection: Connection, dropped: Sequence[StoredWindow]) -> None:
    """Delete the windows of segments with their verdicts, in the order given.

    Not where their records have changed since they were read. Verdicts are locked before their windows, as
    `driftwheel.store.windows.verdicts.put_verdict` does.
    """
    same = (windows.c.key == bindparam("its_key"), windows.c.revision == bindparam("its_revision"))
    names = ("model", "start", "tag", "value")
    its = [verdicts.c[name] == bindparam(f"its_{name}", type_=verdicts.c[name].type) for name in names]
    for was_judged, run in groupby(dropped, key=lambda one: one.judged is not None):
        rows = [
            {"its_key": one.key, "its_revision": one.revision}
            | {f"its_{name}": getattr(one, name) for name in names}
            for one in run
        ]
        for part in [[row] for row in rows] if was_judged else [rows]:
            if was_judged:
                connection.execute(delete(verdicts).where(*its, exists().where(*same)), part)
            keys = [{"its_key": row["its_key"], "its_revision": row["its_revision"]} for row in part]
            connection.execute(delete(windows).where(*same), keys)


def put_left_out(connection: Connection, model: int, start: datetime, number: int) -> None:
    """Note of a window of the whole model how many segments it has that are not summed up on their own."""
    connection.execute(
        update(windows)
        .where(windows.c.model == model, windows.c.start == start, windows.c.tag == "")
        .values(left_out=number)
    )


def newest_left_out(connection: Connection) -> dict[int, int]:
    """Return how many segments are left out of the newest window of each model, by the model's key."""
    whole = select(windows.c.model, func.max(windows.c.start).label("start")).where(windows.c.tag == "")
    newest = whole.group_by(windows.c.model).subquery()
    its = (windows.c.model == newest.c.model, windows.c.start == newest.c.start, windows.c.tag == "")
    rows = connection.execute(select(windows.c.model, windows.c.left_out).join(newest, and_(*its)))
    return {row.model: row.left_out for row in rows}
