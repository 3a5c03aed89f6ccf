"""How two dataset versions differ: image by image, in one pass over both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, get_args

from driftwheel.datasets.example import Example, Split
from driftwheel.errors import UsageError

__all__ = ["CHANGES", "Change", "ChangeKind", "Difference", "changes_between"]

ChangeKind = Literal["added", "removed", "relabelled", "moved", "lineage"]
"""What became of an image: only the later version has it; only the earlier one; its label is another; its
label is the same and its split another; or only what is said of where it came from is another."""

CHANGES: tuple[ChangeKind, ...] = get_args(ChangeKind)


@dataclass(frozen=True, slots=True)
class Change:
    """One image that is not the same in both.

    Attributes
    ----------
    kind
        The first of `CHANGES` that holds.
    before, after
        As it is in the earlier and the later version; None where it is not.
    """

    kind: ChangeKind
    before: Example | None
    after: Example | None

    @property
    def either(self) -> Example:
        """The image, as the later version has it if it does."""
        found = self.after or self.before
        if found is None:
            raise UsageError("A change of an image that neither version has is none.")
        return found


@dataclass(slots=True)
class Difference:
    """Counts of what was seen of two versions.

    Attributes
    ----------
    same
        Images that are equal in both.
    changes
        Images by kind of change.
    relabelled
        (label before, label after), in words → images.
    classes
        Class → (images that name it before, after), of those that one of the two names at all.
    moved
        (split before, split after) → images that are in both.
    """

    same: int = 0
    changes: Counter[ChangeKind] = field(default_factory=Counter)
    relabelled: Counter[tuple[str, str]] = field(default_factory=Counter)
    classes: dict[str, tuple[int, int]] = field(default_factory=dict)
    moved: Counter[tuple[Split, Split]] = field(default_factory=Counter)

    @property
    def is_empty(self) -> bool:
        """Whether the two are equal."""
        return not self.changes.total()


def changes_between(
    before: Iterable[Example], after: Iterable[Example], counted: Difference | None = None
) -> Iterator[Change]:
    """Yield what is not the same, sorted by image; memory is that of one image.

    Parameters
    ----------
    before, after
        The examples of two versions, sorted by image, as manifests are.
    counted
        Counts what is seen, equal images too.
    """
    counted = Difference() if counted is None else counted
    earlier, later = iter(before), iter(after)
    old, new = next(earlier, None), next(later, None)
    while old is not None or new is not None:
        if new is None or (old is not None and old.image < new.image):
            change = Change("removed", old, None)
        elif old is None or new.image < old.image:
            change = Change("added", None, new)
        else:
            change = Change(_kind(old, new), old, new)
        if change.before is not None and change.before == change.after:
            counted.same += 1
        else:
            counted.changes[change.kind] += 1
        _count(counted, change)
        if change.before != change.after:
            yield change
        old = next(earlier, None) if change.before is not None else old
        new = next(later, None) if change.after is not None else new


def _kind(old: Example, new: Example) -> ChangeKind:
    if old.label != new.label:
        return "relabelled"
    return "moved" if old.split != new.split else "lineage"


def _count(counted: Difference, change: Change) -> None:
    old, new = change.before, change.after
    for name in {*(old.label.names if old else ()), *(new.label.names if new else ())}:
        was, now = counted.classes.get(name, (0, 0))
        counted.classes[name] = (
            was + bool(old and name in old.label.names),
            now + bool(new and name in new.label.names),
        )
    if old is not None and new is not None:
        if old.label != new.label:
            counted.relabelled[old.label.words, new.label.words] += 1
        if old.split != new.split:
            counted.moved[old.split, new.split] += 1
