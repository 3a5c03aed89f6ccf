"""What this process has predicted since it started: answers, and how long they took."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Histogram

__all__ = ["PREDICTION_RESULTS", "ServingMetrics"]

PREDICTION_RESULTS = ("answered", "duplicate", "refused", "busy", "unavailable")
"""What becomes of a request: answered; answered as before; not to be answered, now or later; too many are
under way, or wait for the disk; no champion that can be asked."""

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class ServingMetrics:
    """Counts of this process; they begin at 0 when it starts.

    Attributes
    ----------
    registry
        Holds the histograms of durations.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self.registry = CollectorRegistry()
        self._seconds = Histogram(
            "driftwheel_prediction_duration_seconds",
            "How long predictions took that were answered: compute is decoding and the model, whole is from "
            "the end of the request to the answer, on disk.",
            ("part",),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        for part in ("compute", "whole"):
            self._seconds.labels(part)

    def count(self, model: str, result: str) -> None:
        """Count what became of a request for a model that there is."""
        with self._lock:
            self._counts[model, result] += 1

    def counts(self) -> Mapping[tuple[str, str], int]:
        """Return how many requests there were, by model and result."""
        with self._lock:
            return dict(self._counts)

    def took(self, compute: float | None, whole: float) -> None:
        """Note how long an answer took, in seconds."""
        if compute is not None:
            self._seconds.labels("compute").observe(compute)
        self._seconds.labels("whole").observe(whole)
