"""What the story is made of: labelled images, images that come later, and a camera that goes wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from driftwheel.demo.shot import Shot
from driftwheel.errors import SourceError

__all__ = [
    "CAMERAS",
    "LEAST_A_DAY",
    "LEAST_LEARNT",
    "NINE_DAYS",
    "Labelled",
    "Schedule",
    "StoryPlan",
    "plan_story",
]


@dataclass(frozen=True, slots=True)
class Schedule:
    """What happens on which day, from 1 on.

    Attributes
    ----------
    days
        How many there are.
    damaged
        From this one on the right camera has a fault.
    labellers, lead
        In the evenings from these days on annotators label, and the lead answers what the wheel asks.
    """

    days: int
    damaged: int
    labellers: int
    lead: int


NINE_DAYS = Schedule(9, 4, 5, 7)
"""That of the story as it is told."""

CAMERAS = ("left", "right")

Labelled = tuple[str, Path]
"""What an image shows, and its file."""

_REFERENCE_DAYS = 5
"""The working week before. The days are made up, and images dealt to them at random, so no two of them differ
by more than chance; a fortnight of them would be judged as days of a real line are, which do."""

_SHIFT_START, _SHIFT_HOURS = timedelta(hours=6), 16

LEAST_A_DAY = 40
"""Images a day, at least."""

LEAST_LEARNT = 160
"""Images that are labelled before, at least."""


@dataclass(frozen=True, slots=True)
class StoryPlan:
    """The images of the story, each used once, in the order of time.

    Attributes
    ----------
    reference
        What the model is trained on, and production is held against; day 0.
    known
        Come the day before day 1; what they show is known for sure, so they become golden tasks. Day 0.
    days
        Of each day of production, from 1 on.
    """

    schedule: Schedule
    reference: tuple[Shot, ...]
    known: tuple[Shot, ...]
    days: tuple[tuple[Shot, ...], ...]

    @property
    def severity(self) -> int:
        """Of the fault on the first day that has one; 1…5."""
        return next(one.severity for day in self.days for one in day if one.severity is not None)

    @property
    def classes(self) -> tuple[str, ...]:
        """What is to be seen, sorted."""
        return tuple(sorted({one.label for one in self.reference}))


def plan_story(
    reference: Sequence[Labelled],
    production: Sequence[Labelled],
    *,
    until: date,
    severity: int,
    seed: int,
    per_day: int = 110,
    known: int = 30,
    schedule: Schedule = NINE_DAYS,
) -> StoryPlan:
    """Return who takes which image when.

    Parameters
    ----------
    until
        Date of the last day.
    severity
        1…5, of what is wrong with the right camera from the day on when it is damaged.
    per_day, known
        Images a day, and images for golden tasks; fewer a day where there are not enough.

    Raises
    ------
    SourceError
        When there are fewer than two classes, or too few images.
    """
    classes = {label for label, _ in reference}
    missing = {label for label, _ in production} - classes
    if len(classes) < 2:
        raise SourceError("The images are of one class; a story needs a folder for each of at least two.")
    if missing:
        raise SourceError(f"Of '{min(missing)}' there are images of production, and none to learn from.")
    a_day = min(per_day, (len(production) - known) // schedule.days)
    if a_day < LEAST_A_DAY or len(reference) < LEAST_LEARNT:
        raise SourceError(
            f"There are {len(reference):,} images to learn from and {len(production):,} that come later; "
            f"a story needs at least {LEAST_LEARNT} and {LEAST_A_DAY * schedule.days + known}."
        )
    rng = np.random.default_rng(seed)
    learnt = [reference[i] for i in rng.permutation(len(reference))]
    later = [production[i] for i in rng.permutation(len(production))]
    first = datetime(until.year, until.month, until.day, tzinfo=UTC) - timedelta(days=schedule.days - 1)
    before = _REFERENCE_DAYS + 1
    return StoryPlan(
        schedule,
        _spread(learnt, first - timedelta(days=before), _REFERENCE_DAYS, 0, {}),
        _spread(later[:known], first - timedelta(days=1), 1, 0, {}),
        tuple(
            _spread(
                later[known + day * a_day : known + (day + 1) * a_day],
                first + timedelta(days=day),
                1,
                day + 1,
                {day + 1: severity} if day + 1 >= schedule.damaged else {},
            )
            for day in range(schedule.days)
        ),
    )


def _spread(
    images: Sequence[Labelled], first: datetime, days: int, number: int, severities: Mapping[int, int]
) -> tuple[Shot, ...]:
    """Share images out over days, cameras and the hours of a shift; `number` is that of the day."""
    shots = []
    for position, (label, source) in enumerate(images):
        day = position * days // len(images)
        place = position - -(-day * len(images) // days)
        seconds = place * _SHIFT_HOURS * 3600 * days // len(images)
        camera = CAMERAS[position % len(CAMERAS)]
        time = first + timedelta(days=day) + _SHIFT_START + timedelta(seconds=seconds)
        severity = severities.get(number) if camera == "right" else None
        shots.append(Shot(number, camera, time, source, severity, label))
    return tuple(shots)
