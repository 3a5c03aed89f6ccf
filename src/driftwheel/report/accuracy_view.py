"""How often the model is right, as the report shows it."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from driftwheel.drift.check import Check
from driftwheel.performance.share_interval import LEVEL
from driftwheel.report.accuracy_words import accuracy_heading, accuracy_said, agreement_said, learned_from
from driftwheel.report.charts.accuracy_range import accuracy_range
from driftwheel.report.numbers import NBSP, count, share

__all__ = ["AccuracyView", "accuracy_view"]


@dataclass(frozen=True, slots=True)
class AccuracyView:
    """All texts are plain; `chart` is empty where the accuracy cannot be told.

    `charted` says what it shows, of how many images. `rows` holds what is behind the chart: name, number,
    images. `agreed`: what the agreement of versions tells, or empty. `worse`: the interval lies below the
    accuracy of the reference.
    """

    heading: str
    said: str
    learned: str
    worse: bool
    chart: Markup
    charted: str
    agreed: str
    rows: tuple[tuple[str, str, str], ...]


def accuracy_view(check: Check) -> AccuracyView | None:
    """Return what to show; None where no accuracy was sought."""
    found = check.verdict.accuracy
    if found is None:
        return None
    agreement = check.verdict.agreement
    rows = [("reference, measured", share(found.usual), count(found.n_reference))]
    if found.told:
        level = f"{LEVEL * 100:.0f}{NBSP}%"
        rows += [
            ("current, estimated", share(found.accuracy), count(found.n)),
            (f"{level} interval", f"{share(found.low)} to {share(found.high)}", count(found.n)),
        ]
    said = accuracy_said(found)
    return AccuracyView(
        accuracy_heading(found),
        f"{said[:1].upper()}{said[1:]}.",
        learned_from(found) if found.n_reference else "",
        found.told and found.high is not None and found.high < found.usual,
        accuracy_range(found),
        f"Share of right answers: estimated, n = {count(found.n)}, with its interval; on the reference "
        f"measured, n = {count(found.n_reference)}",
        "" if agreement is None else f"By the agreement of versions: {agreement_said(agreement)}.",
        tuple(rows) if found.n_reference else (),
    )
