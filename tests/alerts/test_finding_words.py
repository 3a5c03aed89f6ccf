"""What was found, in plain words, for every signal there is."""

from __future__ import annotations

from typing import Any

import pytest

from driftwheel.alerts.finding_words import amount, change_of, duration, expected_of, observed, wrong_of
from driftwheel.monitors.evaluate import Finding
from driftwheel.monitors.observation import Observation
from driftwheel.monitors.signal import SIGNALS, signal_named
from driftwheel.report.numbers import NBSP


def finding(signal: str, value: float | None, n: int = 500, **rest: Any) -> Finding:
    known: dict[str, Any] = {
        "comparison": "unusual",
        "threshold": None,
        "until": None,
        "expected": None,
        "low": None,
        "high": None,
        "p_value": None,
        "result": "breach",
    }
    return Finding(signal, value, n, **(known | rest))


def plain(text: str) -> str:
    return text.replace(NBSP, " ")


@pytest.mark.parametrize(
    ("found", "wrong", "expected", "change"),
    [
        (
            finding("silence", 9000.0, 0, comparison="above", threshold=7200.0),
            "no record has come for 2.5 h",
            "silence: at most 2 h",
            "",
        ),
        (
            finding("records", 0.0, 0, expected=1200.0, low=900.0, high=1500.0),
            "no record came in the window",
            "records: usually 1,200 records, between 900 records and 1,500 records",
            "records fell from 1,200 to 0",
        ),
        (
            finding("accuracy", 0.71, 40, comparison="below", threshold=0.9, expected=0.93),
            "accuracy: 71 % (n = 40)",
            "accuracy: at least 90 %, usually 93 %",
            "accuracy fell from 93.0 % to 71.0 %",
        ),
        (
            finding("latency_p95", 0.9, expected=0.2, high=0.3),
            "latency (95th percentile): 900 ms (n = 500)",
            "latency (95th percentile): usually 200 ms, at most 300 ms",
            "latency (95th percentile) rose from 200 ms to 900 ms",
        ),
        (
            finding("property.brightness", 1.4, comparison="above", threshold=0.5),
            "brightness is 1.4 σ away from the reference (n = 500)",
            "brightness: at most 0.50 σ",
            "",
        ),
        (
            finding("drift", 1.0),
            "the images have drifted from the reference (n = 500)",
            "images like those of the reference",
            "",
        ),
        (
            finding("estimated_accuracy", 0.7, comparison="below", threshold=0.9, low=0.6, high=0.8),
            "estimated accuracy: 70 % (n = 500)",
            "estimated accuracy: at least 90 %",
            "",
        ),
        (finding("confidence", 0.7), "confidence: 0.7 (n = 500)", "confidence: as in the windows before", ""),
    ],
)
def test_findings(found: Finding, wrong: str, expected: str, change: str) -> None:
    assert plain(wrong_of(found)) == wrong
    assert plain(expected_of(found)) == expected
    assert plain(change_of(found)) == change


@pytest.mark.parametrize("signal", [one.name for one in SIGNALS])
def test_every_signal_can_be_spoken_of(signal: str) -> None:
    fixed: dict[str, Any] = {} if signal_named(signal).is_found else {"comparison": "above", "threshold": 0.1}
    for found in (finding(signal, 0.5, expected=0.1, low=0.0, high=0.2, **fixed), finding(signal, None)):
        assert wrong_of(found)
        assert expected_of(found)
        assert "None" not in wrong_of(found) + expected_of(found) + change_of(found)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 ms"),
        (0.05, "50 ms"),
        (1.0, "1 s"),
        (90, "90 s"),
        (3600, "1 h"),
        (86400, "1 d"),
        (10**6, "11.6 d"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert plain(duration(seconds)) == text


def test_amounts_and_observations() -> None:
    assert amount(None, signal_named("records")) == "–"
    assert plain(amount(1.0, signal_named("records"))) == "1 record"
    assert observed(None) == ""
    assert observed(Observation("accuracy", None, 3)) == ""
    wrong = observed(Observation("feedback_share", 0.2, 50, usual=0.05))
    assert plain(wrong) == "predictions called wrong are 20 % on 50 records, usually 5 %"
