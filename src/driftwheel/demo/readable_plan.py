"""Look at every image of a story before it begins: one that cannot be read would end it in the middle."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from driftwheel.demo.shot import Shot
from driftwheel.demo.story_plan import StoryPlan
from driftwheel.errors import SourceError, UnreadableImageError
from driftwheel.images.decode import decode
from driftwheel.services.measure.parallel import default_threads
from driftwheel.services.progress import OnProgress, counting

__all__ = ["MOST_UNREADABLE", "readable_plan"]

MOST_UNREADABLE = 0.1
"""Share of the images that may be unreadable: with more of them the folder is not what it was taken for."""


def readable_plan(
    plan: StoryPlan, on_progress: OnProgress | None = None
) -> tuple[StoryPlan, tuple[str, ...]]:
    """Return the story without images that cannot be read, and a line for each of these: which, and why.

    Raises
    ------
    SourceError
        When more than a tenth of the images cannot be read.
    """
    shots = [*plan.reference, *plan.known, *(one for day in plan.days for one in day)]

    told = counting(on_progress, "looking at the images", len(shots))
    reasons = {}
    with ThreadPoolExecutor(default_threads()) as pool:
        for shot, why in zip(shots, pool.map(_why_unreadable, shots), strict=True):
            if why is not None:
                reasons[shot.source] = why
            if told is not None:
                told(1)
    lost = tuple(f"{path} ({why})" for path, why in sorted(reasons.items()))
    if len(lost) > MOST_UNREADABLE * len(shots):
        raise SourceError(
            f"{len(lost):,} of {len(shots):,} images cannot be read, such as {lost[0]}. Take these away, or "
            "store them as JPEG or PNG."
        )

    def left(some: Sequence[Shot]) -> tuple[Shot, ...]:
        return tuple(one for one in some if one.source not in reasons)

    days = tuple(left(day) for day in plan.days)
    return replace(plan, reference=left(plan.reference), known=left(plan.known), days=days), lost


def _why_unreadable(shot: Shot) -> str | None:
    try:
        decode(shot.source.read_bytes())
    except OSError as error:
        return error.strerror or "cannot be opened"
    except UnreadableImageError as error:
        return error.reason
    return None
