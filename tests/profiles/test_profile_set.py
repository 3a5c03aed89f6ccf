"""Sets: merging by window and segment, coarser splits, one projection, and what cannot be done."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwheel.errors import IncomparableError, UsageError
from driftwheel.profiles import (
    ProfileBuilder,
    ProfileKey,
    ProfileSet,
    PropertyDefinition,
    empty_profile,
    merge_sets,
    profile_records,
    regroup,
    single,
    to_bytes,
)
from driftwheel.profiles.window import Window
from driftwheel.records import Records

Definitions = tuple[PropertyDefinition, ...]
RecordsOf = Callable[..., Records]


def build(
    chunks: Sequence[Records], definitions: Definitions, window: Window | None = None, by: Sequence[str] = ()
) -> ProfileSet:
    builder = ProfileBuilder(window=window, by=by, definitions=definitions, embedder=chunks[0].embedder)
    for chunk in chunks:
        builder.add(chunk)
    return builder.finish()


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 1000),
    window=st.sampled_from([None, "hour", "day", "week"]),
    by=st.sampled_from([(), ("camera",)]),
)
def test_sets_merge_to_the_same_bytes_in_any_order(
    definitions: Definitions, records_of: RecordsOf, seed: int, window: Window | None, by: tuple[str, ...]
) -> None:
    parts = [records_of(n, seed=seed + n) for n in (30, 7, 0, 55)]
    whole = to_bytes(build(parts, definitions, window, by))
    sets = [build([part], definitions, window, by) for part in parts]
    rng = np.random.default_rng(seed)
    shuffled = [sets[i] for i in rng.permutation(len(sets))]
    merged = merge_sets([shuffled[0], merge_sets(shuffled[1:])])
    # a file of no images holds one empty profile for what is not known, which stands beside the others
    known = {key: profile for key, profile in merged.profiles.items() if profile.n or profile.unreadable}
    expected = build(parts, definitions, window, by)
    assert to_bytes(replace(merged, profiles=known)) == to_bytes(
        replace(expected, profiles={k: p for k, p in expected.profiles.items() if p.n or p.unreadable})
    )
    assert to_bytes(single(merged.whole())) == to_bytes(single(expected.whole()))
    assert len(whole) > 0


@pytest.mark.parametrize("by", [(), ("camera",)])
def test_hours_regroup_to_days_weeks_and_all(
    definitions: Definitions, records_of: RecordsOf, by: tuple[str, ...]
) -> None:
    parts = [records_of(300)]
    hours = build(parts, definitions, "hour", ("camera",))
    for window in ("hour", "day", "week", None):
        assert to_bytes(regroup(hours, window=window, by=by)) == to_bytes(
            build(parts, definitions, window, by)
        )


def test_keys_are_windows_and_segments(definitions: Definitions, records_of: RecordsOf) -> None:
    days = build([records_of(500)], definitions, "day", ("camera",))
    keys = list(days.profiles)
    assert len([key for key in keys if key.start is not None]) == 14 * 3
    assert keys[0] == ProfileKey(datetime(2026, 3, 2, tzinfo=UTC), ("east",))
    assert keys[-1] == ProfileKey(None, (None,))  # the unknown last
    assert days.whole().n == 500
    assert sum(profile.n for profile in days.profiles.values()) == 500


def test_unreadable_images_are_counted_where_they_belong(
    definitions: Definitions, records_of: RecordsOf
) -> None:
    from driftwheel.records import Unreadable

    time = datetime(2026, 3, 9, 12, tzinfo=UTC)
    records = replace(
        records_of(3),
        unreadable=(
            Unreadable("a", "truncated", time, {"camera": "north"}),
            Unreadable("b", "truncated"),
        ),
    )
    days = build([records], definitions, "day", ("camera",))
    assert days.profiles[ProfileKey(datetime(2026, 3, 9, tzinfo=UTC), ("north",))].unreadable == {
        "truncated": 1
    }
    assert days.profiles[ProfileKey(None, (None,))].unreadable == {"truncated": 1}


def test_a_finer_split_cannot_be_had(definitions: Definitions, records_of: RecordsOf) -> None:
    days = build([records_of(50)], definitions, "day", ("camera",))
    with pytest.raises(
        IncomparableError, match=r"cannot be split into windows of one hour. Profile .* --window hour"
    ):
        regroup(days, window="hour", by=())
    with pytest.raises(UsageError, match=r"not split by 'camra' \(but by: camera\). Did you mean 'camera'"):
        regroup(days, window="day", by=("camra",))


def test_sets_split_differently_say_how_to_bring_them_together(
    definitions: Definitions, records_of: RecordsOf
) -> None:
    sets = [build([records_of(20)], definitions, window) for window in ("day", "hour")]
    with pytest.raises(
        IncomparableError, match=r"split differently \(one day, and one hour\).*--window and --by"
    ):
        merge_sets(sets)
    with pytest.raises(UsageError, match="no profile to merge"):
        merge_sets([])
    with pytest.raises(UsageError, match="at least one profile"):
        ProfileSet({})


def test_sets_made_differently_do_not_merge_even_where_no_key_is_shared(definitions: Definitions) -> None:
    one = ProfileSet({ProfileKey(None, ("a",)): empty_profile(definitions=definitions)}, by=("camera",))
    fast = empty_profile(definitions=definitions, mode="fast")
    other = ProfileSet({ProfileKey(None, ("b",)): fast}, by=("camera",))
    with pytest.raises(IncomparableError, match="different mode"):
        merge_sets([one, other])


def test_a_single_profile_is_its_own_whole(definitions: Definitions, records_of: RecordsOf) -> None:
    profile = profile_records(records_of(10), definitions=definitions)
    assert single(profile).whole() is profile
    assert len(single(profile)) == 1
