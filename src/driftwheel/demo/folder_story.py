"""The story with anybody's images: a folder for each class, two cameras, and a fault of one of them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from driftwheel.demo.story_plan import NINE_DAYS, Labelled, StoryPlan, plan_story
from driftwheel.demo.textile_story import GATE
from driftwheel.errors import SourceError
from driftwheel.sources.file_kinds import IMAGE_SUFFIXES

__all__ = ["folder_settings", "plan_folder_story"]

_KNOWN = 40
_MOST_LEARNT = 2000
_SIDE = 160


def plan_folder_story(
    folder: Path, until: date, seed: int, *, severity: int, per_day: int = 150
) -> StoryPlan:
    """Return the story of a folder's images.

    Parameters
    ----------
    folder
        Holds a folder of images for each class; or two folders, ``train`` and ``production``, which hold
        those. Otherwise a third is what the model is trained on. Of more than 2,000 images to learn from as
        many are drawn by chance.
    until
        Date of the last day.
    severity
        1…5, of the fault of the right camera.

    Raises
    ------
    SourceError
        When there is no such folder, fewer than two classes, or too few images.
    """
    rng = np.random.default_rng(seed)
    train, production = folder / "train", folder / "production"
    if train.is_dir() and production.is_dir():
        learnt, later = _shuffled(_labelled(train), rng), _shuffled(_labelled(production), rng)
    else:
        images = _shuffled(_labelled(folder), rng)
        learnt, later = images[: len(images) // 3], images[len(images) // 3 :]
    return plan_story(
        learnt[:_MOST_LEARNT],
        later[: NINE_DAYS.days * per_day + _KNOWN],
        until=until,
        severity=severity,
        seed=seed,
        per_day=per_day,
        known=_KNOWN,
    )


def folder_settings(plan: StoryPlan) -> dict[str, Any]:
    """Return recipe and policies for such a story: a turn asks for as many images as a day has."""
    images = min(150, len(plan.days[0]))
    return {
        "recipe": {"trainer": "linear-head", "side": _SIDE},
        "gate": dict(GATE),
        "policy": {
            "enabled": True,
            "images": images,
            "most_labels": 4 * images,
            "holdout_share": 0.55,
            "overlap": 3,
            "golden_share": 0.25,
            "watch_days": 1.0,
            "watch_labels": min(100, images),
        },
    }


def _labelled(folder: Path) -> list[Labelled]:
    if not folder.is_dir():
        raise SourceError(f"There is no folder {folder}; name one that holds a folder for each class.")
    found = [
        (kind.name, path)
        for kind in sorted(folder.iterdir())
        if kind.is_dir()
        for path in sorted(kind.iterdir())
        if path.suffix.lower() in IMAGE_SUFFIXES
    ]
    if len({label for label, _ in found}) < 2:
        raise SourceError(f"{folder} needs a folder of images for each of at least two classes.")
    return found


def _shuffled(images: list[Labelled], rng: np.random.Generator) -> list[Labelled]:
    return [images[i] for i in rng.permutation(len(images))]
