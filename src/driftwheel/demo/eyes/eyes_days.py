"""The days of the eyes: what is labelled before them, and who looks into the camera when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from driftwheel.demo.eyes.published_eyes import Eye
from driftwheel.demo.eyes.share_out_eyes import SharedOut
from driftwheel.demo.shot import Shot

__all__ = ["EyesDays", "plan_days", "write_labelled"]

_OPENS, _HOURS = timedelta(hours=6), 16
_PER_DAY = 400
_CAMERA = "door"
_SPLITS: Mapping[str, str] = {"train": "learnt", "val": "checked", "test": "old_test"}


@dataclass(frozen=True, slots=True)
class EyesDays:
    """Images of each day, in the order of time.

    Attributes
    ----------
    calm
        Eyes as the model knows them, of other people.
    changed
        Blurred and dark ones: the day on which the wheel is to notice.
    after
        More of them, of other people again: the day after.
    """

    calm: tuple[Shot, ...]
    changed: tuple[Shot, ...]
    after: tuple[Shot, ...]

    @property
    def all(self) -> tuple[tuple[Shot, ...], ...]:
        """One after the other."""
        return self.calm, self.changed, self.after


def plan_days(parts: SharedOut, until: date, *, per_day: int = _PER_DAY) -> EyesDays:
    """Return who comes when; the last day is `until`, and a day has `per_day` eyes at most.

    Half of those on whom the old domain is measured come on the calm day; on the last day come others of
    production than the day before.
    """
    first = datetime(until.year, until.month, until.day, tzinfo=UTC) - timedelta(days=2)
    calm = parts.old_test[: _calm(parts)][:per_day]
    middle = min(per_day, len(parts.production) // 2)
    seen = {one.person for one in parts.production[:middle]}
    others = [one for one in parts.production[middle:] if one.person not in seen]
    days = (calm, parts.production[:middle], others[:per_day])
    return EyesDays(*(_spread(its, first, number) for number, its in enumerate(days, 1)))


def write_labelled(folder: Path, parts: SharedOut) -> Path:
    """Write the sharp and bright half as ``folder/images/split/class/name``; return the reference's folder.

    Splits are given, so that no person is in two of them. The reference are those that nothing was learnt
    from and that do not come on the calm day: of what a model has learnt it is surer than of anything else.
    Names begin with a number, so that the two eyes of a person do not follow each other, as in production.
    """
    for split, name in _SPLITS.items():
        _write(folder / "images" / split, getattr(parts, name))
    _write(folder / "reference", (*parts.checked, *parts.old_test[_calm(parts) :]))
    return folder / "reference"


def _write(folder: Path, eyes: Sequence[Eye]) -> None:
    for place, eye in enumerate(eyes):
        target = folder / eye.label / f"{place:05}_{eye.file.name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(eye.file.read_bytes())


def _calm(parts: SharedOut) -> int:
    return len(parts.old_test) // 2


def _spread(eyes: Sequence[Eye], first: datetime, number: int) -> tuple[Shot, ...]:
    begin = first + timedelta(days=number - 1) + _OPENS
    step = timedelta(seconds=_HOURS * 3600 // max(1, len(eyes)))
    return tuple(
        Shot(number, "door", begin + place * step, eye.file, None, eye.label)
        for place, eye in enumerate(eyes)
    )
