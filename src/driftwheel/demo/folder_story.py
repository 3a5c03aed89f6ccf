"""The story with anybody's images: a folder for each class, two cameras, and a fault of one of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from driftwheel.demo.story_plan import LEAST_A_DAY, LEAST_LEARNT, NINE_DAYS, Labelled, StoryPlan, plan_story
from driftwheel.demo.textile_story import GATE
from driftwheel.errors import SourceError
from driftwheel.sources.file_kinds import file_kind

__all__ = ["folder_settings", "plan_folder_story"]

_KNOWN = 40
_MOST_LEARNT = 2000
_SIDE = 160

LEAST_LATER = _KNOWN + NINE_DAYS.days * LEAST_A_DAY
"""Images that come later, at least: those known for sure, and those of nine days."""


def plan_folder_story(
    folder: Path, until: date, seed: int, *, severity: int, per_day: int = 150
) -> StoryPlan:
    """Return the story of a folder's images.

    Parameters
    ----------
    folder
        Holds a folder of images for each class; or two folders, ``train`` and ``production``, which hold
        those. Otherwise a third of each class is what the model is trained on. Of more than 2,000 images to
        learn from as many are drawn by chance, as they are of more than come later.
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
        learnt, later = _drawn(_labelled(train), rng), _drawn(_labelled(production), rng)
    else:
        images = _drawn(_labelled(folder), rng)
        if len(images) < LEAST_LEARNT + LEAST_LATER:
            raise SourceError(
                f"{folder} has {len(images):,} images in its folders; a story needs at least "
                f"{LEAST_LEARNT + LEAST_LATER}: {LEAST_LEARNT} to learn from, {LEAST_LATER} that come later."
            )
        third = max(LEAST_LEARNT, min(len(images) // 3, len(images) - LEAST_LATER))
        learnt, later = images[:third], images[third:]
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
    """Return the images of a folder of classes, sorted, without what systems and tools leave beside them."""
    if not folder.is_dir():
        raise SourceError(f"There is no folder {folder}; name one that holds a folder for each class.")
    found = [
        (kind.name, path)
        for kind in sorted(folder.iterdir())
        if kind.is_dir()
        for path in sorted(kind.iterdir())
        if file_kind(f"{kind.name}/{path.name}") == "image" and path.is_file()
    ]
    classes = sorted({label for label, _ in found})
    if len(classes) < 2:
        has = f"images of '{classes[0]}' alone" if classes else "no folder with images in it"
        if (folder / "train").is_dir():
            has += ", and beside 'train' none that is called 'production'"
        raise SourceError(
            f"{folder} has {has}. Sort images into a folder for each of at least two classes, such as "
            f"{folder / 'good'} and {folder / 'defect'}, named by what is to be seen."
        )
    return found


def _drawn(images: Sequence[Labelled], rng: np.random.Generator) -> list[Labelled]:
    """Return images in a random order of which every beginning has all classes in their proportions."""
    of = Counter(label for label, _ in images)
    passed: Counter[str] = Counter()
    keys = []
    for i in rng.permutation(len(images)):
        label = images[i][0]
        keys.append((passed[label] / of[label], i))
        passed[label] += 1
    return [images[i] for _, i in sorted(keys)]
