import numpy as np
import pytest

from driftwheel.drift.statistics.samples import as_columns, as_counts, as_sample
from driftwheel.errors import UsageError


def test_undefined_values_are_removed_and_float32_is_kept() -> None:
    found = as_sample(np.array([1, np.nan, np.inf, -np.inf, 2], dtype=np.float32), "current")
    assert found.dtype == np.float32
    assert found.tolist() == [1.0, 2.0]
    assert as_sample([True, False], "current").tolist() == [1.0, 0.0]


def test_infinite_values_of_a_table_become_nan_and_dtypes_agree() -> None:
    first, second = as_columns(np.array([[np.inf, 1]], dtype=np.float32), np.array([[2, 3]]))
    assert first.dtype == second.dtype == np.float64
    assert np.isnan(first[0, 0])


def test_a_table_where_a_column_belongs_names_the_function_to_use() -> None:
    with pytest.raises(UsageError, match=r"`reference` has 2 dimensions.*_columns"):
        as_sample(np.zeros((3, 2)), "reference")


def test_words_are_not_numbers() -> None:
    with pytest.raises(UsageError, match="expected numbers"):
        as_sample(["a", "b"], "reference")


def test_tables_with_different_columns() -> None:
    with pytest.raises(UsageError, match="`reference` has 2 columns and `current` 3"):
        as_columns(np.zeros((5, 2)), np.zeros((5, 3)))
    with pytest.raises(UsageError, match=r"`current` has 1 dimensions; expected a table"):
        as_columns(np.zeros((5, 2)), np.zeros(5))


@pytest.mark.parametrize(
    ("reference", "current", "message"),
    [
        ([1, -1], [1, 1], "not a count"),
        ([1, 1], [0.5, 1], "not a count"),
        ([1, 1], [1, 1, 1], "same bins"),
        (3, 3, r"expected \(bins,\)"),
    ],
)
def test_what_is_not_a_histogram(reference: object, current: object, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        as_counts(reference, current)  # type: ignore[arg-type]
