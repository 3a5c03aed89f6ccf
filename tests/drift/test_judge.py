"""The verdict: silent on no drift, awake on a change, and never guessing."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from driftwheel.drift.judge import judge
from driftwheel.drift.statistics.tail import LEAST_P_VALUE
from driftwheel.errors import IncomparableError, UsageError
from driftwheel.images.properties import PROPERTIES, PROPERTY_NAMES
from driftwheel.records import Records

BRIGHTNESS = PROPERTY_NAMES.index("brightness")
FORMAT = PROPERTY_NAMES.index("format")


def made(n: int, rng: np.random.Generator, embedding_dimensions: int = 0, prefix: str = "r") -> Records:
    """Records of n images whose properties depend on each other as those of photographs do."""
    hidden = rng.normal(size=(n, 6))
    mixing = np.random.default_rng(99).normal(size=(6, len(PROPERTIES))) * 0.5
    scores = hidden @ mixing + rng.normal(size=(n, len(PROPERTIES))) * 0.6
    values = np.empty((n, len(PROPERTIES)), np.float32)
    for j, one in enumerate(PROPERTIES):
        share = 1 / (1 + np.exp(-scores[:, j]))
        if one.kind == "category":
            values[:, j] = (share > 0.9) & (len(one.categories) > 1)
        elif one.scale == "log":
            low = max(one.low, 1e-3)
            values[:, j] = low * (one.high / low) ** (0.3 + 0.3 * share)
        else:
            values[:, j] = one.low + (one.high - one.low) * (0.3 + 0.3 * share)
    embeddings = None
    if embedding_dimensions:
        loadings = np.random.default_rng(98).normal(size=(6, embedding_dimensions))
        embeddings = (hidden @ loadings + rng.normal(size=(n, embedding_dimensions))).astype(np.float32)
    return Records(
        images=tuple(f"{prefix}{i:06}.jpg" for i in range(n)),
        properties=values,
        property_names=PROPERTY_NAMES,
        embeddings=embeddings,
        embedder="made-1" if embedding_dimensions else None,
    )


def with_scores(records: Records, rng: np.random.Generator, prior=(0.4, 0.3, 0.3)) -> Records:
    """The records with the scores of a model that is right about nine times in ten."""
    truth = rng.choice(3, p=prior, size=len(records))
    logits = 3.0 * np.eye(3)[truth] + rng.normal(size=(len(records), 3))
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return replace(records, scores=scores.astype(np.float32), classes=("cat", "dog", "owl"))


def shifted(records: Records, column: int, by_sigmas: float, share: float = 1.0) -> Records:
    values = records.properties.copy()
    rows = slice(0, round(share * len(records)))
    values[rows, column] += by_sigmas * values[:, column].std()
    return replace(records, properties=values)


@pytest.mark.parametrize(("n_current", "dimensions"), [(20, 0), (60, 16)])
def test_without_a_change_the_p_value_is_below_five_percent_about_one_time_in_twenty(n_current, dimensions):
    runs = 40
    low = 0
    for seed in range(runs):
        rng = np.random.default_rng(seed + 1)
        pool = made(120 + n_current, rng, dimensions)  # a fresh reference each time: the null is over both
        verdict = judge(
            pool.take(range(120)), pool.take(range(120, 120 + n_current)), rng=rng, false_alarms_per_year=1
        )
        low += verdict.p_value <= 0.05
        assert verdict.verdict == "no_drift" or verdict.p_value <= verdict.alpha
    assert low <= 8  # exceeded by binomial(40, 0.05) once in five thousand; bench/calibration.py counts more


def test_a_change_of_one_property_by_one_sigma_is_found_and_named_first():
    rng = np.random.default_rng(1)
    verdict = judge(made(500, rng), shifted(made(200, rng), BRIGHTNESS, 1.0), rng=rng)
    assert verdict.verdict == "drift"
    assert verdict.properties[0].name == "brightness"
    assert verdict.properties[0].drifted
    assert verdict.properties[0].effect == pytest.approx(1.0, abs=0.25)
    assert verdict.p_value < 1e-4


def test_a_change_in_the_mix_of_formats_is_found():
    rng = np.random.default_rng(2)
    reference, current = made(500, rng), made(200, rng)
    current.properties[:80, FORMAT] = 2
    verdict = judge(reference, current, rng=rng)
    assert verdict.verdict == "drift"
    assert verdict.properties[0].name == "format"
    assert verdict.properties[0].wasserstein_sigmas is None


def test_a_change_that_only_the_embeddings_show_is_found():
    rng = np.random.default_rng(3)
    reference, current = made(400, rng, 16), made(200, rng, 16)
    assert current.embeddings is not None
    moved = replace(current, embeddings=current.embeddings + np.float32(2.0))
    verdict = judge(reference, moved, rng=rng)
    assert verdict.verdict == "drift"
    assert not any(one.drifted for one in verdict.properties)
    assert verdict.embedding is not None
    assert verdict.embedding.drifted
    assert verdict.embedding.mmd is not None


def test_a_change_that_only_the_scores_show_is_found_and_its_classes_are_named():
    rng = np.random.default_rng(12)
    reference = with_scores(made(600, rng), rng)
    current = with_scores(made(200, rng), rng, prior=(0.8, 0.1, 0.1))
    verdict = judge(reference, current, rng=rng)
    assert verdict.verdict == "drift"
    assert not any(one.drifted for one in verdict.properties)
    assert verdict.scores is not None
    assert verdict.scores.drifted
    assert verdict.scores.p_value == verdict.p_value
    assert (verdict.scores.n_reference, verdict.scores.n_current) == (600, 200)
    assert verdict.scores.effect > verdict.scores.threshold
    assert verdict.scores.mix_effect > verdict.scores.mix_threshold
    grown = verdict.scores.classes[0]
    assert grown.name == "cat"
    assert grown.current / 200 > grown.reference / 600
    assert grown.p_value < 0.01


def test_scores_without_a_change_are_no_drift_and_take_part_in_one_p_value():
    rng = np.random.default_rng(13)
    verdict = judge(with_scores(made(300, rng), rng), with_scores(made(100, rng), rng), rng=rng)
    assert verdict.verdict == "no_drift"
    assert verdict.scores is not None
    assert verdict.p_value <= verdict.scores.p_value


def test_scores_on_one_side_only_or_of_few_images_are_not_looked_at_and_it_is_said():
    rng = np.random.default_rng(14)
    plain, scored = made(100, rng), with_scores(made(60, rng), rng)
    assert scored.scores is not None
    few = scored.scores.copy()
    few[15:] = np.nan
    for reference, current, words in (
        (plain, scored, "0 reference and 60 current images have them"),
        (with_scores(plain, rng), replace(scored, scores=few), "100 reference and 15 current"),
    ):
        verdict = judge(reference, current, rng=rng)
        assert verdict.scores is None
        assert any(words in note for note in verdict.notes)
    assert not any("scores" in note for note in judge(plain, plain, rng=rng).notes)


def test_images_without_scores_take_no_part_in_the_scores():
    rng = np.random.default_rng(15)
    reference, current = with_scores(made(300, rng), rng), with_scores(made(100, rng), rng, prior=(1, 0, 0))
    assert current.scores is not None
    current.scores[:50] = np.nan
    verdict = judge(reference, current, rng=rng)
    assert verdict.scores is not None
    assert verdict.scores.n_current == 50
    assert verdict.scores.drifted


def test_scores_of_other_classes_refuse_to_be_compared():
    rng = np.random.default_rng(16)
    reference = with_scores(made(50, rng), rng)
    other = replace(with_scores(made(50, rng), rng), classes=("cat", "dog", "fox"))
    with pytest.raises(
        IncomparableError, match=r"3 classes \(cat, dog, owl\) and .* 3 classes \(cat, dog, fox\)"
    ):
        judge(reference, other, rng=rng)


def test_significant_but_tiny_is_no_alarm():
    rng = np.random.default_rng(4)
    reference, current = made(12_000, rng), made(12_000, rng)
    verdict = judge(reference, shifted(current, BRIGHTNESS, 0.09), rng=rng)
    assert verdict.p_value <= verdict.alpha
    assert verdict.verdict == "no_drift"
    assert any("by more than the reference itself varies by" in note for note in verdict.notes)


@pytest.mark.parametrize("n", [0, 1, 8, 19])
def test_too_few_images_are_insufficient_and_it_says_how_many_are_missing(n: int):
    rng = np.random.default_rng(5)
    verdict = judge(made(100, rng), shifted(made(n, rng), BRIGHTNESS, 50.0) if n else made(0, rng), rng=rng)
    assert verdict.verdict == "insufficient"
    assert verdict.images_needed == 20 - n
    assert verdict.properties == ()


def test_a_reference_that_swings_by_the_hour_does_not_alarm_at_another_hour():
    rng = np.random.default_rng(6)
    start = datetime(2026, 11, 1)
    hourly = rng.normal(size=48)

    def hours(levels, first_hour, prefix):
        records = made(20 * len(levels), rng, prefix=prefix)
        values = records.properties.copy()
        values[:, BRIGHTNESS] += np.repeat(levels, 20) * 3 * values[:, BRIGHTNESS].std()
        times = [start + timedelta(hours=first_hour + i // 20, minutes=i % 20) for i in range(len(records))]
        return replace(records, properties=values, times=np.array(times, "datetime64[us]"))

    reference, current = hours(hourly, 0, "r"), hours([0.9, 1.2, -0.1, 1.4, 0.6, 0.2], 48, "c")
    assert judge(reference, current, rng=rng).verdict == "no_drift"
    blind = judge(replace(reference, times=None), replace(current, times=None), rng=rng)
    assert blind.verdict == "drift", (
        "without times the same swing must look like drift, or this test shows nothing"
    )


def test_the_same_seed_gives_the_same_verdict():
    reference, current = made(100, np.random.default_rng(7), 8), made(60, np.random.default_rng(8), 8)
    first, second = (judge(reference, current, rng=np.random.default_rng(0)) for _ in range(2))
    assert first == second


def test_two_embedders_refuse_to_be_compared():
    rng = np.random.default_rng(9)
    other = replace(made(50, rng, 8), embedder="other-2")
    with pytest.raises(IncomparableError, match="embedded by made-1 and the current images by other-2"):
        judge(made(50, rng, 8), other, rng=rng)


def test_two_modes_refuse_to_be_compared():
    rng = np.random.default_rng(10)
    with pytest.raises(IncomparableError, match="exact mode and the current images in fast mode"):
        judge(made(50, rng), replace(made(50, rng), mode="fast"), rng=rng)


def test_a_dial_of_zero_is_refused():
    rng = np.random.default_rng(11)
    with pytest.raises(UsageError, match="false_alarms_per_year is 0"):
        judge(made(50, rng), made(50, rng), rng=rng, false_alarms_per_year=0)


def test_a_dial_shared_among_very_many_leaves_an_alarm_possible():
    rng = np.random.default_rng(12)
    current = made(200, rng)
    current.properties[:] += 50.0
    verdict = judge(made(300, rng), current, rng=rng, windows_per_year=2 * 1000 * 8760.0)
    assert verdict.p_value == verdict.alpha == LEAST_P_VALUE
    assert verdict.verdict == "drift"
