"""The merge law of whole profiles: any order and partition gives the same bytes, embeddings agree to 1e-9."""

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwheel.errors import IncomparableError, UsageError
from driftwheel.profiles import (
    Profile,
    PropertyDefinition,
    covariance,
    empty_profile,
    from_bytes,
    merge,
    profile_records,
    single,
    to_bytes,
)
from driftwheel.records import Records

Definitions = tuple[PropertyDefinition, ...]
RecordsOf = Callable[..., Records]


def in_parts(records: Records, seed: int, parts: int) -> list[Records]:
    """Shuffle and cut into parts of unequal size, some of them empty; unreadable images go with any part."""
    rng = np.random.default_rng(seed)
    owner = rng.integers(0, parts, len(records)) if parts > 1 else np.zeros(len(records), np.intp)
    lost = rng.integers(0, parts, len(records.unreadable))
    order = rng.permutation(len(records))
    return [
        Records(
            images=(taken := records.take(order[owner[order] == k])).images,
            properties=taken.properties,
            property_names=taken.property_names,
            embeddings=taken.embeddings,
            embedder=taken.embedder,
            times=taken.times,
            tags=taken.tags,
            unreadable=tuple(u for u, part in zip(records.unreadable, lost, strict=True) if part == k),
        )
        for k in rng.permutation(parts)
    ]


@settings(deadline=None, max_examples=60)
@given(n=st.integers(0, 80), seed=st.integers(0, 10_000), parts=st.integers(1, 9))
def test_any_order_and_partition_gives_the_same_bytes(
    definitions: Definitions, records_of: RecordsOf, n: int, seed: int, parts: int
) -> None:
    records = records_of(n, seed=seed)
    whole = to_bytes(single(profile_records(records, definitions=definitions)))
    pieces = [profile_records(part, definitions=definitions) for part in in_parts(records, seed, parts)]
    assert to_bytes(single(merge(pieces))) == whole
    # grouped from the right, through storage at every step
    rest = pieces[-1]
    for piece in pieces[-2::-1]:
        rest = from_bytes(to_bytes(single(merge([piece, rest])))).whole()
    assert to_bytes(single(rest)) == whole


@settings(deadline=None, max_examples=30)
@given(n=st.integers(3, 80), seed=st.integers(0, 10_000), parts=st.integers(1, 9))
def test_embedding_moments_agree_with_numpy_however_they_are_merged(
    definitions: Definitions, records_of: RecordsOf, n: int, seed: int, parts: int
) -> None:
    records = records_of(n, seed=seed, dimensions=5)
    merged = merge(profile_records(part, definitions=definitions) for part in in_parts(records, seed, parts))
    merged = from_bytes(to_bytes(single(merged))).whole()
    assert records.embeddings is not None
    rows = records.embeddings.astype(np.float64)
    assert merged.embeddings is not None
    assert merged.embeddings.count == n
    assert merged.embeddings.mean == pytest.approx(rows.mean(axis=0), rel=1e-9)
    expected = np.cov(rows.T)
    assert np.max(np.abs(covariance(merged.embeddings) - expected)) < 1e-9 * np.abs(expected).max()


@settings(deadline=None, max_examples=20)
@given(n=st.integers(0, 40), seed=st.integers(0, 1000), dimensions=st.sampled_from([0, 3]))
def test_the_empty_profile_changes_nothing(
    definitions: Definitions, records_of: RecordsOf, n: int, seed: int, dimensions: int
) -> None:
    profile = profile_records(records_of(n, seed=seed, dimensions=dimensions), definitions=definitions)
    nothing = empty_profile(definitions=definitions, embedder=profile.embedder)
    for merged in (merge([profile, nothing]), merge([nothing, profile]), merge([profile])):
        assert to_bytes(single(merged)) == to_bytes(single(profile))


def test_what_a_profile_tells(definitions: Definitions, records_of: RecordsOf) -> None:
    profile = profile_records(records_of(400), definitions=definitions)
    assert profile.n == 400
    assert profile.unreadable == {"empty": 10, "truncated": 10}
    assert profile.first is not None
    assert profile.last is not None
    assert (
        datetime(2026, 3, 2, tzinfo=UTC) <= profile.first < profile.last < datetime(2026, 3, 16, tzinfo=UTC)
    )
    assert profile.property_named("hue").definition.unit == "°"
    with pytest.raises(UsageError, match=r"no property 'brigthness'.*Did you mean 'brightness'"):
        profile.property_named("brigthness")


def test_times_are_exact_to_the_microsecond(definitions: Definitions, records_of: RecordsOf) -> None:
    records = records_of(1)
    times = np.array(["2026-03-04T05:06:07.123457"], "datetime64[us]")
    profile = profile_records(
        Records(records.images, records.properties, records.property_names, times=times),
        definitions=definitions,
    )
    assert profile.first == profile.last == datetime(2026, 3, 4, 5, 6, 7, 123457, tzinfo=UTC)


def test_made_differently(definitions: Definitions) -> None:
    def other(**changes: object) -> Profile:
        return empty_profile(**{"definitions": definitions, **changes})  # type: ignore[arg-type]

    for changes, message in (
        (
            {"mode": "fast"},
            r"different mode \('exact' and 'fast'\)\. Profile the images again with the same mode",
        ),
        ({"embedder": "gist-1"}, r"different embedder \('none' and 'gist-1'\)"),
        ({"definitions": definitions[:2]}, r"different properties \(format, hue\)"),
        ({"definitions": definitions[::-1]}, r"different properties \(their order\)"),
    ):
        with pytest.raises(IncomparableError, match=message):
            merge([other(), other(**changes)])
    with pytest.raises(UsageError, match="no profile to merge"):
        merge([])
