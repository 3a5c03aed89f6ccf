"""Choose the segments of a window: so many values of a tag at most, those with the most records.

Whoever may log may invent values of a tag, and each would be a profile, a verdict and a row to look at. So of
one tag the `MOST_VALUES` with the most records of a window are segments, of equal ones the first by name; the
records of the others count in the whole model only. The choice depends on what was logged and not on its
order, so that late data give what one batch would. What retention has left of a segment always stays.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from driftwheel.store.windows.segment_values import archived_windows, count_values
from driftwheel.store.windows.windows import StoredWindow

__all__ = ["MOST_VALUES", "Choice", "choose_segments"]

MOST_VALUES = 200
"""Values of one tag that are segments of one window."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be left out of the windows of one span of time.

    Attributes
    ----------
    dropped
        Windows of segments that are no longer to be there.
    left_out
        How many values of tags the span has that are no segments.
    """

    dropped: tuple[StoredWindow, ...] = ()
    left_out: int = 0


def choose_segments(
    connection: Connection,
    known: Sequence[StoredWindow],
    edge: Callable[[], Mapping[tuple[str, str], int]],
) -> Choice:
    """Return which of the windows of one span of a model are to go.

    Records are counted only where there are more than `MOST_VALUES` of a tag, or were before.

    Parameters
    ----------
    known
        All of them, the whole model's among them.
    edge
        Tells tag and value → images that are known by profiles from the edge; it is asked only where
        something is counted.
    """
    by_tag: defaultdict[str, list[StoredWindow]] = defaultdict(list)
    for one in known:
        by_tag[one.tag].append(one)
    before = max((one.left_out for one in by_tag.pop("", [])), default=0)
    dropped: list[StoredWindow] = []
    left_out, some_are_archived = 0, False
    for tag, its in sorted(by_tag.items()):
        if len(its) <= MOST_VALUES and not before:
            continue
        counts = Counter(count_values(connection, its[0].model, its[0].start, its[0].end, tag))
        counts.update({value: number for (name, value), number in edge().items() if name == tag})
        archived = archived_windows(connection, [one.key for one in its])
        some_are_archived = some_are_archived or bool(archived)
        order = sorted(its, key=lambda one: (one.key not in archived, -counts[one.value], one.value))
        chosen = order[: max(MOST_VALUES, len(archived))]
        dropped += order[len(chosen) :]
        left_out += len(counts.keys() - {one.value for one in chosen})
    # What was left out of a window and is deleted by now is still left out.
    return Choice(tuple(dropped), max(left_out, before) if some_are_archived else left_out)
