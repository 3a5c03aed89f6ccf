"""One image of a dataset version: what it shows, what it is used for, and where its label came from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from driftwheel.errors import UsageError

__all__ = [
    "SOURCES",
    "SPLITS",
    "Example",
    "ImageLabel",
    "LabelKind",
    "LabelledBox",
    "Origin",
    "Source",
    "Split",
]

Split = Literal["train", "validation", "test"]
"""What an image is used for: learnt from; looked at while learning, to stop in time; measured on."""

SPLITS: tuple[Split, ...] = get_args(Split)

LabelKind = Literal["class", "multi-class", "boxes"]
"""What is said of an image: one class, a set of classes, or where objects are."""

Source = Literal["told", "review", "consensus", "import", "automatic", "folder"]
"""Who vouches for a label: ground truth that was told by the API; a reviewer; the answers of annotators; a
label file read into a pool; an assistant that was sure; the folder or archive that it came in."""

SOURCES: tuple[Source, ...] = get_args(Source)


@dataclass(frozen=True, slots=True, order=True)
class LabelledBox:
    """One object: a rectangle in pixels of the upright image.

    Attributes
    ----------
    label
        Its class.
    x, y, width, height
        Left and upper edge and size **before it is turned**; it may reach over the border.
    rotation
        Degrees clockwise about the centre; 0 ≤ rotation < 360.
    """

    label: str
    x: float
    y: float
    width: float
    height: float
    rotation: float = 0.0

    def __post_init__(self) -> None:
        numbers = (self.x, self.y, self.width, self.height, self.rotation)
        if not all(map(math.isfinite, numbers)) or self.width <= 0 or self.height <= 0:
            raise UsageError(
                f"The box of '{self.label}' is {self.width:g} × {self.height:g} pixels at {self.x:g}, "
                f"{self.y:g}; give finite numbers, and sides above 0."
            )
        for name in ("x", "y", "width", "height"):  # 1 and 1.0, 0.0 and −0.0 are written alike
            object.__setattr__(self, name, float(getattr(self, name)) + 0.0)
        object.__setattr__(self, "rotation", float(self.rotation) % 360 + 0.0)


@dataclass(frozen=True, slots=True)
class ImageLabel:
    """What is said of one image; equal content is equal, whatever order it was given in.

    Attributes
    ----------
    kind
        What is said of it.
    classes
        One of a ``class``, sorted ones of ``multi-class``, none of ``boxes``.
    boxes
        Sorted; none where nothing is in the image.
    """

    kind: LabelKind
    classes: tuple[str, ...] = ()
    boxes: tuple[LabelledBox, ...] = ()

    def __post_init__(self) -> None:
        if (self.kind == "class" and len(self.classes) != 1) or (self.boxes and self.kind != "boxes"):
            raise UsageError(
                f"A label of the kind '{self.kind}' has {len(self.classes)} classes and {len(self.boxes)} "
                f"boxes; of 'class' it has one class, of 'boxes' only boxes."
            )
        object.__setattr__(self, "classes", tuple(sorted(set(self.classes))))
        object.__setattr__(self, "boxes", tuple(sorted(self.boxes)))

    @property
    def names(self) -> tuple[str, ...]:
        """The classes that it names, each once, sorted."""
        return self.classes or tuple(sorted({box.label for box in self.boxes}))

    @property
    def words(self) -> str:
        """What a page shows of it.

        Examples
        --------
        >>> ImageLabel("class", ("cat",)).words, ImageLabel("boxes").words
        ('cat', 'nothing')
        """
        if self.kind != "boxes":
            return ", ".join(self.classes) or "nothing"
        counted = {name: sum(box.label == name for box in self.boxes) for name in self.names}
        return ", ".join(f"{n} × {name}" for name, n in counted.items()) or "nothing"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a label came from.

    Attributes
    ----------
    source
        Who vouches for it.
    by
        Who labelled it: annotators whose answers counted, the reviewer, the user or token that told it.
    time
        When, timezone-aware UTC; None where nothing says so.
    record, model_version, taken, tags
        The record whose image it is: its id, the version that had answered, its event time and tags.
    project, pool, task
        Where it was labelled: names, and the key of the task.
    reason
        Why the image was chosen to be labelled.
    alert
        Number of the alert that it was chosen for; None where it was none.
    probability
        The chance that it had to be chosen, for images drawn at random; None for others.
    """

    source: Source
    by: tuple[str, ...] = ()
    time: datetime | None = None
    record: str = ""
    model_version: str = ""
    taken: datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    project: str = ""
    pool: str = ""
    task: int | None = None
    reason: str = ""
    alert: int | None = None
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """One image of a version; a version has each image once.

    Attributes
    ----------
    image
        SHA-256 of the file among the blobs, 32 bytes.
    name
        The id of its record, or its path in the folder that it came in.
    label
        What it shows.
    split
        What it is used for.
    origin
        Where the label came from.
    width, height
        Of the upright image in pixels; None where nobody has told.
    group
        Images of one group are in one split; empty where the image is a group of its own.
    holdout
        Whether it was drawn to measure on, and is never learnt from.
    """

    image: bytes
    name: str
    label: ImageLabel
    split: Split
    origin: Origin
    width: int | None = None
    height: int | None = None
    group: str = ""
    holdout: bool = False
