"""Find slices of failure of a model among its newest labels: by tags, properties, classes and clusters."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine

from driftwheel.images.properties import PROPERTIES
from driftwheel.performance.failure_slices import (
    LEAST_LABELS,
    FailureSlice,
    SliceSearch,
    find_failure_slices,
)
from driftwheel.predictions import Classification
from driftwheel.selection.k_means import k_means
from driftwheel.services.crash_points import reach
from driftwheel.services.measure.packed_records import records_of
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.record_labels import RecordLabel, record_labels
from driftwheel.store.models.failure_slices import find_slices_of, put_slices
from driftwheel.store.models.models import Model, model_by_key
from driftwheel.store.records.record_columns import columns_of_keys
from driftwheel.store.windows.performance_windows import count_labels, list_performance

__all__ = ["MOST_LABELS", "find_slices", "is_search_due"]

MOST_LABELS = 20_000
"""Labels that are looked at: those of the newest windows."""

_PAGE = 2000
_SHOWN = 12
_GROWN = 1.25  # times as many labels as at the last search ask for another
_CLUSTERS = 25
_OF_CLUSTER = 40  # labels, on average
_LEFT_OUT = {"near_duplicate"}  # told by its neighbours in time, which a label does not have


def is_search_due(connection: Connection, model: int) -> bool:
    """Return whether a search was asked for, or a quarter more labels are known than at the last."""
    last = find_slices_of(connection, model)
    if last is not None and last.asked:
        return True
    labels = count_labels(connection, model)
    return labels >= LEAST_LABELS and labels >= _GROWN * (0 if last is None else last.labels)


def find_slices(engine: Engine, key: int, *, now: datetime, seed: int = 0) -> SliceSearch | None:
    """Look for slices of failure of a model, and keep what was found; None where it is gone.

    Labels of images that were chosen for what they show are left out where there are enough others: what they
    were chosen for would be found again. An assistant's labels never count.

    Parameters
    ----------
    seed
        Draws which half proposes, and the clusters; the same images fall into the same half each time.
    """
    with reading(engine) as connection:
        model = model_by_key(connection, key)
        if model is None:
            return None
        labels = count_labels(connection, key)
        its = _newest_labels(connection, model)
        fair = [one for one in its if _stands_for_others(one)]
        rows = fair if len(fair) >= LEAST_LABELS else its
        categories, numbers = _features(connection, rows, seed)
    correct = np.array([bool(one.correct) for one in rows], np.bool_)
    confirms = np.array([_half(one.id, seed) for one in rows], np.bool_)
    found = find_failure_slices(correct, categories, numbers, confirms=confirms)
    document = {
        "n": found.n,
        "fair": len(fair) >= LEAST_LABELS,
        "proposed": found.proposed,
        "looked_at": found.looked_at,
        "reason": found.reason,
        "since": None if not rows else min(one.time for one in rows).isoformat(),
        "until": None if not rows else max(one.time for one in rows).isoformat(),
        "slices": [_slice_to_json(one, rows, correct) for one in found.slices],
    }
    reach("slices-found")
    with writing(engine) as connection:
        if model_by_key(connection, key) is not None:
            put_slices(connection, key, labels=labels, document=document, made=now)
    return found


def _newest_labels(connection: Connection, model: Model) -> list[RecordLabel]:
    """Return labelled predictions of the newest windows that together have about `MOST_LABELS`."""
    windows = [one for one in list_performance(connection, model.key) if one.labels]
    since, total = None, 0
    for one in reversed(windows):
        since, total = one.start, total + one.labels
        if total >= MOST_LABELS:
            break
    if since is None:
        return []
    found: list[RecordLabel] = []
    after = 0
    while True:
        page = record_labels(
            connection,
            model.key,
            since=since,
            sources=["told", "review", "consensus", "import"],
            after_key=after,
            limit=_PAGE,
        )
        found += [one for one in page if one.correct is not None]
        if len(page) < _PAGE:
            return found[-MOST_LABELS:]
        after = page[-1].key


def _stands_for_others(one: RecordLabel) -> bool:
    its = one.known.selected
    return its.probability is not None if its is not None else one.known.source in {"told", "import"}


def _features(
    connection: Connection, rows: Sequence[RecordLabel], seed: int
) -> tuple[dict[str, list[str | None]], dict[str, NDArray[np.float64]]]:
    """Return what parts may be told by: tags, the class that was named, clusters; properties."""
    categories: dict[str, list[str | None]] = {}
    for tag in sorted({tag for one in rows for tag in one.tags}):
        categories[f"tag.{tag}"] = [one.tags.get(tag) for one in rows]
    categories["predicted"] = [
        one.prediction.label if isinstance(one.prediction, Classification) else None for one in rows
    ]
    columns = columns_of_keys(connection, sorted(one.key for one in rows))
    spaces = Counter(one for one in columns.spaces if one is not None)
    space = min(spaces, key=lambda name: (-spaces[name], name)) if spaces else None
    table = records_of(columns, space=space)
    place = {name: row for row, name in enumerate(table.images)}
    at = np.array([place.get(one.id, -1) for one in rows], np.intp)
    numbers: dict[str, NDArray[np.float64]] = {}
    for its in PROPERTIES:
        if its.kind != "number" or its.name in _LEFT_OUT or its.name not in table.property_names:
            continue
        if not len(table):
            break
        column = table.column(its.name).astype(np.float64)
        numbers[f"property.{its.name}"] = np.where(at >= 0, column[np.maximum(at, 0)], np.nan)
    if table.embeddings is not None:
        known = (at >= 0) & ~np.isnan(table.embeddings[np.maximum(at, 0)]).any(axis=1)
        clusters = _clusters(table.embeddings[at[known]], seed)
        named: list[str | None] = [None] * len(rows)
        for row, cluster in zip(np.flatnonzero(known), clusters, strict=True):
            named[int(row)] = str(int(cluster) + 1)
        categories["cluster"] = named
    return categories, numbers


def _clusters(vectors: NDArray[np.float32], seed: int) -> NDArray[np.intp]:
    parts = min(_CLUSTERS, len(vectors) // _OF_CLUSTER)
    if parts < 2:
        return np.zeros(len(vectors), np.intp)
    middle = vectors - vectors.mean(axis=0)
    return k_means(middle.astype(np.float32), parts, rng=np.random.default_rng(seed))[0]


def _half(record: str, seed: int) -> bool:
    """Return whether a record confirms; it depends on nothing but its id."""
    return hashlib.sha256(f"{seed} {record}".encode()).digest()[0] < 128


def _slice_to_json(
    one: FailureSlice, rows: Sequence[RecordLabel], correct: NDArray[np.bool_]
) -> Mapping[str, Any]:
    """Return a slice as plain values, with some records that show it: wrong ones, the newest first."""
    order = sorted(one.rows.tolist(), key=lambda row: (bool(correct[row]), -rows[row].time.timestamp()))
    wrong = [row for row in order if not correct[row]]
    return {
        "conditions": [asdict(each) for each in one.conditions],
        "share": one.share,
        "labels": len(one.rows),
        "wrong": len(wrong),
        "accuracy": asdict(one.accuracy),
        "rest": asdict(one.rest),
        "p_value": one.p_value,
        "records": [rows[row].id for row in wrong[:_SHOWN]],
    }
