from __future__ import annotations

from dataclasses import replace

import numpy as np

from driftwheel.demo.day_row import HEADINGS, day_row
from driftwheel.drift.check import Check
from driftwheel.drift.verdict import FaultFinding, PropertyDrift, Verdict
from driftwheel.records import Records

NOBODY = Records((), np.empty((0, 0), np.float32), ())
QUIET = Verdict("no_drift", 0.4, 0.003, 1.0, None, (), (), None, (), (), (), (), 500, 100, 0, "exact")
SHARPNESS = PropertyDrift(
    name="sharpness",
    drifted=True,
    p_value=1e-9,
    statistic=0.5,
    effect=8.5,
    threshold=0.6,
    wasserstein_sigmas=8.5,
    psi=3.0,
    jensen_shannon=0.6,
    reference_mean=4000.0,
    current_mean=2000.0,
    n_reference=500,
    n_current=100,
)


def row(verdict: Verdict) -> dict[str, str]:
    checked = Check(verdict, NOBODY, NOBODY, None, "reference", "day-1", 1.54)
    return dict(zip(HEADINGS, day_row(checked), strict=True))


def test_a_quiet_day() -> None:
    assert row(QUIET) == {
        "images": "100",
        "verdict": "No drift",
        "p": "0.40",
        "seconds": "1.5",
        "strongest property": "",
        "diagnosis": "",
    }


def test_a_day_with_a_fault_says_which_how_grave_and_how_many() -> None:
    blur = FaultFinding("blur", 2, 0.5, 0.99)
    found = row(replace(QUIET, verdict="drift", p_value=1e-9, properties=(SHARPNESS,), diagnosis=(blur,)))
    assert found["verdict"] == "Drift"
    assert found["p"] == "< 0.0005"
    assert found["strongest property"] == "sharpness ↓ 8.5 σ"
    assert found["diagnosis"] == "blur, severity 2, 50 %"


def test_a_fault_without_grades_and_drift_without_a_fault() -> None:
    flip = FaultFinding("flip", None, 1.0, 0.99)
    assert row(replace(QUIET, verdict="drift", diagnosis=(flip,)))["diagnosis"] == "flip, 100 %"
    assert row(replace(QUIET, verdict="drift", kind="content"))["diagnosis"] == "content"
