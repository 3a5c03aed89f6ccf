"""Options that cannot be used are refused before the work, in words that say what is expected."""

import numpy as np
import pytest

import driftwheel as dw
from driftwheel.errors import UsageError
from driftwheel.profiles import empty_profile, single
from driftwheel.services.check.check_images import check_against
from driftwheel.services.check.checked_options import checked_seed, checked_tags, checked_threads
from driftwheel.services.check.compare_profiles import compare_profiles
from driftwheel.services.check.measure_reference import measure_reference

IMAGES = [np.zeros((8, 8, 3), np.uint8)] * 3

COMMON = [
    ({"mode": "slow"}, r"There is no mode 'slow'; choose 'exact' or 'fast'"),
    ({"mode": "exakt"}, r"Did you mean 'exact'\?"),
    ({"threads": 0}, "threads is 0; give a whole number, 1 or more, or None"),
    ({"threads": -3}, "threads is -3; give a whole number"),
    ({"threads": "2"}, "threads is '2'; give a whole number"),
    ({"embedder": None}, "embedder is None; give 'auto', .* For no embeddings give the text 'none'"),
]
OF_A_CHECK = [
    ({"seed": -1}, "seed is -1; give a whole number, 0 or more"),
    ({"seed": 1.5}, r"seed is 1\.5; give a whole number"),
    ({"false_alarms_per_year": 1e9}, "false_alarms_per_year is 1e.09, but with windows_per_year 365"),
    ({"false_alarms_per_year": 0}, "false_alarms_per_year is 0; give a number above 0, for example 1"),
    ({"false_alarms_per_year": "many"}, "false_alarms_per_year is 'many'; give a number"),
    ({"windows_per_year": float("inf")}, "windows_per_year is inf; give a number above 0, for example 365"),
]


@pytest.mark.parametrize(("options", "message"), COMMON + OF_A_CHECK)
def test_check_refuses(options, message) -> None:
    with pytest.raises(UsageError, match=message):
        dw.check(IMAGES, IMAGES, **{"embedder": "none"} | options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        *COMMON,
        ({"by": 3}, r"by is 3; give the name of a tag, or a list of names"),
        ({"by": [None]}, r"by is \[None\]; give the name of a tag"),
        ({"by": ""}, "by is ''; give the name of a tag"),
    ],
)
def test_profile_refuses(options, message) -> None:
    with pytest.raises(UsageError, match=message):
        dw.profile(IMAGES, **{"embedder": "none"} | options)


@pytest.mark.parametrize(("options", "message"), OF_A_CHECK)
def test_so_do_a_comparison_and_a_check_against_what_is_measured(options, message) -> None:
    nothing = single(empty_profile())
    with pytest.raises(UsageError, match=message):
        compare_profiles(nothing, nothing, **options)
    reference = measure_reference(IMAGES, embedder="none", threads=1)
    with pytest.raises(UsageError, match=message):
        check_against(reference, IMAGES, **options)


def test_what_is_fine_is_given_back() -> None:
    assert checked_threads(None) is None
    assert checked_threads(np.int64(2)) == 2
    assert checked_seed(np.uint8(0)) == 0
    assert checked_tags("camera") == checked_tags(("camera",)) == ("camera",)
    assert checked_tags(()) == ()


def test_the_root_of_all_errors_is_in_the_package() -> None:
    with pytest.raises(dw.DriftwheelError):
        dw.check("", IMAGES)
    assert issubclass(dw.errors.UsageError, dw.DriftwheelError)


def test_the_same_images_twice_are_noted() -> None:
    twice = dw.check(IMAGES, IMAGES, embedder="none", threads=1)
    assert any("same place" in note for note in twice.verdict.notes)
    other = dw.check(IMAGES, list(IMAGES), embedder="none", threads=1)
    assert not any("same place" in note for note in other.verdict.notes)
