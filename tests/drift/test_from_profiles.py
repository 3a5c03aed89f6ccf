"""Drift from profiles: within its bounds of the raw samples, at its rates, and refusing what it must."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from driftwheel.drift.from_profiles import judge_profiles
from driftwheel.drift.verdict import PropertyDrift, Verdict
from driftwheel.errors import IncomparableError, UsageError
from driftwheel.profiles import Profile, PropertyDefinition, merge, profile_records
from driftwheel.profiles.profile import project_profile
from driftwheel.profiles.projection import fit_projection
from driftwheel.records import Records

TABLE = (
    PropertyDefinition("brightness", "brightness", "grey levels", "number", 0.0, 255.0, 255, "linear"),
    PropertyDefinition("sharpness", "sharpness", "", "number", 0.01, 100_000.0, 256, "log"),
    PropertyDefinition("hue", "hue", "°", "circular", 0.0, 360.0, 180, "linear"),
    PropertyDefinition("format", "format", "", "category", 0.0, 2.0, 3, "linear", ("jpeg", "png", "webp")),
)


def records(
    n: int,
    seed: int,
    *,
    brighter: float = 0.0,
    sharper: float = 1.0,
    turned: float = 0.0,
    png: float = 0.2,
    embedding: float | None = None,
) -> Records:
    rng = np.random.default_rng(seed)
    values = np.column_stack(
        [
            rng.normal(120 + brighter, 30, n),
            np.exp(rng.normal(5, 1, n)) * sharper,
            (rng.normal(5 + turned, 25, n)) % 360,  # around the seam of the circle
            rng.choice(3, n, p=[0.8 - png, png, 0.2]),
        ]
    )
    vectors = None if embedding is None else rng.standard_t(5, (n, 12)) * np.arange(12, 0, -1) + embedding
    return Records(
        tuple(map(str, range(n))),
        values.astype(np.float32),
        tuple(d.name for d in TABLE),
        embeddings=None if vectors is None else vectors.astype(np.float32),
        embedder=None if vectors is None else "toy-1",
    )


def profile(n: int, seed: int, **options: float) -> Profile:
    return profile_records(records(n, seed, **options), definitions=TABLE)


def judged(reference: Profile, current: Profile, seed: int = 0, **options: float) -> Verdict:
    return judge_profiles(reference, current, rng=np.random.default_rng(seed), **options)


def one(verdict: Verdict, name: str) -> PropertyDrift:
    return next(found for found in verdict.properties if found.name == name)


@settings(deadline=None, max_examples=25)
@given(
    st.integers(0, 1000),
    st.floats(-60, 60),
    st.floats(0.2, 5),
    st.integers(20, 300),
)
def test_ks_lies_within_its_stated_bound_of_the_exact_one(
    seed: int, brighter: float, sharper: float, n: int
) -> None:
    a, b = records(400, seed), records(n, seed + 1, brighter=brighter, sharper=sharper)
    verdict = judged(profile_records(a, definitions=TABLE), profile_records(b, definitions=TABLE))
    for name in ("brightness", "sharpness"):
        exact = stats.ks_2samp(a.column(name), b.column(name))
        found = one(verdict, name)
        assert found.statistic - 1e-12 <= exact.statistic <= found.statistic + found.statistic_error + 1e-12
        fullest = max(
            np.histogram(x.column(name), next(d for d in TABLE if d.name == name).edges())[0].max() / len(x)
            for x in (a, b)
        )
        assert found.statistic_error <= fullest + 1e-12
        assert found.p_value >= exact.pvalue * 0.9 - 1e-12  # never smaller than that of the raw values


def test_wasserstein_and_means_are_those_of_the_samples() -> None:
    a, b = records(2000, 0), records(700, 1, brighter=20, sharper=1.5, turned=30)
    verdict = judged(profile_records(a, definitions=TABLE), profile_records(b, definitions=TABLE))
    x, y = a.column("brightness"), b.column("brightness")
    assert one(verdict, "brightness").effect == pytest.approx(
        stats.wasserstein_distance(x, y) / x.std(dtype=np.float64), abs=0.02
    )
    x, y = np.log(a.column("sharpness")), np.log(b.column("sharpness"))
    assert one(verdict, "sharpness").effect == pytest.approx(
        stats.wasserstein_distance(x, y) / x.std(), abs=0.03
    )
    x, y = ((v.column("hue") + 180) % 360 for v in (a, b))
    assert one(verdict, "hue").effect == pytest.approx(stats.wasserstein_distance(x, y) / x.std(), abs=0.03)
    assert one(verdict, "brightness").current_mean == pytest.approx(b.column("brightness").mean(), rel=1e-5)


def test_no_drift_says_so_and_alarms_keep_to_the_dial(
    honest: Callable[[int, int, float], bool],
) -> None:
    verdicts = [judged(profile(300, 2 * s), profile(100, 2 * s + 1), s) for s in range(150)]
    assert honest(sum(v.p_value <= 0.05 for v in verdicts), 150, 0.05)
    assert all(v.verdict == "no_drift" for v in verdicts)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"brighter": 25.0}, "brightness"),
        ({"sharper": 0.4}, "sharpness"),
        ({"turned": 30.0}, "hue"),
        ({"png": 0.6}, "format"),
    ],
)
def test_each_kind_of_change_is_found_and_named(change: dict[str, float], named: str) -> None:
    verdict = judged(profile(2000, 0), profile(300, 1, **change))
    assert verdict.verdict == "drift"
    assert verdict.kind == "unknown"
    assert [found.name for found in verdict.properties if found.drifted] == [named]
    assert verdict.properties[0].name == named


def test_significant_but_small_is_no_alarm() -> None:
    verdict = judged(profile(100_000, 0), profile(100_000, 1, brighter=1.5))  # 0.05 σ
    assert verdict.p_value < 1e-6
    assert verdict.verdict == "no_drift"
    assert "no larger than what the reference itself varies by" in verdict.notes[-1]


def test_too_few_images_are_never_judged() -> None:
    verdict = judged(profile(1000, 0), profile(8, 1, brighter=200))
    assert (verdict.verdict, verdict.images_needed, verdict.p_value) == ("insufficient", 12, 1.0)
    assert verdict.properties == ()


def test_a_reference_of_days_and_nights_is_no_drift_to_a_night() -> None:
    hours = [profile(50, s, brighter=-60.0 if s % 2 else 60.0) for s in range(24)]
    night = profile(50, 99, brighter=-60.0)
    blocks = judge_profiles(merge(hours), night, rng=np.random.default_rng(0), blocks=hours)
    singly = judge_profiles(merge(hours), night, rng=np.random.default_rng(0))
    assert singly.verdict == "drift"
    assert blocks.verdict == "no_drift"
    assert any("whole windows and segments" in note for note in blocks.notes)
    dark = judge_profiles(
        merge(hours), profile(50, 99, sharper=0.02), rng=np.random.default_rng(0), blocks=hours
    )
    assert [found.name for found in dark.properties if found.drifted] == ["sharpness"]


def test_embeddings_are_judged_by_their_moments() -> None:
    reference = profile(1000, 0, embedding=0.0)
    rates = []
    for seed in range(60):
        verdict = judged(reference, profile(100, seed + 1, embedding=0.0), seed)
        assert verdict.embedding is not None
        assert verdict.embedding.mmd is None
        rates.append(verdict.embedding.drifted)
    assert np.mean(rates) <= 0.05
    verdict = judged(reference, profile(100, 1, embedding=4.0))
    assert verdict.embedding is not None
    assert verdict.embedding.drifted
    assert verdict.verdict == "drift"
    assert any("principal axes" in note for note in verdict.notes)


def test_blocks_of_embeddings_that_differ_raise_the_threshold() -> None:
    hours = [profile(60, s, embedding=6.0 * (s % 3)) for s in range(12)]
    current = profile(60, 50, embedding=12.0)
    kwargs = {"rng": np.random.default_rng(0)}
    singly = judge_profiles(merge(hours), current, **kwargs)
    blocks = judge_profiles(merge(hours), current, blocks=hours, **kwargs)
    assert singly.embedding is not None
    assert blocks.embedding is not None
    assert blocks.embedding.threshold > 2 * singly.embedding.threshold
    assert singly.embedding.drifted
    assert not blocks.embedding.drifted


def test_the_same_seed_gives_the_same_verdict() -> None:
    a, b = profile(500, 0, embedding=0.0), profile(100, 1, embedding=1.0)
    assert judged(a, b, 3) == judged(a, b, 3)


def test_unreadable_images_and_other_tables_are_noted() -> None:
    other = profile_records(records(200, 1), definitions=(replace(TABLE[0], bins=100), *TABLE[1:3]))
    verdict = judged(profile(200, 0), replace(other, unreadable={"truncated": 3}))
    assert "3 current images could not be read (truncated 3)." in verdict.notes
    assert any(note.endswith("different releases: brightness, format.") for note in verdict.notes)
    assert {found.name for found in verdict.properties} == {"sharpness", "hue"}


def test_properties_that_say_nothing_are_left_out() -> None:
    def constant(n: int) -> Profile:
        values = np.tile(np.array([[100.0, np.nan, 5.0, 0.0]], np.float32), (n, 1))
        made = Records(tuple(map(str, range(n))), values, tuple(d.name for d in TABLE))
        return profile_records(made, definitions=TABLE)

    verdict = judged(constant(50), constant(60))
    assert (verdict.verdict, verdict.p_value, verdict.properties) == ("no_drift", 1.0, ())


def test_a_constant_that_moves_is_found() -> None:
    def constant(n: int, value: float) -> Profile:
        values = np.tile(np.array([[value, 1.0, 5.0, 0.0]], np.float32), (n, 1))
        made = Records(tuple(map(str, range(n))), values, tuple(d.name for d in TABLE))
        return profile_records(made, definitions=TABLE)

    verdict = judged(constant(50, 92), constant(60, 50))
    assert verdict.verdict == "drift"
    assert np.isfinite(one(verdict, "brightness").effect)


def test_what_was_made_differently_is_refused() -> None:
    reference = profile(50, 0, embedding=0.0)
    with pytest.raises(IncomparableError, match=r"different mode \('exact' and 'fast'\)"):
        judged(reference, replace(profile(50, 1, embedding=0.0), mode="fast"))
    with pytest.raises(IncomparableError, match=r"different embedder \('toy-1' and 'none'\)"):
        judged(reference, profile(50, 1))
    assert reference.embeddings is not None
    projection = fit_projection(reference.embeddings.mean, reference.embeddings.scatter, dimensions=3)
    with pytest.raises(IncomparableError, match=r"projected differently.*--reference FIRST\.dwp"):
        judged(reference, project_profile(profile(50, 1, embedding=0.0), projection))
    with pytest.raises(UsageError, match="false_alarms_per_year is 0"):
        judged(reference, reference, false_alarms_per_year=0.0)
