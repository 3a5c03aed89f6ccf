"""What a version holds, in numbers: counted once when it is made, and kept beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from driftwheel.datasets.example import SPLITS, Example, Source, Split

__all__ = ["Contents"]


@dataclass(slots=True)
class Contents:
    """Counts of the examples of a version.

    Attributes
    ----------
    splits
        Split → images.
    classes
        Class → split → images that name it.
    sources
        Who vouches for the labels → images.
    alerts
        Number of an alert → images that were chosen for it.
    people
        Who labelled → images.
    holdout
        Images that were drawn to measure on.
    groups
        Groups of several images.
    nothing
        Images with no class and no box.
    boxes
        Boxes of all images.
    first, last
        Event times of the earliest and the latest image, where any is known.
    """

    splits: Counter[Split] = field(default_factory=Counter)
    classes: dict[str, Counter[Split]] = field(default_factory=dict)
    sources: Counter[Source] = field(default_factory=Counter)
    alerts: Counter[int] = field(default_factory=Counter)
    people: Counter[str] = field(default_factory=Counter)
    holdout: int = 0
    groups: int = 0
    nothing: int = 0
    boxes: int = 0
    first: datetime | None = None
    last: datetime | None = None

    @property
    def images(self) -> int:
        """All of them."""
        return self.splits.total()

    def of_class(self, name: str) -> dict[Split, int]:
        """Return split → images that name a class."""
        counts: Counter[Split] = self.classes.get(name, Counter())
        return {split: counts[split] for split in SPLITS}

    def add(self, one: Example) -> None:
        """Count an example."""
        self.splits[one.split] += 1
        for name in one.label.names:
            if name not in self.classes:
                self.classes[name] = Counter()
            self.classes[name][one.split] += 1
        self.sources[one.origin.source] += 1
        if one.origin.alert is not None:
            self.alerts[one.origin.alert] += 1
        for name in one.origin.by:
            self.people[name] += 1
        self.holdout += one.holdout
        self.nothing += not one.label.names
        self.boxes += len(one.label.boxes)
        if (taken := one.origin.taken) is not None:
            self.first = taken if self.first is None else min(self.first, taken)
            self.last = taken if self.last is None else max(self.last, taken)

    def to_json(self) -> dict[str, Any]:
        """Return the counts as JSON."""
        return {
            "splits": {split: self.splits[split] for split in SPLITS},
            "classes": {
                name: {split: counts[split] for split in SPLITS}
                for name, counts in sorted(self.classes.items())
            },
            "sources": dict(sorted(self.sources.items())),
            "alerts": {str(alert): n for alert, n in sorted(self.alerts.items())},
            "people": dict(sorted(self.people.items())),
            "holdout": self.holdout,
            "groups": self.groups,
            "nothing": self.nothing,
            "boxes": self.boxes,
            "first": None if self.first is None else self.first.isoformat(),
            "last": None if self.last is None else self.last.isoformat(),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Contents:
        """Return the counts that `to_json` returned.

        Examples
        --------
        >>> Contents.from_json(Contents().to_json()) == Contents.from_json(Contents().to_json())
        True
        """
        return cls(
            Counter(value["splits"]),
            {name: Counter(counts) for name, counts in value["classes"].items()},
            cast("Counter[Source]", Counter(value["sources"])),
            Counter({int(alert): n for alert, n in value["alerts"].items()}),
            Counter(value["people"]),
            value["holdout"],
            value["groups"],
            value["nothing"],
            value["boxes"],
            *(
                None if value[end] is None else datetime.fromisoformat(value[end])
                for end in ("first", "last")
            ),
        )
