"""Simulate faults on a reference of a model: what each known camera fault does to it, kept beside it.

The images are read anew: from the folder that the reference was made of, or from those that are kept of the
model's records. Where too few of them are left there is no library, and drift is told without its cause.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
from sqlalchemy import Engine

from driftwheel.drift.diagnosis.fault_library import FaultLibrary
from driftwheel.errors import BlobsUnreachableError, DriftwheelError, ProfileFormatError
from driftwheel.learning.embedder import Embedder
from driftwheel.records import Image
from driftwheel.services.check.measure_reference import SIMULATED
from driftwheel.services.check.simulate_faults import LEAST_IMAGES, simulate_faults
from driftwheel.services.crash_points import reach
from driftwheel.services.measure.embedding_space import EmbeddingSpace
from driftwheel.services.measure.measured_reference import MeasuredReference, unpack_reference
from driftwheel.services.measure.measurers import embedder_for
from driftwheel.services.models.askers import open_version
from driftwheel.services.models.kept_faults import pack_faults, unpack_faults
from driftwheel.sources import open_source
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import model_by_key
from driftwheel.store.models.references import Reference, reference_by_key, set_reference_faults
from driftwheel.store.records.records import find_record

__all__ = ["keep_faults", "placed_in", "reference_images", "simulate_reference_faults"]

_log = logging.getLogger("driftwheel.worker")


def simulate_reference_faults(
    engine: Engine, blobs: Blobs, key: int, *, threads: int | None = None
) -> bytes | None:
    """Return the digest of the fault library of a reference that is ready, which is kept among the blobs.

    None where the reference is gone, or fewer than 20 of its images can be read any more. The same reference
    gives the same library; one that has the answers of the champion already is not made again.

    Raises
    ------
    OSError
        When blobs or the database cannot be read now.
    """
    with reading(engine) as connection:
        reference = reference_by_key(connection, key)
        model = None if reference is None else model_by_key(connection, reference.model)
    if reference is None or model is None or reference.artifact is None:
        return None
    try:
        measured = unpack_reference(blobs.get(reference.artifact))
        if (known := _known(blobs, reference, measured)) is not None:
            return known
        images = _images(engine, blobs, reference, _names(measured))
        if len(images) < LEAST_IMAGES:
            return None
        space = measured.space
        embedder = None if space is None else embedder_for(space.embedder, model.embedder)
        library = _with_answers(blobs, measured, images, embedder, threads) or simulate_faults(
            images, embedder=embedder, threads=threads
        )
    except (DriftwheelError, FileNotFoundError):
        return None
    reach("faults-simulated")
    return blobs.put(pack_faults(placed_in(space, library)))


def _with_answers(
    blobs: Blobs,
    measured: MeasuredReference,
    images: Sequence[Image],
    embedder: Embedder | None,
    threads: int | None,
) -> FaultLibrary | None:
    """Return the library with the answers of the champion, else the newest version; None: it gives none."""
    if not measured.asked:
        return None
    first = measured.asked[0]
    try:
        classifier = open_version(blobs.get(first.artifact), first.classes)
        return simulate_faults(images, embedder=embedder, classifier=classifier, threads=threads)
    except BlobsUnreachableError:
        raise
    except (DriftwheelError, FileNotFoundError) as error:
        _log.warning("Version '%s' was not shown any faults: %s", first.version, error)
        return None


def _known(blobs: Blobs, reference: Reference, measured: MeasuredReference) -> bytes | None:
    """Return the library there is, where it has the answers of who is asked now, on images fit for that."""
    if reference.faults is None or not measured.asked:
        return None
    try:
        library = unpack_faults(blobs.get(reference.faults))
    except (ProfileFormatError, FileNotFoundError):
        return None
    first = measured.asked[0]
    told = set(np.array(measured.sample.images)[~np.isnan(first.scores).any(axis=1)].tolist())
    is_same = (
        library.answers is not None
        and library.answers.model == first.identity
        and set(library.images) <= told
        and library.embedder == measured.sample.embedder
        and library.property_names == measured.sample.property_names
    )
    return reference.faults if is_same else None


def keep_faults(engine: Engine, key: int, library: bytes) -> None:
    """Note the fault library of a reference."""
    with writing(engine) as connection:
        set_reference_faults(connection, key, library)
        reach("faults-written")
    reach("faults-kept")


def reference_images(
    engine: Engine, blobs: Blobs, reference: Reference, names: Sequence[str]
) -> Iterator[Image]:
    """Yield those images of a reference that are still to be had, one at a time.

    Of a folder in the order of their names; of records in the order of `names`, which are their ids.

    Raises
    ------
    SourceError
        When the folder cannot be opened.
    """
    if reference.kind == "folder":
        source = open_source(reference.source["images"], name_pattern=reference.source.get("name_pattern"))
        yield from (one for one in source.only(set(names)) if isinstance(one, Image))
    else:
        yield from _kept(engine, blobs, reference.model, names)


def _images(engine: Engine, blobs: Blobs, reference: Reference, names: Sequence[str]) -> list[Image]:
    if reference.kind == "folder":
        names = names[:SIMULATED]
        picked = {one.name: one for one in reference_images(engine, blobs, reference, names)}
        return [picked[name] for name in names if name in picked]
    return list(islice(reference_images(engine, blobs, reference, names), SIMULATED))


def _names(measured: MeasuredReference) -> Sequence[str]:
    """Return the sample's images, those first that the champion answered for and has not learnt from."""
    names = measured.sample.images
    if not measured.asked:
        return names
    told = ~np.isnan(measured.asked[0].scores).any(axis=1)
    return [names[i] for i in (*np.flatnonzero(told), *np.flatnonzero(~told))]


def _kept(engine: Engine, blobs: Blobs, model: int, names: Iterable[str]) -> Iterator[Image]:
    for name in names:
        with reading(engine) as connection:
            record = find_record(connection, model, name)
        if record is None or record.image is None:
            continue
        try:
            yield Image(name, blobs.get(record.image))
        except FileNotFoundError:
            continue


def placed_in(space: EmbeddingSpace | None, library: FaultLibrary) -> FaultLibrary:
    """Return a library with its embeddings in the space of the reference; without them where it has none."""
    if space is None or library.embeddings is None or library.clean_embeddings is None:
        return replace(library, embeddings=None, clean_embeddings=None, embedder=None)
    return replace(
        library,
        embeddings=space.place(library.embeddings).astype(np.float32),
        clean_embeddings=space.place(library.clean_embeddings).astype(np.float32),
        embedder=space.name,
    )
