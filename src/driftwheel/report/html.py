"""The report: one self-contained HTML file that opens offline, prints, and asks nothing of the network."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources

import numpy as np
from markupsafe import Markup

from driftwheel._version import __version__
from driftwheel.drift.check import Check
from driftwheel.drift.rules import LEAST_SAMPLE
from driftwheel.drift.verdict import FaultFinding, Outlier, Verdict
from driftwheel.records import Unreadable
from driftwheel.report.accuracy_view import accuracy_view
from driftwheel.report.album import album
from driftwheel.report.charts.chance_meter import chance_meter
from driftwheel.report.charts.outlier_chart import outlier_chart
from driftwheel.report.embedding_view import embedding_view
from driftwheel.report.fault_words import fault_meaning, fault_title
from driftwheel.report.how_measured import how_measured
from driftwheel.report.numbers import NBSP, count, p_value, several, share
from driftwheel.report.printable import printable
from driftwheel.report.property_view import PropertyView, property_views
from driftwheel.report.reconstruction_view import reconstruction_view
from driftwheel.report.score_view import score_view
from driftwheel.report.segments import heats
from driftwheel.report.sentence import answer, answer_word, evidence, reason, reasons, unreadable
from driftwheel.report.templating import template

__all__ = ["html_report"]

_LISTED = 300  # names of unreadable images, and outliers without a picture, that are written out
_OUTLIERS = 20
_CLOSEST = 3  # charts shown although nothing drifted
_OPEN = 9  # charts of what drifted that are shown at once


def html_report(check: Check, *, made: datetime | None = None) -> str:
    """Return the report on a check as one HTML document, under 6 MB.

    Parameters
    ----------
    made
        When it was made, timezone-aware; left out of the report when None.
    """
    verdict = check.verdict
    axis, views = property_views(check)
    shown, folded = _shown(views)
    script, style = _part("check.js"), _part("check.css")
    return template("check.html.j2").render(
        verdict=verdict,
        names=(printable(check.reference_name), printable(check.current_name)),
        word=answer_word(verdict),
        answer=answer(verdict),
        reason=reason(verdict),
        evidence=evidence(verdict),
        meter=chance_meter(verdict),
        least=LEAST_SAMPLE,
        album=album(check.exhibits),
        faults=[_fault(found) for found in verdict.diagnosis[:3]],
        axis=axis,
        views=views,
        shown=shown,
        folded=folded,
        heats=heats(check),
        embedding=embedding_view(check),
        accuracy=accuracy_view(check),
        scores=score_view(check),
        reconstruction=reconstruction_view(check),
        outliers=_outliers(check),
        unreadables=_unreadables(verdict),
        facts=how_measured(check, made),
        notes=[printable(note) for note in verdict.notes],
        made=made,
        version=__version__,
        script=Markup(script),  # noqa: S704 - our own file
        style=Markup(style),  # noqa: S704 - our own file
        policy=_policy(script, style),
    )


@cache
def _part(name: str) -> str:
    return resources.files("driftwheel.report").joinpath("templates", name).read_text(encoding="utf-8")


def _policy(script: str, style: str) -> str:
    """What a browser may do with the file: show its pictures and style, run its script, reach nothing."""

    def allowed(part: str) -> str:
        return "'sha256-" + base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() + "'"

    return (
        f"default-src 'none'; img-src data:; style-src {allowed(style)}; script-src {allowed(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _shown(views: list[PropertyView]) -> tuple[list[PropertyView], list[tuple[str, list[PropertyView]]]]:
    """The charts to show at once, what drifted or else came closest, and those to fold away under titles."""
    shown = [view for view in views if view.drifted]
    if not shown:
        shown = sorted(views, key=lambda view: -view.ratio)[:_CLOSEST]
    rest = [view for view in views if not any(view is one for one in shown)]
    folded = [
        (f"{len(shown) - _OPEN} more that drifted", shown[_OPEN:]),
        (several(len(rest), "other property", "other properties"), rest),
    ]
    return shown[:_OPEN], [(title, some) for title, some in folded if some]


@dataclass(frozen=True, slots=True)
class _Fault:
    title: str
    meaning: str
    severity: int | None
    share: str
    confidence: str
    confidence_percent: int


def _fault(found: FaultFinding) -> _Fault:
    return _Fault(
        fault_title(found.fault),
        fault_meaning(found.fault),
        found.severity,
        share(found.share),
        share(found.confidence),
        round(100 * found.confidence),
    )


def _outliers(check: Check) -> dict[str, object]:
    found = check.verdict.outliers
    complete = len(found) == check.verdict.n_current and len(found) >= LEAST_SAMPLE
    unusual = sum(one.p_value <= 0.01 for one in found)
    said = ""
    if complete:
        expected = 0.01 * len(found)
        said = (
            f"{count(unusual)} of {several(len(found), 'current image')} are as unusual as the most unusual "
            f"1{NBSP}% of the reference; without change about {count(max(1, round(expected)))} would be."
        )
    return {
        "said": said,
        "chart": outlier_chart(np.array([one.p_value for one in found])) if complete else Markup(),
        "n": len(found),
        "listed": [_listed(one) for one in found[:_OUTLIERS]],
    }


def _listed(one: Outlier) -> tuple[str, str]:
    return printable(one.image), p_value(one.p_value)


def _unreadables(verdict: Verdict) -> list[dict[str, object]]:
    sides = (
        ("current", verdict.unreadable, verdict.n_current),
        ("reference", verdict.unreadable_reference, verdict.n_reference),
    )
    return [
        {
            "said": unreadable(side, missing, n),
            "reasons": reasons(missing),
            "listed": [_pair(one) for one in missing[:_LISTED]],
            "left": max(0, len(missing) - _LISTED),
        }
        for side, missing, n in sides
        if missing
    ]


def _pair(one: Unreadable) -> tuple[str, str]:
    return printable(one.image), printable(one.reason)
