from __future__ import annotations

import re
from datetime import UTC, datetime

import numpy as np
import pytest

from driftwheel.profiles.profile import empty_profile, profile_records
from driftwheel.report.fragment import check_fragment, profile_fragment, verdict_fragment


def test_a_check_shows_the_answer_pictures_of_either_side_and_what_moved(checks) -> None:
    html = check_fragment(checks["blur"])
    assert "look blurred (severity\u00a03" in html
    assert html.count("<img ") == 12
    assert html.count('<tr class="moved">') == 3


def test_a_verdict_shows_the_same_without_pictures(checks) -> None:
    html = verdict_fragment(checks["blur"].verdict)
    assert "<img" not in html
    assert "look blurred" in html


def test_styles_touch_nothing_but_the_result(any_check) -> None:
    (style,) = re.findall(r"<style>(.*?)</style>", check_fragment(any_check), re.DOTALL)
    selectors = [one for rule in re.findall(r"([^{}]+)\{", style) for one in rule.split(",")]
    assert selectors
    assert all(one.strip().startswith(".driftwheel-result") for one in selectors)


def test_a_hostile_name_stays_a_name(checks) -> None:
    for html in (check_fragment(checks["hostile"]), verdict_fragment(checks["hostile"].verdict)):
        assert "<script" not in html
        assert "&lt;script&gt;" in html


def test_a_profile_shows_every_property_with_its_histogram(checks) -> None:
    records = checks["no_drift"].reference
    profile = profile_records(records)
    html = profile_fragment(profile)
    defined = [summary for summary in profile.properties if summary.count]
    assert html.count("<tr><td") == len(defined)
    assert html.count("<svg") == len(defined)
    assert "400 images · exact · gist-1" in html
    means = re.findall(r">brightness.*?</td><td><svg.*?</svg></td><td>([\d.,]+) ±", html, re.DOTALL)
    assert float(means[0]) == pytest.approx(float(records.column("brightness").mean()), rel=0.006)


def test_a_profile_says_when_and_what_was_unreadable(checks) -> None:
    from dataclasses import replace

    profile = profile_records(checks["no_drift"].reference)
    early, late = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 14, 12, tzinfo=UTC)
    html = profile_fragment(replace(profile, first=early, last=late, unreadable={"truncated": 3, "empty": 4}))
    assert "2026-11-01 00:00 to 2026-11-14 12:00 UTC" in html
    assert "7 unreadable" in html


def test_the_profile_of_no_images_shows_no_histogram() -> None:
    html = profile_fragment(empty_profile())
    assert "0 images" in html
    assert "<svg" not in html
    assert "not defined for any image" in html


def test_the_bars_of_a_histogram_are_in_proportion(checks) -> None:
    profile = profile_records(checks["no_drift"].reference)
    html = profile_fragment(profile)
    heights = [float(h) for h in re.findall(r'<rect [^>]*height="([\d.]+)"', html)]
    assert max(heights) == 22
    assert np.isfinite(heights).all()
