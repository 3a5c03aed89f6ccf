"""Group commit: many callers' records in one transaction, and an answer only after it is on disk."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType

from sqlalchemy import Connection, Engine, bindparam, exc, select

from driftwheel.errors import DatabaseBusyError, QueueFullError, UsageError
from driftwheel.store.engine.database import writing
from driftwheel.store.records.records import NewRecord, Outcome, insert_records
from driftwheel.store.schema.tables import models
from driftwheel.store.windows.windows import mark_stale

__all__ = ["RecordWriter", "write_records"]

MOST_IN_ONE_COMMIT = 2000
"""Records; bounds how long the first of a group waits for the last."""

_WINDOWS = (
    select(models.c.key, models.c.window, models.c.segment_tags)
    .where(models.c.key.in_(bindparam("keys", expanding=True)))
    .order_by(models.c.key)
)

_NOT_THEIR_FAULT = (DatabaseBusyError, exc.OperationalError, exc.InterfaceError, exc.TimeoutError)
"""Errors that would meet every batch of a group alone as well, each after a long wait."""


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    rows: tuple[NewRecord, ...]
    future: Future[list[Outcome]]


def write_records(connection: Connection, rows: Sequence[NewRecord]) -> list[Outcome]:
    """Write records and mark the windows of those accepted as stale; return what became of each row."""
    outcomes = insert_records(connection, rows)
    accepted: dict[int, list[NewRecord]] = defaultdict(list)
    for row, outcome in zip(rows, outcomes, strict=True):
        if outcome == "accepted":
            accepted[row.model].append(row)
    if accepted:
        for key, window, segment_tags in connection.execute(_WINDOWS, {"keys": list(accepted)}).all():
            its = [row.record for row in accepted[key]]
            mark_stale(
                connection,
                key,
                window,
                [one.time for one in its],
                [one.tags for one in its],
                segment_tags,
                received=max(row.received for row in accepted[key]),
            )
    return outcomes


class RecordWriter:
    """One thread that writes records, and commits all that came in while the last commit was under way.

    Parameters
    ----------
    engine
        Of `open_database`.
    most_waiting
        Records that may wait for their commit; more are refused.
    """

    def __init__(self, engine: Engine, *, most_waiting: int) -> None:
        self._engine = engine
        self._most_waiting = most_waiting
        self._batches: deque[_Batch] = deque()
        self._waiting = 0
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="driftwheel-record-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Records that were submitted and have no answer yet."""
        return self._waiting

    def submit(self, rows: Sequence[NewRecord]) -> Future[list[Outcome]]:
        """Hand over records that are to be committed together; return at once.

        Returns
        -------
        Future
            One outcome a row, set after COMMIT returned. It fails with the error of the commit of these
            rows (what others handed over does not matter), for example `StorageFullError`; then nothing of
            them was kept. It may be cancelled until the commit begins.

        Raises
        ------
        QueueFullError
            When these rows and those that wait are more than `most_waiting`; nothing was taken.
        UsageError
            After `close`.
        """
        batch = _Batch(tuple(rows), Future())
        with self._changed:
            if self._closed:
                raise UsageError("The writer of records is closed; the server is stopping.")
            if self._waiting + len(batch.rows) > self._most_waiting:
                raise QueueFullError(
                    f"{self._waiting} records wait to be written and {len(batch.rows)} more were sent; "
                    f"at most {self._most_waiting} may wait. Send them again later."
                )
            self._waiting += len(batch.rows)
            self._batches.append(batch)
            self._changed.notify()
        return batch.future

    def close(self) -> None:
        """Write what waits, answer it, and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def __enter__(self) -> RecordWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        while group := self._next_group():
            live: list[_Batch] = []
            for batch in group:
                if batch.future.set_running_or_notify_cancel():
                    live.append(batch)
                else:
                    self._done([batch])
            if live and not self._commit(live):
                for batch in live:
                    self._commit([batch])

    def _next_group(self) -> list[_Batch]:
        """Wait for batches and take those of one commit; none after the last."""
        with self._changed:
            while not self._batches and not self._closed:
                self._changed.wait()
            group: list[_Batch] = []
            size = 0
            while self._batches and (not group or size + len(self._batches[0].rows) <= MOST_IN_ONE_COMMIT):
                group.append(self._batches.popleft())
                size += len(group[-1].rows)
            return group

    def _commit(self, group: Sequence[_Batch]) -> bool:
        """Write batches in one transaction and answer them; False, without answers, to try each alone."""
        outcomes: list[Outcome] = []
        failure: Exception | None = None
        try:
            with writing(self._engine) as connection:
                outcomes = write_records(connection, [row for batch in group for row in batch.rows])
        except Exception as error:  # the thread must outlive whatever a commit raises
            failure = error
        if failure is not None and len(group) > 1 and not isinstance(failure, _NOT_THEIR_FAULT):
            return False
        self._done(group)
        begin = 0
        for batch in group:
            end = begin + len(batch.rows)
            if failure is None:
                batch.future.set_result(outcomes[begin:end])
            else:
                batch.future.set_exception(failure)
            begin = end
        return True

    def _done(self, group: Sequence[_Batch]) -> None:
        with self._changed:
            self._waiting -= sum(len(batch.rows) for batch in group)
