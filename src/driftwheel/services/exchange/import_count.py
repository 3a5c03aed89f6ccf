"""What labels of a file become, and why some give nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from driftwheel.formats.label_format import LabelFormat
from driftwheel.formats.losses import Lost
from driftwheel.store.labels.joined_records import JoinedRecord
from driftwheel.store.records.record_images import RecordImage

__all__ = [
    "EXAMPLES",
    "WHY_WORDS",
    "FoundLabel",
    "ImportAs",
    "ImportCount",
    "Imported",
    "NotJoined",
    "WhyNot",
]

ImportAs = Literal["consensus", "golden", "training", "exam", "prelabels", "images"]
"""What labels of a file become: finished labels, tasks with a known truth, or what annotators are shown; and
``images``: none is read, the images that come with it are to be labelled."""

WhyNot = Literal[
    "no_record",
    "no_image",
    "unlabelled",
    "unknown_class",
    "wrong_kind",
    "size",
    "twice",
    "not_in_pool",
    "there",
    "unreadable",
    "another_image",
]
"""Why an image of a file gave nothing: no record has its name; its image is not kept; nobody labelled it; it
names a class that the project has not; it says something else than the project asks for; it is of another
size than the record's image; the record had another label in the file; the pool has no task of it; the pool
has a label of it already, or somebody is at it; its file is no image that can be taken; another image of that
name is there already."""

WHY_WORDS: Mapping[WhyNot, str] = {
    "no_record": "no record of the model has their name",
    "no_image": "their image is not kept",
    "unlabelled": "nobody has labelled them",
    "unknown_class": "they name a class that the project has not",
    "wrong_kind": "they say something else than the project asks for",
    "size": "the image of their record has another size",
    "twice": "their record had another label in the file",
    "not_in_pool": "the pool has no task of them",
    "there": "the pool has a label of them already, or somebody is at them",
    "unreadable": "their file is no image, or is too large",
    "another_image": "another image of that name is there already",
}
"""The same in a few words."""

EXAMPLES = 20
"""Names that are told of each reason."""


@dataclass(frozen=True, slots=True)
class NotJoined:
    """Images that gave nothing, for one reason: how many, and the names of the first."""

    why: WhyNot
    count: int
    names: tuple[str, ...]


@dataclass(slots=True)
class FoundLabel:
    """One label that can be taken over; `along` is its image, where that came with it and is new."""

    name: str
    joined: JoinedRecord
    payload: dict[str, Any]
    score: float | None
    along: RecordImage | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a file, or would.

    Attributes
    ----------
    form
        As found out; None where no label was read.
    images
        In the file.
    taken
        Of them, those whose label was taken over; of images alone, those that were.
    added
        Of these, those that are new tasks of the pool.
    not_joined
        Why the others gave nothing, the most frequent first.
    unknown_classes
        Classes that the project has not, and how many images name them.
    lost
        What was lost of labels, or is worth telling.
    corrected
        Of those taken over, tasks that had another label of a file.
    brought
        Images that came along, without a label that was taken, and are to be labelled now.
    key
        Of the import, by which it is undone; 0 where nothing was changed.
    """

    form: LabelFormat | None
    images: int
    taken: int
    added: int
    not_joined: tuple[NotJoined, ...]
    unknown_classes: Mapping[str, int]
    lost: tuple[Lost, ...]
    corrected: int = 0
    brought: int = 0
    key: int = 0


@dataclass(slots=True)
class ImportCount:
    """Counts what becomes of images.

    Attributes
    ----------
    images
        In the file.
    taken, added, corrected
        Of them, those whose label was taken over; of these, new tasks, and tasks whose label was another one
        of a file.
    brought
        Images that came along and are new tasks.
    seen
        Records that had a label.
    refused
        Images that came along and cannot be taken, by name.
    """

    images: int = 0
    taken: int = 0
    added: int = 0
    corrected: int = 0
    brought: int = 0
    why: Counter[WhyNot] = field(default_factory=Counter)
    names: dict[WhyNot, list[str]] = field(default_factory=dict)
    unknown: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)

    def refuse(self, why: WhyNot, name: str) -> None:
        """Count an image that gave nothing."""
        self.why[why] += 1
        told = self.names.setdefault(why, [])
        if len(told) < EXAMPLES:
            told.append(name)
