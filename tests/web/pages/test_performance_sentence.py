"""What the performance page says first, for each kind of label that there may be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from driftwheel.monitors.observation import CANNOT_TELL, Observation
from driftwheel.performance.measured_performance import measure_performance
from driftwheel.performance.performance_sums import How, SummedPrediction, sum_predictions
from driftwheel.services.performance.describe_performance import PerformanceReport, WindowPerformance
from driftwheel.store.models.models import Model
from driftwheel.web.pages.models.performance_sentence import PerformanceSentence, performance_sentence

START = datetime(2026, 3, 4, tzinfo=UTC)
MODEL = Model(1, "m", "classification", ("cat", "dog"), "day", (), "none", None, 1.0, 1.0, START)


def row(how: How, right: bool) -> SummedPrediction:
    return SummedPrediction("1", "cat", {"cat": 0.9}, how, ("cat" if right else "dog") if how else "", 0.1)


def said(rows: Sequence[SummedPrediction], estimated: Observation | None = None) -> PerformanceSentence:
    sums = sum_predictions(rows)
    found = measure_performance(sums)
    window = WindowPerformance(START, START + timedelta(days=1), found.accuracy, estimated, START)
    report = PerformanceReport(MODEL, "", "", None, (window,), found, sums.predictions, (), ())
    told = performance_sentence(report)
    small = tuple(one.replace("\u00a0", " ") for one in told.small)
    return PerformanceSentence(told.tone, told.lead.replace("\u00a0", " "), told.rest, small, told.random)


@pytest.mark.parametrize(
    ("rows", "lead", "words", "random"),
    [
        ([], "No prediction in this time.", "", False),
        ([row("", True)] * 50, "No labels yet.", "None of 50 predictions has one.", True),
        (
            [row("chosen", False)] * 30 + [row("", True)] * 70,
            "Cannot tell.",
            "which says nothing of the other 70",
            True,
        ),
        ([row("told", True)] * 8 + [row("told", False)] * 2, "80.0 %", "10 labels among 10", False),
        ([row("told", True)] * 20 + [row("", True)] * 80, "100.0 %", "20 labels among 100", True),
        (
            [row("sampled", n % 10 > 0) for n in range(50)] + [row("", True)] * 450,
            "90.0 %",
            "50 labels among 500",
            False,
        ),
    ],
)
def test_what_it_rests_on(rows: list[SummedPrediction], lead: str, words: str, random: bool) -> None:
    found = said(rows)
    assert (found.lead, found.random) == (lead, random)
    assert words in found.rest.replace("\u00a0", " ")


def test_what_is_said_of_labels_that_were_drawn_and_of_estimates() -> None:
    drawn = [row("sampled", n % 10 > 0) for n in range(50)] + [row("", True)] * 450
    chosen = [row("chosen", False)] * 7
    estimate = Observation("estimated_accuracy", 0.88, 500, low=0.84, high=0.91)
    small = said([*drawn, *chosen], estimate).small
    assert "50 labels of images drawn at random" in small[0]
    assert "7 labels of images chosen for what they show are left out." in small[0]
    assert "prediction-powered" in small[0]
    assert small[1].startswith("Without labels, Mar 4: estimated 88.0 %, 90 % interval 84.0 % to 91.0 %")
    untold = Observation("estimated_accuracy", None, 500, note=f"{CANNOT_TELL}the scores are unlike any.")
    assert said(drawn, untold).small[1] == "Without labels, Mar 4: cannot tell: the scores are unlike any."
