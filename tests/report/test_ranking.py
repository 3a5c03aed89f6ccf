from __future__ import annotations

from dataclasses import replace

from driftwheel.drift.verdict import FaultFinding
from driftwheel.images.faults import FAULT_NAMES
from driftwheel.images.properties import PROPERTY_NAMES
from driftwheel.report.ranking import SIGNS, ranked


def test_every_fault_has_signs_that_are_properties() -> None:
    assert set(SIGNS) == set(FAULT_NAMES)
    assert {name for names in SIGNS.values() for name in names} <= set(PROPERTY_NAMES)


def test_the_signs_of_the_named_fault_lead(checks) -> None:
    verdict = checks["blur"].verdict
    backwards = tuple(sorted(verdict.properties, key=lambda one: (not one.drifted, one.name)))
    shuffled = replace(verdict, properties=backwards)
    assert backwards[0].name == "edge_density"
    assert ranked(shuffled)[0].name == "sharpness"
    assert sorted(one.name for one in ranked(shuffled)) == sorted(one.name for one in backwards)


def test_a_sign_that_did_not_drift_does_not_lead(checks) -> None:
    verdict = replace(checks["blur"].verdict, diagnosis=(FaultFinding("over_exposure", 2, 1.0, 0.9),))
    assert ranked(verdict)[0].name != "brightness"
    assert [one.drifted for one in ranked(verdict)] == sorted(
        (one.drifted for one in verdict.properties), reverse=True
    )


def test_without_a_fault_the_verdicts_order_stays(checks) -> None:
    verdict = checks["content"].verdict
    assert ranked(verdict) == sorted(verdict.properties, key=lambda one: not one.drifted)
