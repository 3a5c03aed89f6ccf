"""Set the reference of a model: a folder of images, a past range of time, or a trailing window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Engine

from driftwheel.errors import DriftwheelError, ProfileFormatError, SourceError, UsageError
from driftwheel.images.properties import PROPERTY_NAMES
from driftwheel.learning.load_embedder import load_embedder
from driftwheel.services.crash_points import reach
from driftwheel.services.measure.backfill import check_range
from driftwheel.services.measure.embedding_space import EmbeddingSpace, fixed_space
from driftwheel.services.measure.measure_images import concatenate, measure_images
from driftwheel.services.measure.measured_reference import (
    MeasuredReference,
    pack_reference,
    sum_up_reference,
    unpack_reference,
)
from driftwheel.services.measure.reference_of_records import reference_of_records
from driftwheel.services.models.ask_reference import ask_reference
from driftwheel.sources import open_source
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model, find_model, model_by_key
from driftwheel.store.models.references import (
    Reference,
    ReferenceKind,
    create_reference,
    list_references,
    reference_by_key,
    set_reference_failed,
    set_reference_ready,
)
from driftwheel.store.operate.audit import note
from driftwheel.store.windows.windows import window_of

__all__ = [
    "Folder",
    "Range",
    "Trailing",
    "fail_reference",
    "finish_reference",
    "measure_reference_row",
    "reference_span",
    "set_reference",
]

_MOST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Folder:
    """Images in a folder, archive or list file on the machines that the workers run on.

    Attributes
    ----------
    images
        See `driftwheel.sources.open_source`.
    name_pattern
        How tags and times are read from the names, as of `driftwheel check`.
    """

    images: str
    name_pattern: str | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """The model's own records with since ≤ time < until."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Trailing:
    """The model's own records of so many days before the present window, taken anew every day."""

    days: int


def set_reference(
    engine: Engine, model: str, source: Folder | Range | Trailing, *, by: str, now: datetime
) -> Reference:
    """Note what a model's reference is to be; a worker measures it, and until then the last one stays in use.

    Raises
    ------
    UsageError
        When there is no such model, or the source cannot be used.
    """
    with writing(engine) as connection:
        found = find_model(connection, model)
        kind, said = _said(source)
        reference = create_reference(connection, found.key, kind=kind, source=said, created=now, by=by)
        note(connection, now, by, "set reference", found.name, {"kind": kind, "source": said})
    return reference


def measure_reference_row(
    engine: Engine,
    blobs: Blobs,
    key: int,
    *,
    now: datetime,
    kept: bool = False,
    threads: int | None = None,
) -> bytes | None:
    """Measure a reference and return the digest of its artifact, which is kept among the blobs.

    The same reference measured twice gives the same artifact. None where the reference is gone. Embeddings
    are in the fixed space of the model's embedder, see `driftwheel.services.measure.embedding_space`.

    Parameters
    ----------
    kept
        What was measured of a folder before stands, and the versions of now are asked about it; images are
        measured again only where other things are measured now than then.

    Raises
    ------
    DriftwheelError
        When it cannot be measured; the message says why.
    """
    with reading(engine) as connection:
        reference = reference_by_key(connection, key)
        model = None if reference is None else model_by_key(connection, reference.model)
    if reference is None or model is None:
        return None
    before = _kept(blobs, model, reference) if kept else None
    if before is not None:
        measured = before
    elif reference.kind == "folder":
        measured = _of_folder(model, reference.source, threads)
    else:
        measured = _of_records(engine, blobs, model, reference, now, threads)
    measured = ask_reference(engine, blobs, model, reference, measured, threads=threads)
    reach("reference-measured")
    digest = blobs.put(pack_reference(measured))
    reach("reference-kept")
    return digest


def finish_reference(engine: Engine, blobs: Blobs, key: int, artifact: bytes) -> bool:
    """Put a measured reference in use, and return whether its artifact is there (else measure it again).

    Its notes are kept as the `reason` of the row.
    """
    try:
        notes = " ".join(unpack_reference(blobs.get(artifact)).notes)
    except FileNotFoundError:
        return False
    with writing(engine) as connection:
        set_reference_ready(connection, key, artifact, notes or None)
        reach("reference-written")
    reach("reference-ready")
    return blobs.exists(artifact)  # see Blobs.delete


