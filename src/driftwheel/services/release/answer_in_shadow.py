"""Let challengers in the shadow answer the records that came; nobody acts on what they say."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import numpy as np
from sqlalchemy import Engine

from driftwheel.errors import DriftwheelError
from driftwheel.records import Image
from driftwheel.services.crash_points import reach
from driftwheel.services.measure.classify_images import classify_images
from driftwheel.services.models.askers import open_version
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import model_by_key, version_by_key
from driftwheel.store.release.aliases import ModelAlias, all_aliases, move_cursor
from driftwheel.store.release.shadow_answers import (
    ShadowAnswer,
    ShadowRecord,
    add_shadow_answers,
    newest_record_key,
    unanswered_records,
)

__all__ = ["answer_in_shadow", "waiting_shadows"]

_AT_ONCE = 64
_MOST_BEHIND = 20_000  # record keys: what is farther back is passed over, so that it stays with what comes
_log = logging.getLogger("driftwheel.worker")


def waiting_shadows(engine: Engine) -> list[ModelAlias]:
    """Return the challengers in the shadow that have records to answer."""
    with reading(engine) as connection:
        found = []
        for alias in all_aliases(connection, "challenger"):
            version = version_by_key(connection, alias.version)
            if version is None or version.state != "shadow":
                continue
            newest = newest_record_key(connection, alias.model)
            if alias.cursor is None or newest > alias.cursor:
                found.append(alias)
    return found


def answer_in_shadow(engine: Engine, blobs: Blobs, alias: ModelAlias, *, threads: int | None = None) -> int:
    """Let a challenger answer the next records of its model, and return how many it answered.

    Records that came before it went into the shadow are passed over; so are the oldest when it falls behind
    by 20,000. One whose file fails leaves the shadow's place as it is, and the log says why.

    Raises
    ------
    OSError
        When the blobs or the database cannot be read now.
    """
    with reading(engine) as connection:
        model, version = model_by_key(connection, alias.model), version_by_key(connection, alias.version)
        newest = newest_record_key(connection, alias.model)
        start = newest if alias.cursor is None else max(alias.cursor, newest - _MOST_BEHIND)
        waiting = unanswered_records(connection, alias.model, after_key=start, limit=_AT_ONCE)
    if model is None or version is None or version.artifact is None:
        return 0
    answers: list[ShadowAnswer] = []
    if waiting:
        try:
            classifier = open_version(blobs.get(version.artifact), model.classes, threads=threads)
            scores = classify_images(_images(blobs, waiting), classifier, threads=threads)
        except (DriftwheelError, FileNotFoundError) as error:
            _log.warning("Version '%s' of '%s' cannot answer: %s", version.name, model.name, error)
            scores = {}
        for one in waiting:
            row = scores.get(one.id)
            if row is not None:
                best = int(row.argmax())
                answers.append(
                    ShadowAnswer(
                        model.key,
                        version.key,
                        one.id,
                        one.time,
                        classifier.classes[best],
                        float(row[best]),
                        row.astype(np.float16).tobytes(),
                    )
                )
    cursor = waiting[-1].key if len(waiting) == _AT_ONCE else max(newest, start)
    with writing(engine) as connection:
        if move_cursor(connection, alias, cursor):
            add_shadow_answers(connection, answers)
        reach("shadow-written")
    return len(answers)


def _images(blobs: Blobs, waiting: list[ShadowRecord]) -> Iterator[Image]:
    for one in waiting:
        try:
            yield Image(one.id, blobs.get(one.image))
        except FileNotFoundError:
            continue
