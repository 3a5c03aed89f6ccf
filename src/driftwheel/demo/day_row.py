"""A day of the demo as one row of a table on a terminal."""

from __future__ import annotations

from driftwheel.drift.check import Check
from driftwheel.drift.verdict import FaultFinding, PropertyDrift
from driftwheel.report.fault_words import fault_title
from driftwheel.report.numbers import NBSP, count, p_value, share
from driftwheel.report.property_words import property_words
from driftwheel.report.sentence import answer_word, effect_size

__all__ = ["HEADINGS", "day_row"]

HEADINGS = ("images", "verdict", "p", "seconds", "strongest property", "diagnosis")


def day_row(check: Check) -> tuple[str, ...]:
    """Return the texts under `HEADINGS`, without control characters or no-break spaces.

    The strongest property is the verdict's first, with its effect and which way its mean went; the diagnosis
    is the first finding, else the kind of change, else empty.
    """
    verdict = check.verdict
    cells = (
        count(verdict.n_current),
        answer_word(verdict),
        p_value(verdict.p_value),
        f"{check.seconds:.1f}",
        _strongest(verdict.properties[0]) if verdict.properties else "",
        _diagnosed(verdict.diagnosis[0]) if verdict.diagnosis else (verdict.kind or ""),
    )
    return tuple(cell.replace(NBSP, " ") for cell in cells)


def _strongest(one: PropertyDrift) -> str:
    way = ""
    if one.reference_mean is not None and one.current_mean is not None:
        way = " ↑" if one.current_mean > one.reference_mean else " ↓"
    return f"{property_words(one.name).title}{way} {effect_size(one)}"


def _diagnosed(found: FaultFinding) -> str:
    severity = "" if found.severity is None else f", severity {found.severity}"
    return f"{fault_title(found.fault)}{severity}, {share(found.share)}"
