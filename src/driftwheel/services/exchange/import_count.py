"""What labels of a file become, and why some give nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

from driftwheel.store.labels.joined_records import JoinedRecord

__all__ = ["EXAMPLES", "FoundLabel", "ImportAs", "ImportCount", "NotJoined", "WhyNot"]

ImportAs = Literal["consensus", "golden", "training", "exam", "prelabels"]
"""What labels of a file become: finished labels, tasks with a known truth, or what annotators are shown."""

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
]
"""Why an image of a file gave nothing: no record has its name; its image is not kept; nobody labelled it; it
names a class that the project has not; it says something else than the project asks for; it is of another
size than the record's image; the record had another label in the file; the pool has no task of it; the pool
has a label of it already, or somebody is at it."""

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
    """One label that can be taken over."""

    name: str
    joined: JoinedRecord
    payload: dict[str, Any]
    score: float | None


@dataclass(slots=True)
class ImportCount:
    """Counts what becomes of images; `seen` are the records that had a label."""

    images: int = 0
    taken: int = 0
    added: int = 0
    why: Counter[WhyNot] = field(default_factory=Counter)
    names: dict[WhyNot, list[str]] = field(default_factory=dict)
    unknown: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)

    def refuse(self, why: WhyNot, name: str) -> None:
        """Count an image that gave nothing."""
        self.why[why] += 1
        told = self.names.setdefault(why, [])
        if len(told) < EXAMPLES:
            told.append(name)
