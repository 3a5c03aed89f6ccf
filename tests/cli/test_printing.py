"""Tables: colours only where they belong, whole numbers in a narrow window, no blanks at ends in a pipe."""

import io
import re
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console
from rich.text import Text

from driftwheel.cli.comparison import print_comparison, print_comparisons
from driftwheel.cli.printing import print_all
from driftwheel.images.properties import PROPERTY_NAMES
from driftwheel.profiles import ProfileSet, profile_records, single
from driftwheel.profiles.profile_builder import split_records
from driftwheel.records import Records
from driftwheel.services.check.compare_profiles import compare_profiles

RED = re.compile(r"\x1b\[(?:\d+;)*31(?:;\d+)*m([^\x1b]*)")


def records(seed: int, brighter: float = 0.0) -> Records:
    rng = np.random.default_rng(seed)
    values = np.full((60, len(PROPERTY_NAMES)), np.nan, np.float32)
    for name in ("brightness", "contrast", "sharpness", "residual_noise"):
        values[:, PROPERTY_NAMES.index(name)] = rng.normal(100, 5, 60)
    values[:, PROPERTY_NAMES.index("brightness")] += brighter
    tags = {"camera": tuple(("east", "west")[i % 2] for i in range(60))}
    return Records(tuple(f"{i:03}" for i in range(60)), values, PROPERTY_NAMES, tags=tags)


@pytest.fixture(scope="module")
def verdict():
    (found,) = compare_profiles(
        single(profile_records(records(1))), single(profile_records(records(2, brighter=40)))
    )
    assert [one.name for one in found.verdict.properties if one.drifted] == ["brightness"]
    return found.verdict


def printed(show, *given, width: int = 80, **options) -> str:
    out = io.StringIO()
    show(*given, console=Console(file=out, width=width, **options))
    return out.getvalue()


def test_only_what_drifted_is_red(verdict) -> None:
    text = printed(print_comparison, verdict, "a.dwp", "b.dwp", force_terminal=True, color_system="standard")
    red = [found.strip() for found in RED.findall(text)]
    assert [one for one in red if one] == ["Drift:", "●"]


@pytest.mark.parametrize("width", [50, 60, 80, 120])
def test_numbers_stay_whole_however_narrow(verdict, width: int) -> None:
    text = printed(print_comparison, verdict, "a.dwp", "b.dwp", width=width)
    assert max(map(len, text.splitlines())) <= width
    row = next(line for line in text.splitlines() if "●" in line)
    drift = verdict.properties[0]
    assert f"{drift.effect:.2g}"[:3] in row
    assert "< 0.0005" in row
    cut = re.compile(r"\d…(?!\d)|\.…")  # a range of KS statistics has a digit behind it
    assert not cut.search(text)


def test_a_pipe_gets_no_blanks_at_ends_of_lines_and_no_special_ones(verdict) -> None:
    text = printed(print_comparison, verdict, "a.dwp", "b.dwp")
    assert all(line == line.rstrip() for line in text.splitlines())
    assert "\u00a0" not in text


def test_a_comparison_speaks_of_chance_as_a_check_does(verdict) -> None:
    text = " ".join(printed(print_comparison, verdict, "a.dwp", "b.dwp").split())
    assert text.startswith("Drift: the 60 current images differ from the 60 reference images")
    assert "Without any change, evidence this strong would come up in" in text
    assert "at most 1 false alarm a" in text
    assert "property reference current effect limit KS p" in text
    assert "and 3 properties that did not" not in text  # all four rows are there
    assert "compared a.dwp (60) with b.dwp (60), exact" in text


def test_so_does_every_window() -> None:
    parts = split_records(records(2, brighter=40), window=None, by=["camera"])
    profiles = ProfileSet({key: profile_records(part) for key, part in parts.items()}, by=("camera",))
    found = compare_profiles(single(profile_records(records(1))), profiles, each=True)
    text = printed(print_comparisons, profiles, found)
    assert text.endswith(
        "\n\nAt most 1 false alarm a year is allowed, so an alarm takes p of at most 0.0027.\n"
    )
    assert all(line == line.rstrip() for line in text.splitlines())
    dearer = tuple(replace(o, verdict=replace(o.verdict, false_alarms_per_year=2.5)) for o in found)
    assert "At most 2.5 false alarms a" in printed(print_comparisons, profiles, dearer)


def test_a_terminal_gets_it_as_it_is() -> None:
    assert "\u00a0" in printed(print_all, Text("1\u00a0σ  "), force_terminal=True)
    assert printed(print_all, Text("1\u00a0σ  "), Text("b")) == "1 σ\nb\n"
