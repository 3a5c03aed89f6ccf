"""Register a model, change it, and add versions to it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from sqlalchemy import Engine

from driftwheel.drift.rules import check_dial
from driftwheel.errors import UsageError, did_you_mean
from driftwheel.formats.onnx_ports import onnx_ports
from driftwheel.learning.load_embedder import load_embedder
from driftwheel.learning.onnx_session import check_content
from driftwheel.predictions import Task
from driftwheel.profiles.window import as_window, windows_per_year
from driftwheel.services.alert.close_alerts import close_episodes
from driftwheel.services.models.ask_version import want_version_asked
from driftwheel.store.alerts.episodes import open_episodes
from driftwheel.store.engine.database import writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import (
    Model,
    ModelVersion,
    add_version,
    create_model,
    find_model,
    lock_model,
    update_model,
)
from driftwheel.store.operate.audit import note
from driftwheel.store.release.aliases import find_alias, set_alias
from driftwheel.store.release.promotions import add_promotion
from driftwheel.store.windows.verdicts import mark_all_due

__all__ = [
    "ModelChange",
    "NewModel",
    "add_model_version",
    "change_model",
    "check_version_name",
    "register_model",
]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_NAMED = {"gist-": "gist", "efficientnet-lite0-": "efficientnet-lite0"}
_MOST_TAG = 128
_NOT_SEGMENTED = "The model is no longer segmented by its tag."


@dataclass(frozen=True, slots=True)
class NewModel:
    """What is said of a model when it is registered.

    Attributes
    ----------
    name
        1…128 letters, digits, dots, dashes and underscores.
    task
        ``classification`` or ``detection``.
    classes
        Their names; may be empty.
    window
        ``hour``, ``day`` or ``week``: what one profile sums up. It cannot be changed later.
    segment_tags
        Tags whose values are segments with profiles of their own.
    embedder
        As `driftwheel check --embedder`; ``auto`` is settled now, so that all workers use one.
    retention_days
        For how long records and images are kept; None for ever.
    keep_images
        Share of the images that is kept once they are measured, 0…1; 0 keeps profiles and records only.
    false_alarms_per_year
        The one dial of its monitors: above 0, and less than it has windows in a year.
    """

    name: str
    task: str
    classes: Sequence[str] = ()
    window: str = "day"
    segment_tags: Sequence[str] = ()
    embedder: str = "auto"
    retention_days: int | None = None
    keep_images: float = 1.0
    false_alarms_per_year: float = 1.0


@dataclass(frozen=True, slots=True)
class ModelChange:
    """What is to change of a model; what is None stays."""

    classes: Sequence[str] | None = None
    segment_tags: Sequence[str] | None = None
    embedder: str | None = None
    retention_days: int | None = None
    keep_for_ever: bool = False
    keep_images: float | None = None
    false_alarms_per_year: float | None = None


def register_model(engine: Engine, new: NewModel, *, by: str, now: datetime) -> Model:
    """Add a model and return it.

    Raises
    ------
    UsageError
        When the name is taken or anything said of it cannot be used.
    MissingExtraError
        When its embedder needs an extra that is not installed here.
    """
    if not _NAME.fullmatch(new.name):
        raise UsageError(
            f"'{new.name}' cannot be a model's name; use 1 to 128 letters, digits, dots, dashes and "
            "underscores, the first a letter or digit."
        )
    task = _task(new.task)
    window = as_window(new.window)
    _check(new.classes, new.segment_tags, new.retention_days, new.keep_images)
    check_dial(new.false_alarms_per_year, windows_per_year(window))
    embedder = _settled(new.embedder)
    with writing(engine) as connection:
        model = create_model(
            connection,
            new.name,
            task=task,
            created=now,
            classes=new.classes,
            window=window,
            segment_tags=new.segment_tags,
            embedder=embedder,
            retention_days=new.retention_days,
            keep_images=new.keep_images,
            false_alarms_per_year=new.false_alarms_per_year,
        )
        note(connection, now, by, "register model", model.name, {"task": task, "window": window})
    return model


def change_model(engine: Engine, name: str, change: ModelChange, *, by: str, now: datetime) -> Model:
    """Change a model and return it as it is then.

    With another dial all its windows are judged again. Alerts of segments that it has no longer are closed.

    Raises
    ------
    UsageError
        When there is no such model, or anything said of it cannot be used.
    """
    embedder = None if change.embedder is None else _settled(change.embedder)
    with writing(engine) as connection:
        model = find_model(connection, name)
        days = model.retention_days if change.retention_days is None else change.retention_days
        days = None if change.keep_for_ever else days
        classes = model.classes if change.classes is None else change.classes
        tags = model.segment_tags if change.segment_tags is None else change.segment_tags
        share = model.keep_images if change.keep_images is None else change.keep_images
        dial = model.false_alarms_per_year
        if change.false_alarms_per_year is not None:
            dial = change.false_alarms_per_year
        _check(classes, tags, days, share)
        check_dial(dial, windows_per_year(as_window(model.window)))
        update_model(
            connection,
            model.key,
            classes=classes,
            window=model.window,
            segment_tags=tags,
            embedder=embedder or model.embedder,
            retention_days=days,
            keep_images=share,
            false_alarms_per_year=dial,
        )
        if dial != model.false_alarms_per_year:
            mark_all_due(connection, model.key)  # what counts as drift is another
        lost = [one for one in open_episodes(connection, model.key) if one.tag and one.tag not in tags]
        close_episodes(connection, model.key, lost, reason=_NOT_SEGMENTED, now=now)
        details = {"classes": list(classes), "segment_tags": list(tags), "embedder": embedder}
        note(
            connection,
            now,
            by,
            "change model",
            name,
            details | {"retention_days": days, "keep_images": share, "false_alarms_per_year": dial},
        )
        return find_model(connection, name)


def add_model_version(
    engine: Engine,
    blobs: Blobs,
    model: str,
    version: str,
    *,
    onnx: bytes | None,
    by: str,
    now: datetime,
    metrics: Mapping[str, Any] | None = None,
    dataset: bytes | None = None,
) -> ModelVersion:
    """Add a version to a model, with its ONNX file where there is one, and return it.

    The file is kept as it is. Where the reference has no logged scores a worker runs it on that reference,
    and then on images that come, see `driftwheel.services.models.ask_reference`. The first version of a model
    becomes its champion; a later one must pass the gate.

    Parameters
    ----------
    metrics
        What was measured of it when it was trained, as JSON has it.
    dataset
        Digest of the dataset version that it learnt from.

    Raises
    ------
    UsageError
        When there is no such model, the version is there already, or the file is no ONNX model.
    """
    check_version_name(version)
    if onnx is not None:
        _check_onnx(onnx)
    artifact = None if onnx is None else blobs.put(onnx)
    with writing(engine) as connection:
        found = find_model(connection, model)
        found = lock_model(connection, found.key) or found
        is_first = find_alias(connection, found.key, "champion") is None
        added = add_version(
            connection,
            found.key,
            version,
            artifact=artifact,
            created=now,
            state="champion" if is_first else "trained",
            size=None if onnx is None else len(onnx),
            metrics=metrics,
            dataset=dataset,
        )
        want_version_asked(connection, added)
        note(connection, now, by, "add version", model, {"version": version})
        if is_first:
            set_alias(connection, found.key, "champion", added.key, now, by)
            add_promotion(
                connection,
                found.key,
                added.key,
                "first",
                before=None,
                gate=None,
                time=now,
                by=by,
                reason="It is the first version.",
            )
    if onnx is not None and artifact is not None and not blobs.exists(artifact):  # see Blobs.delete
        blobs.put(onnx)
    return added


def check_version_name(name: str) -> None:
    r"""Refuse a name that a version of a model cannot have, since no address could lead to it.

    Raises
    ------
    UsageError
        When it has no characters, more than 128, or some that cannot be seen.

    Examples
    --------
    >>> check_version_name("2026-11 night shift")
    >>> check_version_name("v1\n")
    Traceback (most recent call last):
    ...
    driftwheel.errors.UsageError: A version's name is of visible characters, and neither '.' nor '..'.
    """
    if not 1 <= len(name) <= 128:
        raise UsageError(f"A version's name has 1 to 128 characters, not {len(name)}.")
    if not name.isprintable() or name in {".", ".."}:
        raise UsageError("A version's name is of visible characters, and neither '.' nor '..'.")


def _task(name: str) -> Task:
    known: tuple[Task, ...] = get_args(Task)
    for task in known:
        if task == name:
            return task
    raise UsageError(
        f"There is no task '{name}'; choose one of {', '.join(known)}.{did_you_mean(name, known)}"
    )


def _settled(embedder: str) -> str:
    """Return the embedder that a setting names here and now, after a look whether it can be used."""
    network = load_embedder(embedder)
    if embedder != "auto":
        return embedder
    identity = "" if network is None else network.identity
    return next((name for prefix, name in _NAMED.items() if identity.startswith(prefix)), "gist")


def _check(classes: Sequence[str], tags: Sequence[str], days: int | None, share: float) -> None:
    for what, names in (("class", classes), ("segment tag", tags)):
        twice = sorted({name for name in names if list(names).count(name) > 1})
        if twice:
            raise UsageError(f"The {what} '{twice[0]}' is given twice; name each once.")
        if any(not name or len(name) > _MOST_TAG for name in names):
            raise UsageError(f"A {what} has a name of 1 to {_MOST_TAG} characters.")
    if days is not None and days < 1:
        raise UsageError(
            f"Records are kept for at least 1 day, not {days}; leave it out to keep them for ever."
        )
    if not 0.0 <= share <= 1.0:
        raise UsageError(f"The share of images that is kept is between 0 and 1, not {share:g}.")


def _check_onnx(data: bytes) -> None:
    if onnx_ports(data) is None:
        raise UsageError(f"These {len(data):,} bytes are no ONNX model. Export the model to ONNX first.")
    check_content(data, shown="This file")
