"""A week on a weaving line: two cameras, a few defects, and from day 4 on one camera out of focus.

The images are those of the package `conformal-clip-data` (MIT): simulated textile, 250 × 250 px, without a
defect (nominal), with a local and with a global one. Cameras and times are made up; the fault is one of
`driftwheel.images.faults`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from driftwheel.demo.shot import DAYS, Shot
from driftwheel.errors import MissingExtraError

__all__ = ["CAMERAS", "FAULT", "SEVERITIES", "plan_week", "textile_images"]

CAMERAS = ("left", "right")

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


def plan_week(
    images: Mapping[str, list[Path]], seed: int, severities: Mapping[int, int] = SEVERITIES
) -> tuple[Shot, ...]:
    """Return the shots of the reference and of seven days, in order of time.

    `severities` says on which days the right camera has the fault, and how grave it is.

    No image is used twice. All are shuffled together before they are dealt out, so that until the fault sets
    in the days differ from the reference by chance alone: the right verdict on days 1 to 3 is ``no_drift``.
    """
    rng = np.random.default_rng(seed)
    total = _PER_DAY * (_REFERENCE_DAYS + DAYS)
    defects = round(total * _DEFECTS)
    counts = {"nominal": total - 2 * defects, "local": defects, "global": defects}
    dealt = [(kind, path) for kind, n in counts.items() for path in _draw(images[kind], n, rng)]
    order = rng.permutation(total)
    shots = []
    for position, (kind, source) in enumerate(dealt[i] for i in order):
        calendar_day, place = divmod(position, _PER_DAY)
        day = max(0, calendar_day - _REFERENCE_DAYS + 1)
        date = _FIRST_DAY + timedelta(days=day - 1 if day else calendar_day - 7)
        seconds = _SHIFT_HOURS * 3600 * place / _PER_DAY + rng.uniform(0, 240)
        camera = CAMERAS[place % len(CAMERAS)]
        severity = severities.get(day) if camera == "right" else None
        shots.append(
            Shot(day, camera, date + _SHIFT_START + timedelta(seconds=int(seconds)), source, severity, kind)
        )
    return tuple(shots)


def _draw(paths: list[Path], n: int, rng: np.random.Generator) -> list[Path]:
    return [paths[i] for i in rng.choice(len(paths), size=n, replace=False)]
