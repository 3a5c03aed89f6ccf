"""A week on a weaving line: two cameras, a few defects, and from day 4 on one camera out of focus.

The images are those of the package `conformal-clip-data` (MIT): simulated textile, 250 × 250 px, without a
defect (nominal), with a local and with a global one. Cameras and times are made up; the fault is one of
`driftwheel.images.faults`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from driftwheel.errors import MissingExtraError

__all__ = ["CAMERAS", "DAYS", "FAULT", "NAME_PATTERN", "SEVERITIES", "Shot", "plan_week", "textile_images"]

CAMERAS = ("left", "right")

DAYS = 7

NAME_PATTERN = "{camera}_{time:%Y%m%d_%H%M%S}"
"""How the files are named; what `--name-pattern` wants for them."""

FAULT = "blur"

SEVERITIES = {4: 1, 5: 2, 6: 3, 7: 4}
"""Day → severity of the fault of the right camera, whose lens works loose; the left one stays well."""

_FIRST_DAY = datetime(2026, 3, 2, tzinfo=UTC)
_REFERENCE_DAYS = 5  # the working week before
_PER_DAY = 100
_SHIFT_START, _SHIFT_HOURS = timedelta(hours=6), 16
_DEFECTS = (
    0.1  # share of local, and again of global, defects among the images: the same every day, but for chance
)


@dataclass(frozen=True, slots=True)
class Shot:
    """One image of the plan.

    Attributes
    ----------
    day
        1…7, or 0 for the reference.
    camera, time
        Which camera took it, and when (UTC).
    source
        The file in the package that it shows.
    severity
        1…5 of the camera fault, or None for an image as it should be.
    """

    day: int
    camera: str
    time: datetime
    source: Path
    severity: int | None

    @property
    def folder(self) -> str:
        """``reference`` or ``day-1`` … ``day-7``."""
        return f"day-{self.day}" if self.day else "reference"

    @property
    def name(self) -> str:
        """The file name: camera and time, as `NAME_PATTERN` reads them."""
        return f"{self.camera}_{self.time:%Y%m%d_%H%M%S}{self.source.suffix}"


def textile_images() -> dict[str, list[Path]]:
    """Return the sorted files of each kind: ``nominal``, ``local`` and ``global``.

    Raises
    ------
    MissingExtraError
        When the package with the images is not installed.
    """
    try:
        import conformal_clip_data as textile
    except ImportError:
        raise MissingExtraError("The demo", "demo") from None
    folders = {"nominal": textile.nominal_dir(), "local": textile.local_dir(), "global": textile.global_dir()}
    return {kind: sorted(folder.glob("*.jpg")) for kind, folder in folders.items()}


def plan_week(images: dict[str, list[Path]], seed: int) -> tuple[Shot, ...]:
    """Return the shots of the reference and of seven days, in order of time.

    No image is used twice. All are shuffled together before they are dealt out, so that until the fault sets
    in the days differ from the reference by chance alone: the right verdict on days 1 to 3 is ``no_drift``.
    """
    rng = np.random.default_rng(seed)
    total = _PER_DAY * (_REFERENCE_DAYS + DAYS)
    defects = round(total * _DEFECTS)
    counts = {"nominal": total - 2 * defects, "local": defects, "global": defects}
    dealt = [path for kind, n in counts.items() for path in _draw(images[kind], n, rng)]
    order = rng.permutation(total)
    shots = []
    for position, source in enumerate(dealt[i] for i in order):
        calendar_day, place = divmod(position, _PER_DAY)
        day = max(0, calendar_day - _REFERENCE_DAYS + 1)
        date = _FIRST_DAY + timedelta(days=day - 1 if day else calendar_day - 7)
        seconds = _SHIFT_HOURS * 3600 * place / _PER_DAY + rng.uniform(0, 240)
        camera = CAMERAS[place % len(CAMERAS)]
        severity = SEVERITIES.get(day) if camera == "right" else None
        shots.append(
            Shot(day, camera, date + _SHIFT_START + timedelta(seconds=int(seconds)), source, severity)
        )
    return tuple(shots)


def _draw(paths: list[Path], n: int, rng: np.random.Generator) -> list[Path]:
    return [paths[i] for i in rng.choice(len(paths), size=n, replace=False)]
