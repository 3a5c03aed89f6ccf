"""Metrics of models: the last record of each, and the newest window that was judged, with its segments."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from driftwheel.monitors.signal import SIGNALS
from driftwheel.services.operate.metric_family import Family, Labels
from driftwheel.store.models.models import Model
from driftwheel.store.records.records import last_record_time
from driftwheel.store.windows.verdicts import StoredVerdict, newest_start, verdicts_of_window

__all__ = ["model_families"]


@dataclass(frozen=True, slots=True)
class _OfWindow:
    """A metric of the newest window that was judged."""

    name: str
    help: str
    signal: str
    unit: float = 1.0


_ACCURACIES = (
    ("measured", "accuracy"),
    ("estimated", "estimated_accuracy"),
    ("agreement", "accuracy_by_agreement"),
)
_OF_WINDOW = (
    _OfWindow(
        "driftwheel_evidence", "Evidence of drift added up over windows, up to its threshold.", "evidence"
    ),
    _OfWindow(
        "driftwheel_reconstruction_over_baseline_ratio",
        "How far the reconstruction error is above that of the reference, as a share of it.",
        "reconstruction",
        unit=0.01,
    ),
    _OfWindow("driftwheel_window_records", "Records of the window.", "records"),
    _OfWindow("driftwheel_unreadable_ratio", "Share of images that could not be read.", "unreadable_share"),
    _OfWindow("driftwheel_inference_error_ratio", "Share of records without a prediction.", "error_share"),
    _OfWindow(
        "driftwheel_inference_latency_p95_seconds", "95th percentile of the inference time.", "latency_p95"
    ),
    _OfWindow("driftwheel_confidence_mean_ratio", "Mean score of the class that was named.", "confidence"),
    _OfWindow("driftwheel_feedback_ratio", "Share of predictions called wrong.", "feedback_share"),
)
_SIGMAS = "driftwheel_property_wasserstein_sigmas"
_VARIATION = "driftwheel_property_total_variation_ratio"
_UNITS = {one.name: one.unit for one in SIGNALS}


def model_families(connection: Connection, models: Sequence[Model]) -> Sequence[Family]:
    """Return what is known of each model: of its last record, and of the newest window that was judged."""
    last: dict[Labels, float] = {}
    ends: dict[Labels, float] = {}
    found: list[tuple[str, str, StoredVerdict]] = []
    for model in models:
        time = last_record_time(connection, model.key)
        if time is not None:
            last[model.name,] = time.timestamp()
        start = newest_start(connection, model.key)
        for verdict in [] if start is None else verdicts_of_window(connection, model.key, start):
            ends[model.name,] = verdict.end.timestamp()
            segment = f"{verdict.tag}={verdict.value}" if verdict.tag else ""
            found.append((model.name, segment, verdict))
    found.sort(key=lambda one: (one[1] != "", one[0], one[1]))  # should series be left out, then segments
    where = ("model", "segment")
    of_window = "of the newest window that was judged"
    return (
        Family(
            "driftwheel_last_record_timestamp_seconds",
            "gauge",
            "Event time of the last record, seconds since 1970.",
            ("model",),
            last,
        ),
        Family(
            "driftwheel_judged_timestamp_seconds",
            "gauge",
            "End of the newest window that was judged, seconds since 1970.",
            ("model",),
            ends,
        ),
        Family(
            "driftwheel_drift",
            "gauge",
            f"1 where the verdict {of_window} is drift, 0 where it is no drift.",
            where,
            {(m, s): float(v.answer == "drift") for m, s, v in found if v.answer in {"drift", "no_drift"}},
        ),
        Family(
            "driftwheel_drift_p_value",
            "gauge",
            f"p-value of the verdict {of_window}.",
            where,
            {(m, s): v.p_value for m, s, v in found if v.p_value is not None},
        ),
        _properties(
            found, _SIGMAS, "σ", "Wasserstein distance to the reference, in its standard deviations,"
        ),
        _properties(found, _VARIATION, "share", "Total variation distance to the reference (categories)"),
        Family(
            "driftwheel_accuracy_ratio",
            "gauge",
            f"Share of right predictions {of_window}: measured on known truths, estimated from scores, or as "
            "the agreement of versions tells.",
            ("model", "segment", "kind"),
            {(m, s, kind): x for kind, signal in _ACCURACIES for (m, s), x in _values(found, signal).items()},
        ),
        *(
            Family(
                one.name,
                "gauge",
                f"{one.help[:-1]}, {of_window}.",
                where,
                _values(found, one.signal, one.unit),
            )
            for one in _OF_WINDOW
        ),
    )


def _properties(found: Sequence[tuple[str, str, StoredVerdict]], name: str, unit: str, help_: str) -> Family:
    samples: dict[Labels, float] = {
        (model, signal.removeprefix("property."), segment): value
        for model, segment, verdict in found
        for signal, seen in verdict.observations.items()
        if signal.startswith("property.") and _UNITS.get(signal) == unit
        if (value := _value(seen)) is not None
    }
    said = f"{help_} of the newest window that was judged."
    return Family(name, "gauge", said, ("model", "property", "segment"), samples)


def _values(
    found: Sequence[tuple[str, str, StoredVerdict]], signal: str, unit: float = 1.0
) -> dict[Labels, float]:
    seen = (((m, s), _value(v.observations.get(signal))) for m, s, v in found)
    return {labels: unit * value for labels, value in seen if value is not None}


def _value(observation: Mapping[str, Any] | None) -> float | None:
    value = None if observation is None else observation.get("value")
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
