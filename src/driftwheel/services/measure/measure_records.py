"""From records with images to what is noted of them: properties, embedding and the like, or why not."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine

from driftwheel.errors import DriftwheelError
from driftwheel.images.properties import PROPERTY_NAMES
from driftwheel.records import Records, times_of
from driftwheel.services.measure.measure_blobs import MeasuredBlob, WantedBlob, measure_blobs
from driftwheel.services.measure.measurers import Measurer, Measurers
from driftwheel.services.measure.packed_records import pack_embedding, pack_hash, pack_properties
from driftwheel.store.engine.database import reading
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.records.records import Measurement
from driftwheel.store.records.stored_record import StoredRecord

__all__ = ["LOST", "measure_records", "measurers_of"]

LOST = "the image is lost"
"""The reason of a record whose image is not there."""

_log = logging.getLogger("driftwheel.worker")
_PATIENCE = timedelta(minutes=10)  # for which an image may be on its way: see Blobs.delete


def measurers_of(engine: Engine, measurers: Measurers, rows: Sequence[StoredRecord]) -> dict[int, Measurer]:
    """Return the measurers of the models of these records.

    Models that are gone have none, and those whose embedder or reference cannot be used here, of which the
    log tells: their records wait, and the records of other models do not wait for them.
    """
    found: dict[int, Measurer] = {}
    with reading(engine) as connection:
        for model in {row.model for row in rows}:
            try:
                measurer = measurers.of(connection, model)
            except (DriftwheelError, FileNotFoundError) as error:
                _log.warning("The records of model %d wait: %s", model, error)
                continue
            if measurer is not None:
                found[model] = measurer
    return found


def measure_records(
    blobs: Blobs,
    measurers: Mapping[int, Measurer],
    rows: Sequence[StoredRecord],
    *,
    now: datetime,
    threads: int | None = None,
) -> list[Measurement]:
    """Measure the images of records, and return what to note of each, in no order.

    Those whose model has no measurer are left out, and those whose image is not there but came in the last
    ten minutes: it may be on its way back. An image that stays away makes its record rejected.

    Raises
    ------
    OSError
        When the blobs cannot be read now.
    """
    wanted = [row for row in rows if row.model in measurers and row.image is not None]
    steps = {
        model: (
            None if one.embedder is None else one.embedder.prepare,
            None if one.autoencoder is None else one.autoencoder.network.prepare,
        )
        for model, one in measurers.items()
    }
    asked = [WantedBlob(row.image or b"", *steps[row.model]) for row in wanted]
    found = measure_blobs(blobs, asked, threads=threads)
    noted: list[Measurement] = []
    measured: defaultdict[int, list[tuple[StoredRecord, MeasuredBlob]]] = defaultdict(list)
    for row, one in zip(wanted, found, strict=True):
        if isinstance(one, MeasuredBlob):
            measured[row.model].append((row, one))
        elif isinstance(one, str):
            noted.append(Measurement(row.key, reason=one))
        elif now - row.received > _PATIENCE:
            noted.append(Measurement(row.key, reason=LOST))
    for model, pairs in measured.items():
        noted += _note(measurers[model], pairs)
    return noted


def _note(measurer: Measurer, pairs: Sequence[tuple[StoredRecord, MeasuredBlob]]) -> list[Measurement]:
    table = _table(measurer, pairs)
    p_values = measurer.outlier_p(table)
    embeddings = None if table.embeddings is None else table.embeddings.astype(np.float16)
    errors = _errors(measurer, pairs)
    autoencoder = None if measurer.autoencoder is None else measurer.autoencoder.stored.key
    return [
        Measurement(
            row.key,
            properties=pack_properties(one.values),
            embedding=None if embeddings is None else pack_embedding(embeddings[i]),
            outlier_p=p_values.get(str(row.key)),
            width=one.width,
            height=one.height,
            space=None if measurer.space is None else measurer.space.name,
            hash=pack_hash(one.hash64),
            reconstruction_error=None if errors is None else float(errors[i]),
            autoencoder=autoencoder,
        )
        for i, (row, one) in enumerate(pairs)
    ]


def _errors(
    measurer: Measurer, pairs: Sequence[tuple[StoredRecord, MeasuredBlob]]
) -> NDArray[np.float64] | None:
    if measurer.autoencoder is None:
        return None
    pictures = np.stack([one.picture for _, one in pairs if one.picture is not None])
    return measurer.autoencoder.network.errors(pictures)


def _table(measurer: Measurer, pairs: Sequence[tuple[StoredRecord, MeasuredBlob]]) -> Records:
    """Return the records by key, with the embeddings as float16 holds them."""
    embeddings = None
    if measurer.embedder is not None and measurer.space is not None:
        prepared = np.stack([one.prepared for _, one in pairs if one.prepared is not None])
        embeddings = measurer.space.place(measurer.embedder.embed(prepared)).astype(np.float32)
    return Records(
        images=tuple(str(row.key) for row, _ in pairs),
        properties=np.stack([one.values for _, one in pairs]),
        property_names=PROPERTY_NAMES,
        embeddings=embeddings,
        embedder=None if measurer.space is None else measurer.space.name,
        times=times_of([row.time for row, _ in pairs]),
    )
