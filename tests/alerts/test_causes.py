"""Causes and harm, as far as they can be said."""

from __future__ import annotations

from typing import Any

import pytest

from driftwheel.alerts.causes import cause_of, harm_of
from driftwheel.images.faults import FAULT_NAMES
from driftwheel.monitors.observation import Observation
from driftwheel.monitors.signal import SIGNALS
from driftwheel.report.numbers import NBSP


def verdict(kind: str = "appearance", *faults: dict[str, Any], diagnosed: bool = True) -> dict[str, Any]:
    return {"kind": kind, "diagnosis": list(faults), "diagnosed": diagnosed}


BLUR = {"fault": "blur", "severity": 3, "share": 0.94, "confidence": 0.97}


def test_a_fault_that_was_found_is_the_cause() -> None:
    said = cause_of("drift", verdict("appearance", BLUR)).replace(NBSP, " ")
    assert said.startswith("blur in 94 % of the images (97 % sure, severity 3 of 5). Everything is softer")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (verdict("appearance", BLUR | {"confidence": 0.2}), "none of the known camera faults explains it"),
        (verdict("content"), "show something else, or in another light"),
        (verdict("unreadable"), "cut short or damaged"),
        (verdict(diagnosed=False), ""),
    ],
)
def test_without_a_fault(document: dict[str, Any], said: str) -> None:
    found = cause_of("drift", document)
    assert said in found
    assert bool(said) == bool(found)


def test_every_fault_can_be_spoken_of() -> None:
    for fault in FAULT_NAMES:
        assert cause_of("drift", verdict("appearance", BLUR | {"fault": fault, "severity": None}))


def test_every_signal_but_a_property_has_a_likely_cause() -> None:
    for signal in SIGNALS:
        assert bool(cause_of(signal.name, None)) == (signal.kind != "effect")


def test_harm_is_what_was_measured_first() -> None:
    accuracy = Observation("accuracy", 0.71, 40, usual=0.93)
    feedback = Observation("feedback_share", 0.2, 50)
    unsure = Observation("confidence", 0.7, 500, usual=0.9, judged=True)
    assert harm_of({"accuracy": accuracy, "confidence": unsure}).startswith("accuracy is")
    assert harm_of({"feedback_share": feedback, "confidence": unsure}).startswith("predictions called wrong")
    assert harm_of({"confidence": unsure}).startswith("confidence is")
    assert harm_of({"confidence": Observation("confidence", 0.9, 500, judged=False)}).startswith("not known")
    assert harm_of({"accuracy": Observation("accuracy", None, 0)}).startswith("not known")


def test_harm_that_is_estimated_comes_after_what_was_measured() -> None:
    accuracy = Observation("accuracy", 0.71, 40, usual=0.93)
    estimated = Observation("estimated_accuracy", 0.74, 400, usual=0.93, low=0.7, high=0.82)
    complaints = Observation("feedback_share", 0.2, 50)
    assert harm_of({"estimated_accuracy": estimated, "accuracy": accuracy}).startswith("accuracy is")
    said = harm_of({"estimated_accuracy": estimated, "feedback_share": complaints}).replace("\u00a0", " ")
    assert said == (
        "estimated accuracy is 74 % on 400 records (90 % interval: 70.0 % to 82.0 %), usually 93 %"
    )


def test_harm_that_cannot_be_told() -> None:
    untold = Observation("estimated_accuracy", None, 400, note="Cannot tell: the scores are unlike all.")
    said = harm_of({"estimated_accuracy": untold})
    assert said.startswith("not known: ")
    assert said.endswith(", and scores do not tell: the scores are unlike all")
    unsure = Observation("confidence", 0.7, 500, usual=0.9, judged=True)
    assert harm_of({"estimated_accuracy": untold, "confidence": unsure}).startswith("confidence is")
