"""What goes into ingest, what comes out, and what bounds it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from driftwheel.errors import UsageError
from driftwheel.predictions import Record
from driftwheel.store.records.records import Outcome

__all__ = ["Incoming", "Limits", "Result", "check_count", "check_each", "in_order", "rejected"]


class Limits(Protocol):
    """The settings that bound what is taken; `driftwheel.settings.Settings` has them."""

    @property
    def max_image_bytes(self) -> int:
        """Largest image file."""

    @property
    def max_image_pixels(self) -> int:
        """Most pixels of an image."""

    @property
    def max_batch_records(self) -> int:
        """Most records in one call."""

    @property
    def queue_records(self) -> int:
        """Most records that may wait to be written, and most that may wait to be measured."""

    @property
    def disk_reserve_bytes(self) -> int:
        """What is to stay free of the database's disk."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A record as it was sent, and the bytes of its image where they were sent with it.

    `record.image` is None, or the SHA-256 that `image` must have.
    """

    record: Record
    image: bytes | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one record.

    Attributes
    ----------
    id
        The record's.
    outcome
        `accepted`: kept now. `duplicate`: the same content was kept before. `conflict`: other content was
        kept under this id, and stays. `replaced`: of truth alone, it stands in place of what was kept before.
        `rejected`: it cannot be kept, now or later.
    reason
        Why, for `conflict` and `rejected`.
    """

    id: str
    outcome: Outcome | Literal["replaced", "rejected"]
    reason: str | None = None


def check_count(count: int, limits: Limits) -> None:
    """Raise `UsageError` when one call has too many items."""
    if count > limits.max_batch_records:
        raise UsageError(f"{count} items were sent at once; send at most {limits.max_batch_records}.")


class _OfRecord(Protocol):
    """What is told of a record."""

    @property
    def record(self) -> str:
        """The record's id."""


_Told = TypeVar("_Told", bound=_OfRecord)


def check_each(told: Iterable[_Told], check: Callable[[_Told], None]) -> list[_Told | Result]:
    """Return each that `check` lets pass, and for one it raises `UsageError` for the `rejected` result."""
    checked: list[_Told | Result] = []
    for one in told:
        try:
            check(one)
            checked.append(one)
        except UsageError as error:
            checked.append(rejected(one.record, str(error)))
    return checked


def in_order(checked: Sequence[object], results: Iterable[Result]) -> list[Result]:
    """Return a result for each of `checked`: itself where it is one, for the others the next of `results`."""
    rest = iter(results)
    return [one if isinstance(one, Result) else next(rest) for one in checked]


def rejected(record: str, reason: str) -> Result:
    """Return the result of a record's id that cannot be kept; what is no Unicode is told as ``?``."""
    return Result(_unicode(record), "rejected", _unicode(reason))


def _unicode(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
