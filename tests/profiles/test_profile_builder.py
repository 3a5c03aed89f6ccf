"""Building from a stream: chunks do not matter, projections come from the reference, memory stays bounded."""

from collections.abc import Callable

import numpy as np
import pytest

from driftwheel.errors import IncomparableError
from driftwheel.profiles import ProfileBuilder, PropertyDefinition, covariance, merge_sets, to_bytes
from driftwheel.profiles.embedding_moments import moments_of
from driftwheel.records import Records

Definitions = tuple[PropertyDefinition, ...]
RecordsOf = Callable[..., Records]


def chunked(records: Records, size: int) -> list[Records]:
    lost = records.unreadable
    parts = [records.take(range(s, min(s + size, len(records)))) for s in range(0, len(records), size)]
    from dataclasses import replace

    return [replace(part, unreadable=lost if i == 0 else ()) for i, part in enumerate(parts)]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_size_of_chunks_does_not_matter(
    definitions: Definitions, records_of: RecordsOf, size: int
) -> None:
    records = records_of(100)
    files = set()
    for chunks in (chunked(records, size), [records]):
        builder = ProfileBuilder(window="week", by=["camera"], definitions=definitions)
        for chunk in chunks:
            builder.add(chunk)
        files.add(to_bytes(builder.finish()))
    assert len(files) == 1


def test_wide_embeddings_are_projected_exactly_without_a_second_pass(
    definitions: Definitions, records_of: RecordsOf
) -> None:
    records = records_of(400, dimensions=150)
    builder = ProfileBuilder(definitions=definitions, embedder="toy-1")
    for chunk in chunked(records, 64):
        builder.add(chunk)
    profiles = builder.finish()
    projection = profiles.projection
    assert projection is not None
    assert projection.matrix.shape == (128, 150)
    assert records.embeddings is not None
    expected = moments_of(records.embeddings, projection)
    found = profiles.whole().embeddings
    assert found is not None
    scale = np.abs(expected.scatter).max()
    assert np.max(np.abs(found.scatter - expected.scatter)) < 1e-9 * scale
    assert found.mean == pytest.approx(expected.mean, abs=1e-9 * np.sqrt(scale / 400))


def test_a_second_profile_takes_the_projection_of_the_first(
    definitions: Definitions, records_of: RecordsOf
) -> None:
    def build(seed: int, **options: object) -> object:
        builder = ProfileBuilder(definitions=definitions, embedder="toy-1", **options)  # type: ignore[arg-type]
        builder.add(records_of(200, seed=seed, dimensions=150))
        return builder.finish()

    first, alone = build(0), build(1)
    second = build(1, projection=first.projection)  # type: ignore[attr-defined]
    assert merge_sets([first, second]).whole().n == 400  # type: ignore[list-item]
    with pytest.raises(IncomparableError, match="--reference"):
        merge_sets([first, alone])  # type: ignore[list-item]


@pytest.mark.parametrize("held_back", [50, 250, 10_000])
def test_wide_embeddings_of_many_windows_are_never_summed_at_full_width(
    definitions: Definitions, records_of: RecordsOf, monkeypatch: pytest.MonkeyPatch, held_back: int
) -> None:
    monkeypatch.setattr("driftwheel.profiles.profile_builder._FITTED_ON", held_back)
    records = records_of(600, dimensions=150)
    builder = ProfileBuilder(window="day", by=["camera"], definitions=definitions, embedder="toy-1")
    for chunk in chunked(records, 100):
        builder.add(chunk)
        known = [p.embeddings for p in builder._profiles.values() if p.embeddings is not None]
        assert all(moments.dimensions <= 128 for moments in known)
        assert sum(map(len, builder._waiting)) < held_back
    profiles = builder.finish()
    assert records.embeddings is not None
    expected = moments_of(records.embeddings, profiles.projection)
    found = profiles.whole().embeddings
    assert found is not None
    assert found.count == 600
    assert (
        np.max(np.abs(covariance(found) - covariance(expected))) < 1e-9 * np.abs(covariance(expected)).max()
    )


def test_nothing_gives_one_empty_profile(definitions: Definitions) -> None:
    profiles = ProfileBuilder(window="day", by=["camera"], definitions=definitions).finish()
    assert len(profiles) == 1
    assert profiles.whole().n == 0


def test_chunks_of_another_mode_are_refused(definitions: Definitions, records_of: RecordsOf) -> None:
    builder = ProfileBuilder(mode="fast", definitions=definitions)
    with pytest.raises(IncomparableError, match="different mode"):
        builder.add(records_of(5))
