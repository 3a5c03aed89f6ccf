"""How a check was measured: what a reader needs to know to trust it, or to make it again."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from driftwheel._version import __version__
from driftwheel.drift.check import Check
from driftwheel.records import Records
from driftwheel.report.numbers import several
from driftwheel.report.printable import printable

__all__ = ["how_measured"]

_MODES = {
    "exact": "exact: every property from the full decode",
    "fast": "fast: from a reduced decode wherever a property allows it",
}


def how_measured(check: Check, made: datetime | None) -> list[tuple[str, str]]:
    """Return names and plain texts, in the order they are shown; `made` is when, or None to leave it out."""
    verdict = check.verdict
    rate = verdict.false_alarms_per_year
    measured = len(check.reference.property_names)
    compared = f"{measured} measured, {len(verdict.properties)} compared"
    if verdict.properties and measured > len(verdict.properties):
        compared += "; the others hold a single value throughout or are undefined"
    line = (
        f"p at most {verdict.alpha:.2g}, corrected over everything looked at, and an effect above its limit"
    )
    return [
        ("reference", _side(check.reference_name, check.reference)),
        ("current", _side(check.current_name, check.current)),
        ("mode", _MODES[verdict.mode]),
        ("embedder", printable(check.reference.embedder or "none")),
        *(
            [("autoencoder", printable(verdict.reconstruction.autoencoder))]
            if verdict.reconstruction is not None
            else []
        ),
        ("properties", compared),
        ("the one dial", f"at most {rate:g} false alarm{'' if rate == 1 else 's'} a year"),
        ("alarm line", line),
        ("limits", "the effect that windows of this size, drawn from the reference alone, stay below"),
        ("took", f"{check.seconds:,.1f} s"),
        ("made by", f"Driftwheel {__version__}" + (f" on {made:%Y-%m-%d %H:%M %Z}" if made else "")),
    ]


def _side(name: str, records: Records) -> str:
    said = f"{printable(name)}, {several(len(records), 'image')}"
    if records.times is None or np.isnat(records.times).all():
        return said
    known = records.times[~np.isnat(records.times)]
    first, last = (str(moment)[:16].replace("T", " ") for moment in (known.min(), known.max()))
    return f"{said}, taken {first} UTC" if first == last else f"{said}, taken {first} to {last} UTC"
