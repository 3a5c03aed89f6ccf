"""Say of every model how it is: its state, its last record, and how many records came lately."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection

from driftwheel.services.watch.watch_model import span_of
from driftwheel.store.models.models import Model, list_models
from driftwheel.store.models.references import Reference, current_reference, list_references
from driftwheel.store.records.records import last_record_time
from driftwheel.store.windows.windows import StoredWindow, list_windows

__all__ = ["ModelState", "ModelSummary", "WindowVolume", "describe_model", "describe_models"]

_MOMENT = timedelta(microseconds=1)

ModelState = Literal["no records", "no reference", "measuring", "reference failed", "watched"]
"""``measuring``: the reference is being measured; ``watched``: records come and there is a reference."""


@dataclass(frozen=True, slots=True)
class WindowVolume:
    """One window: records and rejected images in its profile; `stale` when more have come since."""

    start: datetime
    records: int
    rejected: int
    stale: bool


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """How a model is.

    Attributes
    ----------
    reference
        The newest that is ready; else the newest of all; None where there is none.
    last
        Event time of its last record.
    volumes
        The last windows without gaps, oldest first, the one that holds the present time last; where nothing
        came in all that time, those up to the newest that records came in.
    recent
        Whether `volumes` go up to the present time.
    """

    model: Model
    state: ModelState
    reference: Reference | None
    last: datetime | None
    volumes: tuple[WindowVolume, ...]
    recent: bool

    @property
    def records(self) -> int:
        """Records in `volumes`."""
        return sum(each.records for each in self.volumes)

    @property
    def rejected(self) -> int:
        """Images of `volumes` that could not be read."""
        return sum(each.rejected for each in self.volumes)


def describe_models(connection: Connection, now: datetime, *, windows: int = 30) -> list[ModelSummary]:
    """Return a summary of every model, by name, over the last so many of its windows."""
    return [describe_model(connection, model, now, windows=windows) for model in list_models(connection)]


def describe_model(connection: Connection, model: Model, now: datetime, *, windows: int = 30) -> ModelSummary:
    """Return the summary of one model over its last so many windows."""
    span = span_of(connection, model, now, windows)
    known = list_windows(connection, model.key, since=span.starts[0] + _MOMENT, tag="", value="")
    reference = current_reference(connection, model.key)
    newest = next(iter(list_references(connection, model.key)), None)
    last = last_record_time(connection, model.key)
    return ModelSummary(
        model,
        _state(last is not None or any(one.records for one in known), reference, newest),
        reference or newest,
        last,
        tuple(_volumes(known, span.starts)),
        recent=now < span.end,
    )


def _state(came: bool, reference: Reference | None, newest: Reference | None) -> ModelState:
    if reference is not None:
        return "watched" if came else "no records"
    if newest is not None:
        return "measuring" if newest.state == "measuring" else "reference failed"
    return "no reference" if came else "no records"


def _volumes(known: list[StoredWindow], starts: Sequence[datetime]) -> Iterator[WindowVolume]:
    by_start = {each.start: each for each in known}
    for start in starts:
        each = by_start.get(start)
        if each is None:
            yield WindowVolume(start, 0, 0, stale=False)
        else:
            yield WindowVolume(start, each.records, each.rejected, each.stale)
