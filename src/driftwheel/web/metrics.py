"""`/metrics`: for Prometheus."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from driftwheel._version import __version__
from driftwheel.services.operate.collect_metrics import OF_MODELS, StoreMetrics
from driftwheel.services.operate.metric_family import Family
from driftwheel.services.release.list_champions import list_champions
from driftwheel.store.engine.database import reading
from driftwheel.web.ingest_metrics import RESULTS
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.serving_metrics import PREDICTION_RESULTS
from driftwheel.web.state import Services

__all__ = ["KEPT_SECONDS", "MOST_SERIES", "MetricsPage", "metrics_router"]

MOST_SERIES = 2000
"""Series of the store that are told; the rest are counted in ``driftwheel_series_dropped_total``."""

KEPT_SECONDS = 5.0
"""The store is not read again before."""


class MetricsPage:
    """Writes the page of metrics; one for a server.

    Parameters
    ----------
    services
        What the server works with.
    most
        Series of the store on a page.
    monotonic
        Tells seconds that never go back.
    """

    def __init__(
        self,
        services: Services,
        *,
        most: int = MOST_SERIES,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._services = services
        self._most = most
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._store = StoreMetrics()
        self._read = -KEPT_SECONDS
        self._families: tuple[Family, ...] = ()
        self._dropped = 0
        self._process = CollectorRegistry()
        ProcessCollector(registry=self._process)

    def text(self) -> bytes:
        """Return the page, in Prometheus' text format."""
        with self._lock:
            now = self._monotonic()
            if now - self._read >= KEPT_SECONDS or not self._families:
                stored = self._store.read(self._services.engine, self._services.clock())
                read = [*self._own(stored), *stored]
                kept, dropped = _capped(read, self._most)
                self._families = tuple(kept)
                self._dropped += dropped
                self._read = now
            families = [*self._families, self._told_dropped()]
        registry = CollectorRegistry()
        registry.register(_Families(families))
        services = self._services
        pages = (
            registry,
            services.ingest_metrics.registry,
            services.serving_metrics.registry,
            self._process,
        )
        return b"".join(generate_latest(one) for one in pages)

    def _own(self, stored: Sequence[Family]) -> Sequence[Family]:
        """Return what this process knows of itself, with a zero for what it has not seen of a model."""
        models = sorted({labels[0] for one in stored if one.name == OF_MODELS for labels in one.samples})
        counted = self._services.ingest_metrics.records()
        pairs = [(model, result) for model in models for result in RESULTS]
        records: dict[tuple[str, ...], float] = {pair: float(counted.get(pair, 0)) for pair in pairs}
        predicted = self._services.serving_metrics.counts()
        asked = [(model, result) for model in models for result in PREDICTION_RESULTS]
        predictions: dict[tuple[str, ...], float] = {pair: float(predicted.get(pair, 0)) for pair in asked}
        with reading(self._services.engine) as connection:
            champions = list_champions(connection)
        return (
            Family(
                "driftwheel_build_info",
                "gauge",
                "Always 1; the version that runs.",
                ("version",),
                {(__version__,): 1.0},
            ),
            Family(
                "driftwheel_ingest_records",
                "counter",
                "Records that were sent to this process since it started, by what became of them.",
                ("model", "result"),
                records,
            ),
            Family(
                "driftwheel_predictions",
                "counter",
                "Predictions that this process was asked for since it started, by what became of them.",
                ("model", "result"),
                predictions,
            ),
            Family(
                "driftwheel_champion_info",
                "gauge",
                "Always 1; the version of a model that is served.",
                ("model", "version"),
                dict.fromkeys(champions.items(), 1.0),
            ),
        )

    def _told_dropped(self) -> Family:
        help_ = "Series that were left out because there are too many; each time they were."
        return Family("driftwheel_series_dropped", "counter", help_, (), {(): float(self._dropped)})


def metrics_router(*, public: bool) -> APIRouter:
    """Return the route of the page, open to all or to whoever may read."""
    router = APIRouter(
        route_class=GuardedRoute, tags=["probes"], dependencies=[permit("public" if public else "read")]
    )

    @router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    def metrics(request: Request) -> Response:
        """Read the metrics of this server, in Prometheus' text format."""
        page: MetricsPage = request.app.state.metrics
        return Response(page.text(), media_type=CONTENT_TYPE_LATEST)

    return router


class _Families(Collector):
    """Hands families to prometheus-client."""

    def __init__(self, families: Iterable[Family]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        for family in self._families:
            kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
            metric = kind(family.name, family.help, labels=family.labels)
            for labels, value in family.samples.items():
                metric.add_metric(labels, value)
            yield metric


def _capped(families: Sequence[Family], most: int) -> tuple[list[Family], int]:
    """Return families with at most so many series in all, the first of each, and how many were left out.

    Small families are kept whole; what room is left is shared by the others.
    """
    room, dropped = most, 0
    kept: dict[str, Family] = {}
    by_size = sorted(families, key=lambda one: len(one.samples))
    for place, family in enumerate(by_size):
        share = room // (len(by_size) - place)
        some = dict(list(family.samples.items())[:share])
        kept[family.name] = Family(family.name, family.kind, family.help, family.labels, some)
        room -= len(some)
        dropped += len(family.samples) - len(some)
    return [kept[family.name] for family in families], dropped
