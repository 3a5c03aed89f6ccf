"""The summary of a window's predictions: of its records, and of those that retention deleted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from driftwheel.profiles.prediction_summary import (
    PredictionSummary,
    merge_predictions,
    predictions_from_bytes,
    predictions_to_bytes,
    summarise_predictions,
)
from driftwheel.services.measure.window_profile import WHOLE, Segment
from driftwheel.store.models.models import Model
from driftwheel.store.records.prediction_columns import (
    PredictionColumns,
    prediction_columns,
    predictions_of_records,
)
from driftwheel.store.records.stored_record import StoredRecord
from driftwheel.store.windows.window_predictions import archived_predictions, put_archived_predictions
from driftwheel.store.windows.windows import StoredWindow

__all__ = ["archive_predictions", "sum_up_predictions", "window_predictions"]


def window_predictions(
    connection: Connection, model: Model, start: datetime, end: datetime, windows: Sequence[StoredWindow]
) -> dict[int, bytes]:
    """Return the summary of each of these windows, which are of one span of time, by the window's key.

    `connection` must see the database as it is at one moment.
    """
    segments = [(one.tag, one.value) for one in windows]
    own = sum_up_predictions(prediction_columns(connection, model.key, start, end), segments)
    return {one.key: _with_archive(connection, one.key, own[one.tag, one.value]) for one in windows}


def archive_predictions(
    connection: Connection, windows: Iterable[StoredWindow], rows: Sequence[StoredRecord]
) -> None:
    """Add records to the archived summaries of those of these windows that they are in.

    In the transaction that deletes them, which has locked the windows.
    """
    its = sorted(windows, key=lambda one: (one.start, one.tag, one.value))  # see store.record_locks
    found = sum_up_predictions([predictions_of_records(rows)], [(one.tag, one.value) for one in its])
    for one in its:
        put_archived_predictions(
            connection, one.key, _with_archive(connection, one.key, found[one.tag, one.value])
        )


def sum_up_predictions(
    blocks: Iterable[PredictionColumns], segments: Iterable[Segment]
) -> dict[Segment, PredictionSummary]:
    """Return the summary of the records of each segment; `WHOLE` may be among them."""
    wanted = set(segments)
    tags = {tag for tag, _ in wanted}
    sums: dict[Segment, list[PredictionSummary]] = {segment: [] for segment in wanted}
    for block in blocks:
        rows: defaultdict[Segment, list[int]] = defaultdict(list)
        for i, its in enumerate(block.tags):
            for tag in tags & its.keys():
                rows[tag, its[tag]].append(i)
        rows[WHOLE] = list(range(len(block)))
        for segment in wanted & rows.keys():
            sums[segment].append(_summary(block, rows[segment]))
    return {segment: merge_predictions(parts) for segment, parts in sums.items()}


def _with_archive(connection: Connection, window: int, summary: PredictionSummary) -> bytes:
    archive = archived_predictions(connection, window)
    kept = [] if archive is None else [predictions_from_bytes(archive)]
    return predictions_to_bytes(merge_predictions([*kept, summary]))


def _summary(block: PredictionColumns, rows: Sequence[int]) -> PredictionSummary:
    said = [one for i in rows if (one := block.predictions[i]) is not None]
    named = [one for one in said if "class" in one]
    boxes = [box for one in said for box in one.get("boxes", ())]
    scores = [score for one in named if (score := one.get("scores", {}).get(one["class"])) is not None]
    scores += [score for box in boxes if (score := box.get("score")) is not None]
    return summarise_predictions(
        records=len(rows),
        images=sum(block.pictured[i] for i in rows),
        errors=sum(block.failed[i] for i in rows),
        predictions=len(said),
        classes=[one["class"] for one in named],
        boxes=[box["class"] for box in boxes],
        tags=[tag for i in rows for tag in block.tags[i]],
        scores=scores,
        latencies=[latency for i in rows if (latency := block.latencies[i]) is not None],
    )
