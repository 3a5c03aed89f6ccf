"""One image of a made-up week: where it comes from, when which camera takes it, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

__all__ = ["DAYS", "NAME_PATTERN", "Shot"]

DAYS = 7

NAME_PATTERN = "{camera}_{time:%Y%m%d_%H%M%S}"
"""How the files are named; what `--name-pattern` wants for them."""


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
        The file that it shows.
    severity
        1…5 of the camera fault, or None for an image as it should be.
    label
        What is to be seen in it.
    """

    day: int
    camera: str
    time: datetime
    source: Path
    severity: int | None
    label: str

    @property
    def folder(self) -> str:
        """``reference`` or ``day-1`` … ``day-7``."""
        return f"day-{self.day}" if self.day else "reference"

    @property
    def name(self) -> str:
        """The file name: camera and time, as `NAME_PATTERN` reads them."""
        return f"{self.camera}_{self.time:%Y%m%d_%H%M%S}{self.source.suffix}"
