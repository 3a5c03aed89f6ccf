"""A crowd of simulated annotators: how many of which kind join a project."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from driftwheel.agreement.simulated_annotator import AnnotatorKind, SimulatedAnnotator, make_annotator
from driftwheel.client.annotator import Annotator, join
from driftwheel.client.api import Api
from driftwheel.errors import SourceError, UsageError

__all__ = ["Member", "join_crowd", "make_members", "plan_crowd", "read_confusion"]


@dataclass(frozen=True, slots=True)
class Member:
    """One of the crowd: as whom they joined, and who they are."""

    annotator: Annotator
    simulated: SimulatedAnnotator

    @property
    def name(self) -> str:
        """As whom they joined."""
        return self.annotator.name


def plan_crowd(
    annotators: int, *, spammers: float = 0.0, careless: float = 0.0, lazy: float = 0.0, first_class: int = 0
) -> tuple[AnnotatorKind, ...]:
    """Return the kinds of so many annotators, the good ones first.

    Parameters
    ----------
    spammers, careless, lazy
        Shares of the crowd, 0…1, rounded to whole people, half a one up.
    first_class
        How many say the first class of every image.

    Raises
    ------
    UsageError
        When there is nobody, or there are more of these than annotators.

    Examples
    --------
    >>> plan_crowd(5, spammers=0.2, first_class=1)
    ('good', 'good', 'good', 'spammer', 'first-class')
    """
    if annotators < 1:
        raise UsageError(f"A crowd of {annotators} labels nothing; give at least 1.")
    rest: list[AnnotatorKind] = []
    shares: tuple[tuple[AnnotatorKind, float], ...]
    shares = (("careless", careless), ("lazy", lazy), ("spammer", spammers))
    for kind, share in shares:
        if not 0 <= share <= 1:
            raise UsageError(f"The share of {kind} annotators is {share:g}; give 0 to 1.")
        rest += [kind] * int(share * annotators + 0.5)
    rest += ["first-class"] * first_class
    if len(rest) > annotators:
        raise UsageError(
            f"{len(rest)} of {annotators} annotators would not be good ones; give smaller shares."
        )
    good: list[AnnotatorKind] = ["good"] * (annotators - len(rest))
    return (*good, *rest)


def join_crowd(api: Api, secret: str, kinds: Sequence[AnnotatorKind]) -> tuple[Annotator, ...]:
    """Let everybody join by an invitation, under names such as ``good 1`` that are free in the project.

    Raises
    ------
    DriftwheelError
        When the invitation lets not so many in.
    """
    joined: list[Annotator] = []
    for kind in kinds:
        number = 1 + sum(one.name.startswith(f"{kind} ") for one in joined)
        while (one := join(api, secret, f"{kind} {number}")) is None:
            number += 1
        joined.append(one)
    return tuple(joined)


def make_members(
    joined: Sequence[Annotator],
    kinds: Sequence[AnnotatorKind],
    n_classes: int,
    *,
    quality: float | NDArray[np.float64] = 0.92,
    seconds: float = 4.0,
) -> tuple[Member, ...]:
    """Return who has joined with the quality they have, as `make_annotator` makes it.

    Raises
    ------
    UsageError
        For a quality or seconds that are none.
    """
    return tuple(
        Member(who, make_annotator(kind, n_classes, quality, seconds))
        for who, kind in zip(joined, kinds, strict=True)
    )


def read_confusion(file: Path, classes: Sequence[str]) -> NDArray[np.float64]:
    """Return (k, k) what is said of each class, from a CSV file, in the order of `classes`.

    Its first line has the names of classes after an empty cell; each further line the name of a true class,
    and counts or chances of what is said of it.

    Raises
    ------
    SourceError
        When the file cannot be read so, or its classes are not these.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = [one for one in csv.reader(lines) if one]
        said = rows[0][1:]
        table = {row[0]: dict(zip(said, map(float, row[1:]), strict=True)) for row in rows[1:]}
        return np.array([[table[true][one] for one in classes] for true in classes])
    except OSError as error:
        raise SourceError(f"{file} cannot be read: {error.strerror}.") from error
    except (ValueError, IndexError, KeyError, csv.Error) as error:
        raise SourceError(
            f"{file} is no confusion matrix of the classes {', '.join(classes)}: its first line names what "
            "is said, each further line a true class and how often each is said of it."
        ) from error
