"""A record as one picture of a grid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from markupsafe import Markup

from driftwheel.predictions import Classification, Detection
from driftwheel.report.numbers import p_value
from driftwheel.report.printable import printable, shortened
from driftwheel.store.records.stored_record import StoredRecord
from driftwheel.store.schema.record_state import RecordState
from driftwheel.web.pages.box_overlay import small_overlay

__all__ = ["ODD", "Shot", "picture_address", "said_of", "shots_of"]

ODD = 0.01
"""An image as unusual as fewer than 1 in 100 of the reference wears its p-value in the grid."""


@dataclass(frozen=True, slots=True)
class Shot:
    """What a grid shows of a record.

    Attributes
    ----------
    thumbnail
        Address of the picture; None where no image is kept.
    said, score
        What the model said, in a few words, and how sure it was.
    flag
        What to know at a glance; empty for most.
    odd
        Whether the flag asks to be looked at.
    absent
        What is said in the picture's place.
    overlay
        The boxes of the prediction, to lie over the picture; None without any.
    error
        How far off what an autoencoder makes of it is; None where none looked.
    """

    key: int
    id: str
    time: datetime
    thumbnail: str | None
    said: str
    score: float | None
    flag: str
    odd: bool
    absent: str = ""
    overlay: Markup | None = None
    error: float | None = None


def shots_of(model: str, records: Sequence[StoredRecord]) -> list[Shot]:
    """Return what a grid shows of these records of the model with that name."""
    return [_shot(model, record) for record in records]


def said_of(prediction: Classification | Detection | None, *, most: int = 3) -> str:
    """Return a prediction or truth in a few words.

    Examples
    --------
    >>> from driftwheel.predictions import Box
    >>> said_of(Detection((Box("cat", 0, 0, 9, 9), Box("dog", 0, 0, 9, 9), Box("cat", 0, 0, 9, 9))))
    '2 cat, 1 dog'
    """
    if prediction is None:
        return ""
    if isinstance(prediction, Classification):
        return shortened(prediction.label, 40)
    counts = Counter(box.label for box in prediction.boxes).most_common()
    words = [f"{n} {shortened(label, 24)}" for label, n in counts[:most]]
    return ", ".join([*words, "…"] if len(counts) > most else words) or "no objects"


def picture_address(model: str, digest: bytes, side: int | None = None) -> str:
    """Return where an image of a model is found: as it was sent, or a thumbnail of it."""
    address = f"/api/v1/models/{quote(model, safe='')}/images/{digest.hex()}"
    return address if side is None else f"{address}?size={side}"


def _shot(model: str, record: StoredRecord) -> Shot:
    flag, odd = _flag(record)
    readable = record.image is not None and record.state is not RecordState.REJECTED
    return Shot(
        record.key,
        printable(record.id),
        record.time,
        picture_address(model, record.image, 320) if record.image is not None and readable else None,
        said_of(record.prediction) or ("failed" if record.error else "no prediction"),
        record.prediction.confidence if isinstance(record.prediction, Classification) else None,
        flag,
        odd,
        _absent(record),
        _overlay(record) if readable else None,
        record.reconstruction_error,
    )


def _absent(record: StoredRecord) -> str:
    if record.state is RecordState.NO_IMAGE:
        return "no image sent"
    if record.state is RecordState.REJECTED:
        return record.reason or "unreadable"
    return "image not kept"


def _overlay(record: StoredRecord) -> Markup | None:
    said = record.prediction
    if not isinstance(said, Detection) or not said.boxes or not record.width or not record.height:
        return None
    return small_overlay(record.width, record.height, said.boxes)


def _flag(record: StoredRecord) -> tuple[str, bool]:
    if record.state is RecordState.REJECTED:
        return "cannot be read", True
    if record.state is RecordState.RECEIVED:
        return "waiting", False
    if record.outlier_p is not None and record.outlier_p < ODD:
        said = p_value(record.outlier_p)
        return f"p {said}" if said.startswith("<") else f"p = {said}", True
    return "", False
