"""The report: one self-contained HTML file that opens offline, prints, and asks nothing of the network."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from driftwheel._version import __version__
from driftwheel.drift.check import Check
from driftwheel.drift.rules import LEAST_SAMPLE
from driftwheel.drift.verdict import FaultFinding, Outlier, Verdict
from driftwheel.records import Evidence, Records, Unreadable
from driftwheel.report.album import album
from driftwheel.report.charts.chance_meter import chance_meter
from driftwheel.report.charts.embedding_map import embedding_map
from driftwheel.report.charts.outlier_chart import outlier_chart
from driftwheel.report.fault_words import fault_meaning, fault_title
from driftwheel.report.numbers import count, p_statement, p_value, quantity, several, share
from driftwheel.report.printable import printable
from driftwheel.report.property_view import PropertyView, property_views
from driftwheel.report.segments import heats
from driftwheel.report.sentence import answer, answer_word, evidence, reason, reasons, unreadable

__all__ = ["html_report"]

_LISTED = 300  # names of unreadable images, and outliers without a picture, that are written out
_OUTLIERS = 20
_CLOSEST = 3  # charts shown although nothing drifted


def html_report(check: Check, *, made: datetime | None = None) -> str:
    """Return the report on a check as one HTML document, under 6 MB.

    Parameters
    ----------
    made
        When it was made, timezone-aware; left out of the report when None.
    """
    verdict = check.verdict
    axis, views = property_views(check)
    shown, folded = _shown(verdict, views)
    script, style = _part("check.js"), _part("check.css")
    template = _environment().get_template("check.html.j2")
    return template.render(
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
        embedding=_embedding(check),
        outliers=_outliers(check),
        unreadables=_unreadables(verdict),
        facts=_facts(check, made),
        notes=[printable(note) for note in verdict.notes],
        made=made,
        version=__version__,
        script=Markup(script),  # noqa: S704 - our own file
        style=Markup(style),  # noqa: S704 - our own file
        policy=_policy(script, style),
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("driftwheel.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        count=count, share=share, p=p_value, p_said=p_statement, several=several, printable=printable
    )
    return environment


@cache
def _part(name: str) -> str:
    return resources.files("driftwheel.report").joinpath("templates", name).read_text(encoding="utf-8")


def _policy(script: str, style: str) -> str:
    """What a browser may do with the file: show its own pictures and styles, run its own script, reach nothing."""

    def allowed(part: str) -> str:
        return "'sha256-" + base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() + "'"

    return (
        f"default-src 'none'; img-src data:; style-src {allowed(style)}; script-src {allowed(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _shown(verdict: Verdict, views: list[PropertyView]) -> tuple[list[PropertyView], list[PropertyView]]:
    """The charts to show at once and those to fold away: what drifted, else what came closest."""
    drifted = [view for view in views if view.drifted]
    if drifted:
        return drifted, [view for view in views if not view.drifted]
    ratios = [one.effect / one.threshold if one.threshold else one.effect for one in verdict.properties]
    closest = sorted(range(len(views)), key=lambda i: -ratios[i])[:_CLOSEST]
    return [views[i] for i in closest], [view for i, view in enumerate(views) if i not in closest]


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


def _embedding(check: Check) -> dict[str, object] | None:
    found = check.verdict.embedding
    if found is None:
        return None
    tests = [
        _test("kernel two-sample test (MMD)", found.mmd),
        _test("Fréchet distance", found.frechet),
        _test("domain classifier", found.classifier),
    ]
    return {
        "embedder": printable(found.embedder),
        "drifted": found.drifted,
        "p": p_statement(found.p_value),
        "effect": quantity(found.effect),
        "threshold": quantity(found.threshold),
        "tests": [test for test in tests if test is not None],
        "map": _map(check.reference, check.current),
    }


def _test(name: str, found: Evidence | None) -> tuple[str, str, str, str] | None:
    if found is None:
        return None
    return (
        name,
        quantity(found.statistic),
        p_value(found.p_value),
        f"{count(found.n_reference)} and {count(found.n_current)}",
    )


def _map(reference: Records, current: Records) -> object:
    if reference.embeddings is None or current.embeddings is None:
        return None
    return embedding_map(reference.embeddings, current.embeddings)


def _outliers(check: Check) -> dict[str, object]:
    found = check.verdict.outliers
    complete = len(found) == check.verdict.n_current and len(found) >= LEAST_SAMPLE
    unusual = sum(one.p_value <= 0.01 for one in found)
    said = ""
    if complete:
        expected = 0.01 * len(found)
        said = (
            f"{count(unusual)} of {several(len(found), 'current image')} are as unusual as the most unusual 1{chr(160)}% of "
            f"the reference; without change about {count(max(1, round(expected)))} would be."
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


def _facts(check: Check, made: datetime | None) -> list[tuple[str, str]]:
    verdict = check.verdict
    rate = verdict.false_alarms_per_year
    mode = {
        "exact": "exact: every property from the full decode",
        "fast": "fast: from a reduced decode wherever a property allows it",
    }[verdict.mode]
    facts = [
        ("reference", f"{printable(check.reference_name)}, {several(verdict.n_reference, 'image')}{_span(check.reference)}"),
        ("current", f"{printable(check.current_name)}, {several(verdict.n_current, 'image')}{_span(check.current)}"),
        ("mode", mode),
        ("embedder", printable(check.reference.embedder or "none")),
        ("properties", f"{len(check.reference.property_names)} measured, {len(verdict.properties)} compared; the others hold a "
                       "single value throughout or are undefined"),
        ("the one dial", f"at most {rate:g} false alarm{'' if rate == 1 else 's'} a model-year"),
        ("alarm line", f"p at most {verdict.alpha:.2g}, corrected over everything looked at, and an effect above its own limit"),
        ("limits", "the effect that windows of this size, drawn from the reference alone, stay below"),
        ("took", f"{check.seconds:,.1f} s"),
        ("made by", f"Driftwheel {__version__}" + (f" on {made:%Y-%m-%d %H:%M %Z}" if made else "")),
    ]  # fmt: skip
    return facts


def _span(records: Records) -> str:
    times = records.times
    if times is None or np.isnat(times).all():
        return ""
    known = times[~np.isnat(times)]
    first, last = str(known.min())[:16].replace("T", " "), str(known.max())[:16].replace("T", " ")
    return f", taken {first} to {last} UTC" if first != last else f", taken {first} UTC"