def fail_reference(engine: Engine, key: int, reason: str) -> None:
    """Note why a reference cannot be measured; the last one stays in use."""
    with writing(engine) as connection:
        set_reference_failed(connection, key, reason)


def _said(source: Folder | Range | Trailing) -> tuple[ReferenceKind, dict[str, Any]]:
    """Return kind and source as they are kept, after a look whether they can be used."""
    if isinstance(source, Folder):
        if not _exists(source.images):
            raise UsageError(f"There is no '{source.images:.500}' on this machine; name a folder of images.")
        images = str(Path(source.images).absolute())
        return "folder", {"images": images, "name_pattern": source.name_pattern}
    if isinstance(source, Range):
        check_range(source.since, source.until)
        return "range", {"since": source.since.isoformat(), "until": source.until.isoformat()}
    if not 1 <= source.days <= _MOST_DAYS:
        raise UsageError(f"A trailing reference has 1 to {_MOST_DAYS:,} days, not {source.days:,}.")
    return "trailing", {"days": source.days}


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except OSError:  # its name is too long, or it lies where nobody may look
        return False


def _of_folder(model: Model, source: Mapping[str, Any], threads: int | None) -> MeasuredReference:
    network = load_embedder(model.embedder)
    images = open_source(source["images"], name_pattern=source.get("name_pattern"))
    records = concatenate(measure_images(images, embedder=network, mode="exact", threads=threads))
    if len(records) == 0:
        reasons = sorted({one.reason for one in records.unreadable})
        raise SourceError(f"None of the images in '{source['images']}' can be read: {', '.join(reasons)}.")
    if network is None or records.embeddings is None:
        return sum_up_reference(records, None, model.segment_tags)
    space = fixed_space(network)
    placed = space.place(records.embeddings).astype(np.float32)
    return sum_up_reference(
        replace(records, embeddings=placed, embedder=space.name), space, model.segment_tags
    )


def _kept(blobs: Blobs, model: Model, reference: Reference) -> MeasuredReference | None:
    """Return what was measured of a folder, if the same would be measured now."""
    if reference.kind != "folder" or reference.artifact is None:
        return None
    try:
        measured = unpack_reference(blobs.get(reference.artifact))
    except (ProfileFormatError, FileNotFoundError):
        return None
    network = load_embedder(model.embedder)
    space = None if network is None else fixed_space(network).name
    tags = {"", *(tag for tag in model.segment_tags if tag in measured.sample.tags)}
    is_same = (
        space == (None if measured.space is None else measured.space.name)
        and measured.sample.property_names == PROPERTY_NAMES
        and set(measured.profiles) == tags
    )
    return replace(measured, notes=()) if is_same else None  # a folder's notes are of those that were asked


def _of_records(  # noqa: PLR0917
    engine: Engine, blobs: Blobs, model: Model, reference: Reference, now: datetime, threads: int | None
) -> MeasuredReference:
    since, until = reference_span(model, reference, now)
    with reading(engine) as connection:
        earlier = [one.artifact for one in list_references(connection, model.key)]

    def named(name: str) -> EmbeddingSpace | None:
        network = load_embedder(model.embedder)
        if network is not None and (fixed := fixed_space(network)).name == name:
            return fixed
        found = (_space_of(blobs, one) for one in earlier if one is not None)
        return next((one for one in found if one is not None and one.name == name), None)

    return reference_of_records(engine, blobs, model, since, until, named=named, threads=threads)


def _space_of(blobs: Blobs, artifact: bytes) -> EmbeddingSpace | None:
    try:
        return unpack_reference(blobs.get(artifact)).space
    except (DriftwheelError, FileNotFoundError):
        return None


def reference_span(model: Model, reference: Reference, now: datetime) -> tuple[datetime, datetime]:
    """Return the times, since ≤ time < until, of the records that a reference is made of; no folder's."""
    source = reference.source
    if reference.kind == "range":
        return datetime.fromisoformat(source["since"]), datetime.fromisoformat(source["until"])
    until, _ = window_of(now, model.window)
    return until - timedelta(days=int(source["days"])), until
