"""Conditions on what is inside the JSON columns of records, on both databases.

Names of tags and classes are data: they are compared whole, never built into a path.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, String, column, exists, func, or_, select

from driftwheel.store.schema.tables import records

__all__ = ["has_tag", "predicts"]


def has_tag(connection: Connection, tag: str, value: str) -> ColumnElement[bool]:
    """Return the condition that a record has this value of this tag."""
    if connection.dialect.name == "postgresql":
        return func.json_extract_path_text(records.c.tags, tag, type_=String) == value
    pair = func.json_each(records.c.tags).table_valued("key", "value", name="tag")
    return exists(select(pair.c.key).where(pair.c.key == tag, pair.c.value == value))


def predicts(connection: Connection, label: str) -> ColumnElement[bool]:
    """Return the condition that a record's prediction is this class, or has a box of it."""
    if connection.dialect.name == "postgresql":
        boxes = func.json_array_elements(func.json_extract_path(records.c.prediction, "boxes"))
        box = boxes.table_valued(column("value", records.c.prediction.type), name="box")
        return or_(
            func.json_extract_path_text(records.c.prediction, "class", type_=String) == label,
            exists(
                select(1).select_from(box).where(func.json_extract_path_text(box.c.value, "class") == label)
            ),
        )
    box = func.json_each(records.c.prediction, "$.boxes").table_valued("value", name="box")
    return or_(
        func.json_extract(records.c.prediction, "$.class") == label,
        exists(select(1).select_from(box).where(func.json_extract(box.c.value, "$.class") == label)),
    )
