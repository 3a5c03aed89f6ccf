"""What a format cannot say: refused by name, or given up on purpose and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from driftwheel.errors import LabelFormatError

__all__ = ["LOSS_WORDS", "NOTE_WORDS", "Loss", "Losses", "Lost", "Note"]


class Loss(StrEnum):
    """What may be given up, each by a choice of its own."""

    SHAPES_AS_BOXES = "shapes-as-boxes"
    OTHER_SHAPES = "other-shapes"
    FLAT_BOXES = "flat-boxes"
    ROTATION = "rotation"
    ROUNDING = "rounding"
    OUTSIDE = "outside"
    CLASSES = "classes"
    BOXES = "boxes"
    FLAGS = "flags"
    ATTRIBUTES = "attributes"
    SCORES = "scores"
    NOTHING = "nothing"
    UNLABELLED = "unlabelled"


LOSS_WORDS: Mapping[Loss, str] = {
    Loss.SHAPES_AS_BOXES: "polygons, masks and ellipses become the upright boxes around them",
    Loss.OTHER_SHAPES: "points, lines, cuboids, texts and relations are left out",
    Loss.FLAT_BOXES: "boxes without an area are left out",
    Loss.ROTATION: "turned boxes become the upright boxes around them",
    Loss.ROUNDING: "corners are rounded to whole pixels",
    Loss.OUTSIDE: "boxes wholly outside their image are left out",
    Loss.CLASSES: "classes of whole images are left out",
    Loss.BOXES: "boxes are left out",
    Loss.FLAGS: "crowd, occluded, truncated and ignored are forgotten where the format has no such mark",
    Loss.ATTRIBUTES: "attributes of objects are forgotten",
    Loss.SCORES: "scores are forgotten",
    Loss.NOTHING: "images of which somebody said that there is nothing in them are left out",
    Loss.UNLABELLED: "images that nobody has labelled are left out",
}
"""What is given up → what then happens."""


class Note(StrEnum):
    """What is never refused, but counted and told."""

    CLIPPED = "clipped"
    CANCELLED = "cancelled"
    DRAFTS = "drafts"
    OTHER_ANSWERS = "other-answers"
    WHO_AND_WHEN = "who-and-when"
    NO_IMAGE_FILE = "no-image-file"


NOTE_WORDS: Mapping[Note, str] = {
    Note.CLIPPED: "boxes were cut off at the border of their image",
    Note.CANCELLED: "answers were skipped by their annotator (was_cancelled) and not read",
    Note.DRAFTS: "drafts that nobody submitted were not read",
    Note.OTHER_ANSWERS: "answers beside the chosen one were left out",
    Note.WHO_AND_WHEN: "answers lost who gave them, when, or how long it took",
    Note.NO_IMAGE_FILE: "images have no file in the folder of images",
}
"""What is told → how."""


@dataclass(frozen=True, slots=True)
class Lost:
    """One kind of loss or note: how many, and where the first was."""

    kind: Loss | Note
    count: int
    first: str


class Losses:
    """Holds every loss against what is allowed, and counts.

    Parameters
    ----------
    allowed
        What may be given up.
    """

    def __init__(self, allowed: Collection[Loss] = ()) -> None:
        self.allowed = frozenset(allowed)
        self._counts: Counter[Loss | Note] = Counter()
        self._first: dict[Loss | Note, str] = {}

    def lose(self, loss: Loss, where: str, why: str) -> None:
        """Count one loss.

        Parameters
        ----------
        where
            The file and the object, for example ``labels.json, annotation 7``.
        why
            What cannot be said, as a sentence without its end.

        Raises
        ------
        LabelFormatError
            Where it is not allowed: says where and why, and how to allow it.
        """
        if loss not in self.allowed:
            raise LabelFormatError(
                f"{where}: {why}. Change it there, or allow '{loss.value}' ({LOSS_WORDS[loss]})."
            )
        self._count(loss, where)

    def note(self, note: Note, where: str) -> None:
        """Count what is only told."""
        self._count(note, where)

    @property
    def all(self) -> tuple[Lost, ...]:
        """What was counted, in the order of first sight."""
        return tuple(Lost(kind, self._counts[kind], first) for kind, first in self._first.items())

    def _count(self, kind: Loss | Note, where: str) -> None:
        self._counts[kind] += 1
        self._first.setdefault(kind, where)
