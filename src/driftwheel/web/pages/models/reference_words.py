"""References in words: what each was made from, and how many images it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from driftwheel.report.numbers import several
from driftwheel.report.printable import shortened
from driftwheel.services.measure.reference_images import reference_images
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.references import Reference
from driftwheel.web.pages.images.image_filter import read_time
from driftwheel.web.pages.rendering import moment

__all__ = ["ReferenceRow", "reference_rows"]


@dataclass(frozen=True, slots=True)
class ReferenceRow:
    """One reference; `current` for the one in use, `n` the images it was measured on."""

    words: str | Markup
    state: str
    reason: str | None
    current: bool
    n: int | None
    created: datetime
    by: str


def reference_rows(references: Sequence[Reference], blobs: Blobs) -> list[ReferenceRow]:
    """Return references, the newest first, as rows; the newest that is ready is in use."""
    current = next((each.key for each in references if each.state == "ready"), None)
    return [
        ReferenceRow(
            _words(each),
            each.state,
            each.reason,
            each.key == current,
            None if each.artifact is None else reference_images(blobs, each.artifact),
            each.created,
            each.by,
        )
        for each in references
    ]


def _words(reference: Reference) -> str | Markup:
    source = reference.source
    if reference.kind == "range":
        start, end = (source.get(name) for name in ("since", "until"))
        if isinstance(start, str) and isinstance(end, str):
            return Markup("records from {} until {}").format(moment(read_time(start)), moment(read_time(end)))
    if reference.kind == "trailing":
        days = source.get("days")
        return f"the {several(days, 'day')} before" if isinstance(days, int) else "the days before"
    path = shortened(str(source.get("images", "")), 60)
    return Markup("folder {}").format(Markup("/<wbr>").join(path.split("/")))
