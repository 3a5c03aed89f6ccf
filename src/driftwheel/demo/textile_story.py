"""The story on a weaving line: two cameras, cloth that is good or woven wrong, and a lens that is loose."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np

from driftwheel.demo.story_plan import NINE_DAYS, Schedule, StoryPlan, plan_story

__all__ = ["FAULT", "GATE", "POLICY", "RECIPE", "plan_textile_story"]

FAULT: Final = "blur"

RECIPE: Final[Mapping[str, Any]] = {"trainer": "linear-head", "side": 128}
"""A minute of training at most; at 224 pixels it is three, and hardly better."""

POLICY: Final[Mapping[str, Any]] = {
    "enabled": True,
    "images": 100,
    "most_labels": 400,
    "holdout_share": 0.55,
    "overlap": 3,
    "golden_share": 0.25,
    "watch_days": 1.0,
    "watch_labels": 80,
}
"""Of the wheel: small numbers, as the line is; half of the labels are to measure on."""

GATE: Final[Mapping[str, float]] = {"margin": 0.05, "segment_margin": 0.1}
"""Of the gate: a line of 100 images a day cannot show that nothing got worse by two points."""

_SEVERITY: Final = 4
_LEARNT: Final = 600
_LOCAL: Final = 36


def plan_textile_story(
    images: Mapping[str, list[Path]],
    until: date,
    seed: int,
    *,
    per_day: int = 100,
    learnt: int = _LEARNT,
    schedule: Schedule = NINE_DAYS,
) -> StoryPlan:
    """Return the story of the textile images: a third of them is ``defect``.

    Parameters
    ----------
    images
        As `driftwheel.demo.textile_week.textile_images` returns them. Of those with a local defect, a speck
        that a small model mostly misses, a few are there: a model that is never wrong has nothing to
        estimate its accuracy by.
    until
        Date of the last day.
    learnt
        Images that are labelled before.
    """
    rng = np.random.default_rng(seed)
    local = [images["local"][i] for i in rng.permutation(len(images["local"]))[:_LOCAL]]
    named = [("good", path) for path in images["nominal"]]
    named += [("defect", path) for path in (*images["global"], *local)]
    dealt = [named[i] for i in rng.permutation(len(named))]
    return plan_story(
        dealt[:learnt],
        dealt[learnt:],
        until=until,
        severity=_SEVERITY,
        seed=seed,
        per_day=per_day,
        schedule=schedule,
    )
