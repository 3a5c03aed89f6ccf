"""A week made of anybody's images: a folder for each class, two cameras, a fault of one for three days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from driftwheel.demo.shot import DAYS, Shot
from driftwheel.errors import SourceError
from driftwheel.sources.file_kinds import IMAGE_SUFFIXES

__all__ = ["CAMERAS", "plan_folder_week"]

CAMERAS = ("left", "right")

_FIRST_DAY = datetime(2026, 3, 2, tzinfo=UTC)
_REFERENCE_DAYS = 14
_SHIFT_START, _SHIFT_HOURS = timedelta(hours=6), 16
_LEAST_A_DAY = 40
_LEAST_CLASSES = 2


def plan_folder_week(
    folder: Path, severities: Mapping[int, int], seed: int, per_day: int = 200
) -> tuple[Shot, ...]:
    """Return the shots of a reference and of seven days, in order of time.

    Parameters
    ----------
    folder
        Holds a folder of images for each class; or two folders, ``train`` and ``production``, which hold
        those, for the reference and for the week. Otherwise half of the images become the reference.
    severities
        Day → severity, 1…5, of the fault of the right camera.
    per_day
        Images a day, at most; fewer where there are not enough.

    Raises
    ------
    SourceError
        When there are fewer than two classes, or not 40 images for each day and as many for the reference.
    """
    rng = np.random.default_rng(seed)
    reference, week = _shared_out(folder, rng)
    a_day = min(per_day, len(week) // DAYS)
    if a_day < _LEAST_A_DAY or len(reference) < _LEAST_A_DAY * DAYS:
        raise SourceError(
            f"{folder} has {len(reference) + len(week)} images; a week needs at least "
            f"{2 * _LEAST_A_DAY * DAYS}: {_LEAST_A_DAY} for each day, and as many for the reference."
        )
    shots = _spread(reference, _FIRST_DAY - timedelta(days=_REFERENCE_DAYS), _REFERENCE_DAYS, {}, 0)
    return (*shots, *_spread(week[: a_day * DAYS], _FIRST_DAY, DAYS, severities, 1))


def _shared_out(
    folder: Path, rng: np.random.Generator
) -> tuple[list[tuple[str, Path]], list[tuple[str, Path]]]:
    train, production = folder / "train", folder / "production"
    if train.is_dir() and production.is_dir():
        return _shuffled(_labelled(train), rng), _shuffled(_labelled(production), rng)
    images = _shuffled(_labelled(folder), rng)
    return images[: len(images) // 2], images[len(images) // 2 :]


def _labelled(folder: Path) -> list[tuple[str, Path]]:
    if not folder.is_dir():
        raise SourceError(f"There is no folder {folder}; name one that holds a folder for each class.")
    found = [
        (kind.name, path)
        for kind in sorted(folder.iterdir())
        if kind.is_dir()
        for path in sorted(kind.iterdir())
        if path.suffix.lower() in IMAGE_SUFFIXES
    ]
    if len({label for label, _ in found}) < _LEAST_CLASSES:
        raise SourceError(f"{folder} needs a folder of images for each of at least two classes.")
    return found


def _shuffled(images: list[tuple[str, Path]], rng: np.random.Generator) -> list[tuple[str, Path]]:
    return [images[i] for i in rng.permutation(len(images))]


def _spread(
    images: list[tuple[str, Path]],
    first: datetime,
    days: int,
    severities: Mapping[int, int],
    number: int,
) -> list[Shot]:
    """Share images out over days and cameras; `number` is that of the first day, 0 for the reference."""
    shots = []
    for position, (label, source) in enumerate(images):
        day = position * days // len(images)
        place = position - -(-day * len(images) // days)
        seconds = place * _SHIFT_HOURS * 3600 * days // len(images)
        camera = CAMERAS[position % len(CAMERAS)]
        time = first + timedelta(days=day) + _SHIFT_START + timedelta(seconds=seconds)
        called = number + day if number else 0
        severity = severities.get(called) if camera == "right" else None
        shots.append(Shot(called, camera, time, source, severity, label))
    return shots
