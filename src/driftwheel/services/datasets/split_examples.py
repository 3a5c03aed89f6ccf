"""Group the examples of a version that is being made, and split them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from driftwheel.datasets.example import SPLITS, Split
from driftwheel.datasets.splits import UNDECIDED, assign_splits, positions
from driftwheel.services.datasets.new_version import GroupRule, LeftOut, SplitRule
from driftwheel.sources.name_pattern import parse_name_pattern
from driftwheel.store.datasets.example_scratch import ExampleScratch, Gathered

__all__ = ["SplitExamples", "grouped", "split_examples"]


@dataclass(frozen=True, slots=True)
class SplitExamples:
    """The splits of examples, sorted by image.

    Attributes
    ----------
    splits
        None: the example is left out.
    groups
        How many groups have several images.
    """

    splits: tuple[Split | None, ...]
    groups: int


def grouped(gathered: Iterable[Gathered], rule: GroupRule) -> Iterator[Gathered]:
    """Yield examples with the group that a rule tells, unless they have one.

    Examples
    --------
    >>> from driftwheel.datasets.example import Example, ImageLabel, Origin
    >>> one = Gathered(Example(b"", "p12_3.jpg", ImageLabel("boxes"), "train", Origin("told")))
    >>> [found.example.group for found in grouped([one], GroupRule(pattern="{patient}_{_}"))]
    ['patient=p12']
    """
    pattern = parse_name_pattern(rule.pattern) if rule.pattern else None
    for one in gathered:
        example = one.example
        parts: list[str] = []
        whole = not example.group
        for tag in rule.tags:
            value = example.origin.tags.get(tag)
            whole = whole and value is not None
            parts.append(f"{tag}={value}")
        if pattern is not None:
            found = pattern.match(example.name)
            whole = whole and found is not None
            parts += [f"{tag}={value}" for tag, value in (found[1] if found else {}).items()]
        yield replace(one, example=replace(example, group=", ".join(parts))) if whole and parts else one


def split_examples(scratch: ExampleScratch, rule: SplitRule, left_out: LeftOut) -> SplitExamples:
    """Return the splits of all examples; what may be in none is left out.

    Of images with several classes, or boxes of several, the rarest of these counts.
    """
    counts: Counter[str] = Counter()
    for classes, images in scratch.class_sets():
        counts.update(dict.fromkeys(classes, images))
    order = {name: number for number, name in enumerate(sorted(counts, key=lambda one: (counts[one], one)))}
    names: dict[str, int] = {}
    n = scratch.count()
    groups, strata = np.zeros(n, np.intp), np.zeros(n, np.intp)
    given, holdout = np.full(n, UNDECIDED, np.int8), np.zeros(n, np.bool_)
    for place, row in enumerate(scratch.split_rows()):
        groups[place] = names.setdefault(row.group or row.image.hex(), len(names))
        strata[place] = min((order[name] for name in row.classes), default=len(order))
        holdout[place] = row.holdout
        if row.split is not None:
            given[place] = SPLITS.index(row.split)
    places = positions(names, rule.seed)
    found = assign_splits(groups, strata, places, rule.shares, given=given, holdout=holdout)
    splits = tuple(SPLITS[number] if number >= 0 else None for number in found.tolist())
    if None in splits:
        rows = zip(scratch.split_rows(), splits, strict=True)
        left_out.add("learnt_from", *(row.name for row, split in rows if split is None))
    several = np.bincount(groups[found >= 0], minlength=len(names)) > 1
    return SplitExamples(splits, int(several.sum()))
