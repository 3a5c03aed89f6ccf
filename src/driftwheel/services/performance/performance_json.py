"""What is known of a model's performance, as plain values, as the API and the command line tell it."""

from __future__ import annotations

from typing import Any

from driftwheel.performance.figure import Figure
from driftwheel.performance.measured_accuracy import MeasuredAccuracy
from driftwheel.performance.measured_performance import MeasuredPerformance
from driftwheel.services.performance.describe_performance import PerformanceReport, WindowPerformance

__all__ = ["figure_to_json", "report_to_json"]

_MEANS = (
    "accuracy",
    "balanced_accuracy",
    "macro_precision",
    "macro_recall",
    "macro_f1",
    "weighted_precision",
    "weighted_recall",
    "weighted_f1",
)


def report_to_json(report: PerformanceReport) -> dict[str, Any]:
    """Return a report as plain values; intervals hold 90 %."""
    whole = report.whole
    return {
        "model": report.model.name,
        "tag": report.tag,
        "value": report.value,
        "version": report.version,
        "predictions": report.predictions,
        **_measured(whole),
        "classes": [
            {
                "class": one.name,
                "support": one.support,
                **{name: figure_to_json(getattr(one, name)) for name in ("precision", "recall", "f1")},
            }
            for one in whole.metrics.classes
        ],
        "confusion": {"classes": list(whole.matrix.classes), "counts": whole.matrix.counts.tolist()},
        "calibration": {
            "noise": whole.calibration.noise,
            "bins": [
                {
                    "confidence": one.confidence,
                    "share": one.share,
                    "accuracy": figure_to_json(one.accuracy),
                }
                for one in whole.calibration.bins
            ],
        },
        "windows": [_window(one) for one in report.windows],
        "versions": [{"version": one.value, **_measured(one.found)} for one in report.versions],
        "segments": [{"tag": one.tag, "value": one.value, **_measured(one.found)} for one in report.segments],
    }


def figure_to_json(figure: Figure) -> dict[str, Any]:
    """Return a figure as plain values."""
    return {"value": figure.value, "low": figure.low, "high": figure.high, "n": figure.n}


def _measured(found: MeasuredPerformance) -> dict[str, Any]:
    figures = {name: figure_to_json(getattr(found.metrics, name)) for name in _MEANS}
    figures["area_under_roc"] = figure_to_json(found.area_under_roc)
    figures["log_loss"] = figure_to_json(found.log_loss)
    figures["calibration_error"] = figure_to_json(found.calibration.error)
    return {**_labels(found.accuracy), "figures": figures}


def _labels(accuracy: MeasuredAccuracy) -> dict[str, Any]:
    return {
        "basis": accuracy.basis,
        "method": accuracy.method,
        "labels": {"told": accuracy.told, "sampled": accuracy.sampled, "chosen": accuracy.chosen},
    }


def _window(one: WindowPerformance) -> dict[str, Any]:
    found, seen = one.accuracy, one.estimated
    return {
        "start": one.start.isoformat(),
        "end": one.end.isoformat(),
        "made": None if one.made is None else one.made.isoformat(),
        "predictions": 0 if found is None else found.predictions,
        "measured": None if found is None else {**_labels(found), "accuracy": figure_to_json(found.figure)},
        "estimated": None
        if seen is None
        else {
            "accuracy": {"value": seen.value, "low": seen.low, "high": seen.high, "n": seen.n},
            "note": seen.note,
        },
    }
