"""Pictures as they go into the report: as data, so that it stays one file, and as many as its size allows."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from driftwheel.images.exhibits import Exhibit, Exhibits
from driftwheel.report.printable import printable, shortened

__all__ = ["Album", "Picture", "album"]

MOST_BYTES = 4_800_000
"""What all pictures together may take in the file, so that it stays under 6 MB."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: `source` is a data URI, or None when it no longer fits into the file."""

    source: str | None
    name: str
    caption: str

    @property
    def alternative(self) -> str:
        """What stands for the picture where it is not seen: its name, and the caption if that says more."""
        return self.name if self.caption in ("", shortened(self.name, 60)) else f"{self.name}: {self.caption}"


@dataclass(frozen=True, slots=True)
class Album:
    """The pictures of one report, in the same places as in `Exhibits`."""

    reference: tuple[Picture, ...] = ()
    current: tuple[Picture, ...] = ()
    outliers: tuple[Picture, ...] = ()
    simulated: Picture | None = None
    simulated_from: Picture | None = None
    real: Picture | None = None
    reconstructions: tuple[tuple[Picture, Picture], ...] = ()


def album(exhibits: Exhibits | None) -> Album:
    """Return the pictures, the most telling ones first to take up the room there is."""
    if exhibits is None:
        return Album()
    left = MOST_BYTES

    def placed(exhibit: Exhibit) -> Picture:
        nonlocal left
        source = "data:image/jpeg;base64," + base64.b64encode(exhibit.jpeg).decode("ascii")
        name = printable(exhibit.image)
        caption = shortened(exhibit.caption, 60)
        if len(source) > left:
            return Picture(None, name, caption)
        left -= len(source)
        return Picture(source, name, caption)

    def placed_if(exhibit: Exhibit | None) -> Picture | None:
        return None if exhibit is None else placed(exhibit)

    trio = placed_if(exhibits.simulated_from), placed_if(exhibits.simulated), placed_if(exhibits.real)
    pairs = [
        placed(each) for pair in zip(exhibits.current, exhibits.reference, strict=False) for each in pair
    ]
    shared = len(pairs) // 2
    current = (*pairs[0::2], *(placed(each) for each in exhibits.current[shared:]))
    reference = (*pairs[1::2], *(placed(each) for each in exhibits.reference[shared:]))
    outliers = tuple(placed(each) for each in exhibits.outliers)
    made = tuple((placed(original), placed(shown)) for original, shown in exhibits.reconstructions)
    return Album(
        reference,
        current,
        outliers,
        simulated_from=trio[0],
        simulated=trio[1],
        real=trio[2],
        reconstructions=made,
    )
