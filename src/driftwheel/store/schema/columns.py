"""What the tables are made of: their metadata, and the types of their columns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, BigInteger, Dialect, LargeBinary, MetaData
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeDecorator

__all__ = ["EPOCH", "METADATA", "MICROSECOND", "BigKey", "Digest", "MaybeJson", "UtcTime"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
_FIRST = (datetime.min.replace(tzinfo=UTC) - EPOCH) // MICROSECOND
_LAST = (datetime.max.replace(tzinfo=UTC) - EPOCH) // MICROSECOND


class UtcTime(TypeDecorator[datetime]):
    """A moment, kept as whole microseconds since 1970 in UTC: exact, and it sorts.

    What in UTC is of no year from 1 to 9999 could not be read again, and is kept as the nearest that is.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Return the microseconds of a moment."""
        del dialect
        return None if value is None else min(max((value - EPOCH) // MICROSECOND, _FIRST), _LAST)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Return the moment, in UTC, of so many microseconds."""
        del dialect
        return None if value is None else EPOCH + value * MICROSECOND


METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

BigKey = BigInteger().with_variant(sqlite.INTEGER(), "sqlite")  # SQLite counts up only an INTEGER key
Digest = LargeBinary(32)  # SHA-256
MaybeJson = JSON(none_as_null=True)  # None is NULL, not the JSON value null
