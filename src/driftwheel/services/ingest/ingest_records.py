"""Ingest records: what was acknowledged is kept.

Check each → keep the images as blobs → one transaction for the records → tell what became of each. The order
is the promise: nothing is acknowledged that a power cut could undo, and no record names an image that is not
there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from driftwheel.errors import UnreadableImageError, UsageError
from driftwheel.predictions import Record
from driftwheel.services.crash_points import reach, watch_commits
from driftwheel.services.ingest.check_upload import check_upload
from driftwheel.services.ingest.ingest_checks import check_record
from driftwheel.services.ingest.ingest_digest import body_digest, canonical_body
from driftwheel.services.ingest.ingest_models import KnownModels
from driftwheel.services.ingest.ingest_room import Room
from driftwheel.services.ingest.ingest_values import Incoming, Limits, Result, check_count, in_order, rejected
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.records.records import NewRecord, Outcome
from driftwheel.store.records.writer import RecordWriter

__all__ = ["Incoming", "Ingest", "Limits", "Result"]

_TAKEN = "Other content was kept under this id before, and stays; give each record an id of its own."


class Ingest:
    """Takes records in; one for a process, for all its threads.

    Parameters
    ----------
    engine, blobs, writer
        The store.
    limits
        The settings.
    """

    def __init__(self, engine: Engine, blobs: Blobs, writer: RecordWriter, limits: Limits) -> None:
        self._blobs = blobs
        self._writer = writer
        self._limits = limits
        self._models = KnownModels(engine)
        self._room = Room(engine, blobs, writer, limits)
        watch_commits(engine)

    def ingest(self, incoming: Sequence[Incoming], *, received: datetime) -> list[Result]:
        """Keep records and their images, and return a result for each, in their order, once they are kept.

        It waits for the disk: call it in a thread.

        Parameters
        ----------
        received
            The time now, UTC.

        Raises
        ------
        UsageError
            When there are more records than one call may have, or a model was deleted meanwhile; nothing was
            kept.
        QueueFullError, StorageFullError, DatabaseBusyError
            Nothing can be kept now. Some images may have been; the same call later does the rest.
        """
        checked = self._check(incoming, received)
        images = {
            one.record.image: sent.image
            for one, sent in zip(checked, incoming, strict=True)
            if isinstance(one, NewRecord) and one.record.image is not None and sent.image is not None
        }
        rows = [one for one in checked if isinstance(one, NewRecord)]
        if rows:
            with_image = sum(row.record.image is not None for row in rows)
            size = sum(map(len, images.values()))
            self._room.check(len(rows), images=with_image, size=size, now=received)
        for image in images.values():
            self._blobs.put(image)
        reach("blobs-kept")
        results = self._write(checked, rows).result()
        for digest, image in images.items():
            if not self._blobs.exists(bytes.fromhex(digest)):  # see Blobs.delete
                self._blobs.put(image)
        reach("results-known")
        return results

    def submit(self, incoming: Sequence[Incoming], *, received: datetime) -> Future[list[Result]]:
        """Hand over records without images and return at once; the results come when the records are kept.

        Raises what `ingest` raises, the errors of the transaction by the future, which cannot be cancelled.
        """
        if any(one.image is not None for one in incoming):
            raise UsageError("Records with images wait for the disk: call ingest() in a thread.")
        checked = self._check(incoming, received)
        rows = [one for one in checked if isinstance(one, NewRecord)]
        if rows:
            self._room.check(len(rows), images=0, size=0, now=received)
        return self._write(checked, rows)

    def _check(self, incoming: Sequence[Incoming], received: datetime) -> list[NewRecord | Result]:
        """Return for each record what is to be written, or why not."""
        check_count(len(incoming), self._limits)
        checked: list[NewRecord | Result] = []
        for one in incoming:
            try:
                checked.append(self._row(one, received))
            except (UsageError, UnreadableImageError) as error:
                checked.append(rejected(one.record.id, str(error)))
        reach("records-checked")
        return checked

    def _row(self, one: Incoming, received: datetime) -> NewRecord:
        model = self._models.find(one.record.model, received)
        check_record(one.record, task=model.task, received=received)
        body = canonical_body(one.record)
        if one.image is not None:
            record = self._with_image(one.record, one.image)
        elif one.record.image is None:
            record = one.record
        else:
            raise UsageError("The record names an image that was not sent; send its bytes with the record.")
        return NewRecord(model.key, record, body_digest(body, record.image), received)

    def _with_image(self, record: Record, image: bytes) -> Record:
        header = check_upload(
            image, max_bytes=self._limits.max_image_bytes, max_pixels=self._limits.max_image_pixels
        )
        digest = hashlib.sha256(image).hexdigest()
        if record.image is not None and record.image.lower() != digest:
            raise UsageError(f"The image has the SHA-256 {digest}, not {record.image[:64]}; send it again.")
        return replace(record, image=digest, width=header.width, height=header.height)

    def _write(
        self, checked: Sequence[NewRecord | Result], rows: Sequence[NewRecord]
    ) -> Future[list[Result]]:
        answer: Future[list[Result]] = Future()
        answer.set_running_or_notify_cancel()

        def tell(written: Future[list[Outcome]]) -> None:
            error = written.exception()
            if error is None:
                reach("records-committed")
                answer.set_result(in_order(checked, map(_told, rows, written.result())))
            elif isinstance(error, IntegrityError):
                self._models.forget()
                answer.set_exception(UsageError("A model was deleted meanwhile; nothing was kept."))
            else:
                answer.set_exception(error)

        if rows:
            self._writer.submit(rows).add_done_callback(tell)
            reach("records-submitted")
        else:
            answer.set_result(in_order(checked, ()))
        return answer


def _told(row: NewRecord, outcome: Outcome) -> Result:
    return Result(row.record.id, outcome, _TAKEN if outcome == "conflict" else None)
