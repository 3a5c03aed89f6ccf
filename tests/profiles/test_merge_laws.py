"""The conformance suite of everything that merges: every summary goes through it by being listed here.

Associative, commutative, with an empty element, parts of any size, a round trip through storage.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwheel.profiles import from_bytes, merge, profile_records, single, to_bytes
from driftwheel.profiles.prediction_summary import (
    merge_predictions,
    predictions_from_bytes,
    predictions_to_bytes,
    summarise_predictions,
)
from driftwheel.profiles.profile_set import merge_sets
from driftwheel.records import Records

NAMES = ("brightness", "hue", "format", "width")


@dataclass(frozen=True)
class Law:
    """What merges: how it is made of some rows, merged, and stored; the bytes are what is compared."""

    make: Callable[[np.ndarray], Any]
    merge: Callable[[Sequence[Any]], Any]
    write: Callable[[Any], bytes]
    read: Callable[[bytes], Any]


def profile_of(rows: np.ndarray) -> Any:
    rng = np.random.default_rng(0)
    table = rng.uniform(0, 200, (1000, len(NAMES))).astype(np.float32)
    return profile_records(Records(tuple(map(str, rows)), table[rows], NAMES))


def predictions_of(rows: np.ndarray) -> Any:
    rng = np.random.default_rng(0)
    scores, latencies = rng.uniform(size=1000), rng.lognormal(-3, 1, 1000)
    classes = [f"class {n}" for n in rng.integers(0, 2500, 1000)]
    return summarise_predictions(
        records=len(rows),
        images=int((rows % 2).sum()),
        errors=int((rows % 3 == 0).sum()),
        predictions=len(rows),
        classes=[classes[i] for i in rows] + [f"class {i}" for i in rows],
        boxes=[classes[i] for i in rows if i % 5 == 0],
        tags=["camera" if i % 7 else "site" for i in rows],
        scores=scores[rows],
        latencies=latencies[rows],
    )


LAWS = {
    "profile": Law(
        profile_of, merge, lambda one: to_bytes(single(one)), lambda data: from_bytes(data).whole()
    ),
    "profile set": Law(
        lambda rows: single(profile_of(rows)),
        merge_sets,
        to_bytes,
        from_bytes,
    ),
    "predictions": Law(predictions_of, merge_predictions, predictions_to_bytes, predictions_from_bytes),
}


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
@settings(deadline=None, max_examples=25)
@given(n=st.integers(0, 800), seed=st.integers(0, 10_000), parts=st.integers(1, 6))
def test_any_order_and_partition_gives_the_same_bytes(law: Law, n: int, seed: int, parts: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.permutation(1000)[:n]
    whole = law.write(law.make(rows))
    owner = rng.integers(0, parts, n)
    pieces = [law.make(rows[owner == k]) for k in rng.permutation(parts)]
    assert law.write(law.merge(pieces)) == whole
    assert law.write(law.merge(pieces[::-1])) == whole

    def through_storage(one: Any, other: Any) -> Any:
        return law.read(law.write(law.merge([other, one])))

    assert law.write(reduce(through_storage, pieces)) == whole


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_the_summary_of_nothing_changes_nothing(law: Law) -> None:
    nothing, some = law.make(np.arange(0)), law.make(np.arange(40))
    for merged in (law.merge([nothing, some]), law.merge([some, nothing]), law.merge([some])):
        assert law.write(merged) == law.write(some)
    assert law.write(law.merge([nothing, nothing])) == law.write(nothing)
