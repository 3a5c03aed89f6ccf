"""What somebody wants a dataset version to be made of, and how it is kept with the version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from driftwheel.datasets.example import SOURCES, LabelKind, Source
from driftwheel.datasets.splits import SplitShares
from driftwheel.errors import UsageError, did_you_mean
from driftwheel.services.convert.label_options import LabelOptions
from driftwheel.sources.name_pattern import parse_name_pattern

__all__ = [
    "WHY_LEFT_OUT",
    "GroupRule",
    "LabelChoice",
    "LeftOut",
    "NewVersion",
    "SplitRule",
    "WhyLeftOut",
    "split_rule_from_json",
    "split_rule_to_json",
]

WhyLeftOut = Literal[
    "wrong_kind", "unknown_class", "no_image", "two_labels", "unlabelled", "learnt_from", "no_such_image"
]

WHY_LEFT_OUT: Final[Mapping[WhyLeftOut, str]] = {
    "wrong_kind": "their label says something else than the version is of",
    "unknown_class": "they name a class that the model has not",
    "no_image": "their image is no longer kept",
    "two_labels": "the folder has them twice, with different labels",
    "unlabelled": "nobody has labelled them",
    "learnt_from": "they were drawn to measure on, and images of their group are learnt from",
    "no_such_image": "no image of that name is in the folder or in the version",
}
"""Why a label is in no version → what a page says of it."""

_FIRST: Final = 5


@dataclass(frozen=True, slots=True)
class GroupRule:
    """Which images stay together; an image that has not all of it is a group of its own.

    Attributes
    ----------
    tags
        Names of tags of records: images with the same values are one group, such as those of one patient.
    pattern
        As `driftwheel.sources.name_pattern` reads it, held against names: ``{patient}_{_}.jpg``.

    Raises
    ------
    UsageError
        For a pattern that cannot be used.
    """

    tags: tuple[str, ...] = ()
    pattern: str = ""

    def __post_init__(self) -> None:
        if self.pattern and not parse_name_pattern(self.pattern).tags:
            raise UsageError(
                f"The name pattern '{self.pattern}' names no group. Write '{{patient}}_{{_}}.jpg'."
            )


@dataclass(frozen=True, slots=True)
class SplitRule:
    """How images are split: see `driftwheel.datasets.splits`; the seed draws another split of the same."""

    shares: SplitShares = field(default_factory=SplitShares)
    groups: GroupRule = field(default_factory=GroupRule)
    seed: int = 0


@dataclass(frozen=True, slots=True)
class LabelChoice:
    """Which labels of a model's images.

    Attributes
    ----------
    since, until
        since ≤ event time of the record < until.
    pools
        Keys of pools: only images of their tasks. None: all, and all that were told of.
    sources
        Only labels of these. An image whose surest label is of another is left out. None: all.

    Raises
    ------
    UsageError
        For a source that there is not.
    """

    since: datetime | None = None
    until: datetime | None = None
    pools: tuple[int, ...] | None = None
    sources: tuple[Source, ...] | None = None

    def __post_init__(self) -> None:
        for one in self.sources or ():
            if one not in SOURCES:
                hint = did_you_mean(one, SOURCES)
                raise UsageError(f"Labels have no source '{one}'.{hint} They are: {', '.join(SOURCES)}.")


@dataclass(frozen=True, slots=True)
class NewVersion:
    """What a version is made of: an earlier version, labels, a folder; of several, all of them together.

    Attributes
    ----------
    model
        Its name.
    parent
        The number of an earlier version of the model, whose images keep their splits.
    labels
        Labels of the model's images; they replace those of the parent unless these are surer.
    folder
        Labelled images, or a label file: what `driftwheel labels convert` reads. A label of an image that is
        not beside it is a correction of the image of that name in the parent.
    called
        What the folder is called in the version.
    reading
        How the folder is read.
    kind
        None: what the parent has, else what fits the task of the model.
    splits
        None: those of the parent, else `SplitRule`.
    new_classes
        Whether classes may come in that the model does not have.
    note
        What people should know of it.
    """

    model: str
    parent: int | None = None
    labels: LabelChoice | None = None
    folder: Path | None = None
    called: str = ""
    reading: LabelOptions = field(default_factory=LabelOptions)
    kind: LabelKind | None = None
    splits: SplitRule | None = None
    new_classes: bool = False
    note: str = ""


@dataclass(slots=True)
class LeftOut:
    """Counts what is left out, and remembers the first names."""

    counts: Counter[WhyLeftOut] = field(default_factory=Counter)
    names: dict[WhyLeftOut, list[str]] = field(default_factory=dict)

    def add(self, why: WhyLeftOut, *names: str, count: int | None = None) -> None:
        """Leave out images of these names; `count` where they are more than are named."""
        self.counts[why] += len(names) if count is None else count
        first = self.names.setdefault(why, [])
        first += names[: _FIRST - len(first)]

    def kept(self) -> dict[str, tuple[int, tuple[str, ...]]]:
        """Return why → how many, and the first names."""
        return {why: (n, tuple(self.names[why])) for why, n in sorted(self.counts.items()) if n}


def split_rule_to_json(rule: SplitRule) -> dict[str, Any]:
    """Return a rule as it is kept with the version."""
    return {
        "shares": list(rule.shares.shares),
        "tags": list(rule.groups.tags),
        "pattern": rule.groups.pattern,
        "seed": rule.seed,
    }


def split_rule_from_json(value: Mapping[str, Any]) -> SplitRule:
    """Return the rule that is kept with a version.

    Examples
    --------
    >>> split_rule_from_json(split_rule_to_json(SplitRule(seed=3))).seed
    3
    """
    groups = GroupRule(tuple(value["tags"]), value["pattern"])
    return SplitRule(SplitShares(*value["shares"]), groups, value["seed"])
