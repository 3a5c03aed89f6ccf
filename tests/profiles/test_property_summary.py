"""Summaries: known answers against numpy, correct rounding, angles, categories, and what does not merge."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from driftwheel.errors import IncomparableError
from driftwheel.profiles.property_definition import PropertyDefinition
from driftwheel.profiles.property_summary import (
    empty_summary,
    mean,
    merge_summaries,
    resultant_length,
    standard_deviation,
    summarise,
    variance,
)
from driftwheel.records import Records

Definitions = tuple[PropertyDefinition, ...]


def test_numbers_agree_with_numpy(definitions: Definitions, records_of: Callable[..., Records]) -> None:
    records = records_of(5000)
    for summary in summarise(definitions, records.properties)[:2]:
        column = records.column(summary.name)
        values = column[~np.isnan(column)].astype(np.float64)
        assert (summary.count, summary.missing) == (len(values), 5000 - len(values))
        assert mean(summary) == pytest.approx(values.mean(), rel=1e-12)
        assert variance(summary) == pytest.approx(values.var(), rel=1e-11)
        assert standard_deviation(summary) == pytest.approx(values.std(), rel=1e-11)
        assert (summary.minimum, summary.maximum) == (values.min(), values.max())
        clipped = np.clip(values, summary.definition.low, summary.definition.high)
        assert summary.counts.tolist() == np.histogram(clipped, summary.definition.edges())[0].tolist()


def test_a_tiny_variance_on_a_large_mean_is_exact(definitions: Definitions) -> None:
    # numpy's naive float32 or a sum-of-squares in float64 loses this altogether
    values = np.full((4, 1), 2.0**23, np.float32) + np.array([[0], [1], [2], [3]], np.float32)
    (summary,) = summarise(definitions[:1], values)
    assert variance(summary) == 1.25


def test_angles_wrap_around(definitions: Definitions) -> None:
    (summary,) = summarise(definitions[2:3], np.array([[350.0], [10.0], [370.0], [-10.0]], np.float32))
    assert min(mean(summary), 360 - mean(summary)) == pytest.approx(0, abs=1e-5)
    assert summary.counts[35] == 2
    assert summary.counts[1] == 2
    # 10° either side: R = cos 10°, σ = √(−2 ln R)
    assert resultant_length(summary) == pytest.approx(np.cos(np.deg2rad(10)), rel=1e-6)
    assert standard_deviation(summary) == pytest.approx(
        np.rad2deg(np.sqrt(-2 * np.log(np.cos(np.deg2rad(10)))))
    )


def test_angles_that_cancel_have_no_direction_and_a_bounded_spread(definitions: Definitions) -> None:
    (summary,) = summarise(definitions[2:3], np.arange(0, 360, 1, dtype=np.float32)[:, None])
    assert standard_deviation(summary) == pytest.approx(360 / np.sqrt(12))


def test_a_category_counts_only_what_has_a_name(definitions: Definitions) -> None:
    column = np.array([[0], [2], [2], [3], [-1], [0.5], [np.nan]], np.float32)
    (summary,) = summarise(definitions[3:], column)
    assert summary.counts.tolist() == [1, 0, 2]
    assert (summary.count, summary.missing) == (3, 4)
    assert np.isnan(mean(summary))


def test_infinities_are_missing_and_outside_values_fall_into_the_end_bins(definitions: Definitions) -> None:
    (summary,) = summarise(definitions[:1], np.array([[np.inf], [-5], [255], [900]], np.float32))
    assert (summary.counts[0], summary.counts[-1], summary.missing) == (1, 2, 1)
    assert (summary.minimum, summary.maximum) == (-5.0, 900.0)


def test_no_values_have_no_mean(definitions: Definitions) -> None:
    for definition in definitions:
        assert np.isnan(mean(empty_summary(definition)))
        assert np.isnan(standard_deviation(empty_summary(definition)))


def test_other_bins_do_not_merge(definitions: Definitions) -> None:
    other = replace(definitions[0], bins=50)
    with pytest.raises(IncomparableError, match="'brightness' was summarised with different bins"):
        merge_summaries(empty_summary(definitions[0]), empty_summary(other))
