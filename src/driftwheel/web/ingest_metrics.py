"""What this process has taken in since it started: results of records, and how long requests took."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry, Histogram, disable_created_metrics
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["RESULTS", "IngestMetrics", "TimedIngest"]

RESULTS = ("accepted", "duplicate", "conflict", "rejected")

_WHAT = {
    ("records",): "records",
    ("records", "images"): "images",
    ("truths",): "truths",
    ("feedback",): "feedback",
    ("profiles",): "profiles",
}
disable_created_metrics()  # type: ignore[no-untyped-call]  # a series more for each that nobody asks for
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class IngestMetrics:
    """Counts of this process; they begin at 0 when it starts.

    Attributes
    ----------
    registry
        Holds the histogram of durations.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: Counter[tuple[str, str]] = Counter()
        self.registry = CollectorRegistry()
        self._seconds = Histogram(
            "driftwheel_ingest_request_duration_seconds",
            "How long requests that log something took, from the first to the last byte of the answer.",
            ("what", "status"),
            buckets=_BUCKETS,
            registry=self.registry,
        )

    def count(self, model: str, outcomes: Iterable[str]) -> None:
        """Count what became of records of a model that there is."""
        counted = Counter((model, one) for one in outcomes)
        with self._lock:
            self._records.update(counted)

    def records(self) -> Mapping[tuple[str, str], int]:
        """Return how many records there were, by model and result."""
        with self._lock:
            return dict(self._records)

    def took(self, what: str, status: int, seconds: float) -> None:
        """Note how long a request took."""
        self._seconds.labels(what, f"{status // 100}xx").observe(seconds)


class TimedIngest:
    """Times the requests to `app` that log something."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and note how long it took; a request whose client went away is counted as 499."""
        what = _what(scope)
        if what is None:
            await self._app(scope, receive, send)
            return
        status = 499
        start = time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            metrics: IngestMetrics = scope["app"].state.services.ingest_metrics
            metrics.took(what, status, time.perf_counter() - start)


def _what(scope: Scope) -> str | None:
    """Return what a request logs, None where it does not."""
    if scope["type"] != "http" or scope["method"] != "POST":
        return None
    path: str = scope["path"]
    if not path.startswith("/api/v1/models/"):
        return None
    return _WHAT.get(tuple(path.split("/")[5:]))
