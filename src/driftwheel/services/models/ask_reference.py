"""Ask the ONNX files of a model's versions about the images of a reference, where nothing else tells.

A folder of images has no logged answers, and records may have come without scores. What the files say is kept
with the reference; received images are asked about likewise, so that both sides are answered by one hand.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from sqlalchemy import Engine

from driftwheel.drift.rules import LEAST_SAMPLE
from driftwheel.errors import BlobsUnreachableError, DriftwheelError
from driftwheel.performance.agreement_on_the_line import LEAST_MODELS
from driftwheel.services.check.reference_truths import NOT_KNOWN, true_columns
from driftwheel.services.measure.asked_answers import AskedAnswers
from driftwheel.services.measure.classify_images import classify_images
from driftwheel.services.measure.measured_reference import AGREEING, MeasuredReference
from driftwheel.services.models.askers import open_version
from driftwheel.services.models.learnt_images import learnt_by, noting_learnt, without_learnt
from driftwheel.services.models.simulate_reference_faults import reference_images
from driftwheel.store.engine.database import reading
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model, ModelVersion, list_versions
from driftwheel.store.models.references import Reference
from driftwheel.store.records.logged_answers import logged_answers

__all__ = ["AGREEING_VERSIONS", "ASKED_VERSIONS", "ask_reference"]

ASKED_VERSIONS = 3
"""The versions with an ONNX file that are asked: the champion, and the newest beside it."""

AGREEING_VERSIONS = 4
"""The versions, likewise, whose agreement tells the accuracy of each: `performance.agreement_on_the_line`."""

_log = logging.getLogger("driftwheel.worker")


def ask_reference(
    engine: Engine,
    blobs: Blobs,
    model: Model,
    reference: Reference,
    measured: MeasuredReference,
    *,
    threads: int | None = None,
) -> MeasuredReference:
    """Return a reference with what the model's versions say of its sample, and with truths told by folders.

    Nothing is asked for a model that is no classifier or has no ONNX file. Where 20 records of the reference
    or more have logged scores, those stand. Where three versions or more have a file, four are
    asked about the first 1,000 images for their agreement too, as far as they were not asked before. A
    version whose file does not run is named in the notes, and hinders nothing. What a version says of images
    that it has learnt from is left out, where 100 others are left. The truth of an image in a folder is the
    name of the nearest folder that is called as a class.

    Raises
    ------
    OSError
        When blobs or the database cannot be read now.
    """
    with reading(engine) as connection:
        versions = [one for one in list_versions(connection, model.key) if one.artifact is not None]
        versions.sort(key=lambda one: one.state != "champion")  # else the newest first, as they are
        names = measured.sample.images
        logged = 0
        if versions and reference.kind != "folder":
            logged = int((~np.isnan(logged_answers(connection, model.key, names).confidence)).sum())
    if model.task != "classification" or not versions:
        return measured
    asked: list[AskedAnswers] = []
    beside: list[AskedAnswers] = []
    notes = list(measured.notes)
    whole = ASKED_VERSIONS if logged < LEAST_SAMPLE else 0
    agreeing = AGREEING_VERSIONS if len(versions) >= LEAST_MODELS else 0
    for turn, version in enumerate(versions[: max(whole, agreeing)]):
        into, shown = (asked, names) if turn < whole else (beside, names[:AGREEING])
        try:
            said, note = _asked(engine, blobs, model, reference, version, shown, threads)
            into.append(said)
            notes += [note] if note else []
        except BlobsUnreachableError:
            raise
        except (DriftwheelError, FileNotFoundError) as error:
            _log.warning("Version '%s' of '%s' was not asked: %s", version.name, model.name, error)
            notes.append(_not_asked(version, error))
    truths: tuple[str | None, ...] = ()
    if reference.kind == "folder" and asked:
        truths = _truths(names, asked[0].classes)
    return replace(measured, asked=tuple(asked), truths=truths, notes=tuple(notes), beside=tuple(beside))


def _asked(  # noqa: PLR0917  whom to ask, and about what
    engine: Engine,
    blobs: Blobs,
    model: Model,
    reference: Reference,
    version: ModelVersion,
    names: Sequence[str],
    threads: int | None,
) -> tuple[AskedAnswers, str | None]:
    """Return what a version says of images it has not learnt from, and a note on those that it has."""
    digest = version.artifact or b""
    classifier = open_version(blobs.get(digest), model.classes)
    learnt: set[str] = set()
    images = noting_learnt(
        reference_images(engine, blobs, reference, names), learnt_by(engine, blobs, version), learnt
    )
    said = classify_images(images, classifier, threads=threads)
    scores = np.full((len(names), len(classifier.classes)), np.nan, np.float32)
    for row, name in enumerate(names):
        if name in said:
            scores[row] = said[name]
    asked = AskedAnswers(version.name, digest, classifier.identity, tuple(classifier.classes), scores)
    return without_learnt(asked, names, learnt)


def _not_asked(version: ModelVersion, error: Exception) -> str:
    why = "its file is lost." if isinstance(error, FileNotFoundError) else str(error)
    return (
        f"Version '{version.name}' was not asked about the reference, so its windows are judged without "
        f"scores: {why} Add a version whose file runs, or log scores with a reference of records."
    )


def _truths(names: Sequence[str], classes: Sequence[str]) -> tuple[str | None, ...]:
    columns = true_columns("auto", names, classes)
    if columns is None:
        return ()
    return tuple(None if column == NOT_KNOWN else classes[column] for column in columns)
