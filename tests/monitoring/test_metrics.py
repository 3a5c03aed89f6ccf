"""`/metrics`: what it says, in which form, to whom, and that nothing counted goes down."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import delete
from tests.monitoring.filled import DAY, evaluate, fill, judge
from tests.web.serving import Running, serving

from driftwheel._version import __version__
from driftwheel.services.models.register_model import add_model_version
from driftwheel.store.engine.database import writing
from driftwheel.store.schema.alert_tables import notifications
from driftwheel.web.metrics import KEPT_SECONDS, MetricsPage

LATER = KEPT_SECONDS + 1


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("data")) as running:
        running.model("cats")
        running.model("dogs")
        client = running.with_token("ingest")
        line = {"id": "1", "time": "2026-11-20T12:00:00Z", "prediction": {"class": "cat"}}
        lines = [line, line, {**line, "prediction": {"class": "dog"}}, {**line, "id": "2", "time": "never"}]
        client.post(
            "/api/v1/models/cats/records",
            content="\n".join(map(json.dumps, lines)),
            headers={"Content-Type": "application/x-ndjson"},
        )
        client.post("/api/v1/models/nosuch/records", json=line)
        client.post("/api/v1/models/cats/feedback", json={"record": "1", "wrong": True})
        services = running.services
        add_model_version(
            services.engine, services.blobs, "cats", "v1", onnx=None, by="me", now=running.clock()
        )
        fill(running)
        yield running


@pytest.fixture
def page(filled: Running) -> MetricsPage:
    """A page with a memory of its own."""
    return MetricsPage(filled.services)


def series(text: str | bytes) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Name and labels → value."""
    text = text.decode() if isinstance(text, bytes) else text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of(text: str | bytes, name: str, *labels: str) -> dict[tuple[str, ...], float]:
    """Values of these labels → value, of one metric."""
    return {
        tuple(dict(found)[label] for label in labels): value
        for (each, found), value in series(text).items()
        if each == name
    }


def read(running: Running) -> str:
    return running.with_token("viewer").get("/metrics").text


def test_what_it_says(filled: Running) -> None:
    text = read(filled)
    assert of(text, "driftwheel_build_info", "version") == {(__version__,): 1}
    assert of(text, "driftwheel_ingest_records_total", "model", "result") == {
        ("cats", "accepted"): 1,
        ("cats", "duplicate"): 1,
        ("cats", "conflict"): 1,
        ("cats", "rejected"): 1,
        **{("dogs", result): 0 for result in ("accepted", "duplicate", "conflict", "rejected")},
    }
    assert of(text, "driftwheel_ingest_request_duration_seconds_count", "what", "status") == {
        ("records", "2xx"): 1,
        ("records", "4xx"): 1,
        ("feedback", "2xx"): 1,
    }
    assert of(text, "driftwheel_ingest_queue_records") == {(): 0}
    assert of(text, "driftwheel_windows_waiting")[()] >= 0
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()
    assert of(text, "driftwheel_last_record_timestamp_seconds", "model") == {("cats",): noon}
    where = ("model", "segment")
    every = {("cats", ""), ("cats", "camera=1"), ("cats", "camera=2")}
    assert of(text, "driftwheel_drift", *where) == {one: float(one[1] != "camera=1") for one in every}
    assert of(text, "driftwheel_drift_p_value", *where)["cats", "camera=1"] == 0.5
    sigmas = of(text, "driftwheel_property_wasserstein_sigmas", "model", "property", "segment")
    assert sigmas == {
        (model, *rest): value
        for model, segment in every
        for rest, value in (((("brightness", segment)), 2.5), ((("sharpness", segment)), 0.5))
    }
    shares = of(text, "driftwheel_property_total_variation_ratio", "property", "segment")
    assert shares == {("channels", segment): 0.25 for _, segment in every}
    accuracies = of(text, "driftwheel_accuracy_ratio", "segment", "kind")
    assert (accuracies["", "measured"], accuracies["", "estimated"]) == (0.75, 0.8125)
    for name, value in {
        "window_records": 100,
        "unreadable_ratio": 0.125,
        "inference_error_ratio": 0.0625,
        "inference_latency_p95_seconds": 0.5,
        "confidence_mean_ratio": 0.875,
        "feedback_ratio": 0.03125,
    }.items():
        assert of(text, f"driftwheel_{name}", *where) == dict.fromkeys(every, value)
    alerts = of(text, "driftwheel_alerts", "severity", "state")
    assert alerts.pop(("critical", "firing")) == 1
    assert set(alerts.values()) == {0}
    assert len(alerts) == 8
    firing = of(text, "driftwheel_firing_alerts", "model", "severity")
    assert firing.pop(("cats", "critical")) == 1
    assert set(firing) == {(m, s) for m in ("cats", "dogs") for s in ("info", "warning", "critical")} - {
        ("cats", "critical")
    }
    evaluations = of(text, "driftwheel_monitor_evaluations_total", "model", "monitor", "result")
    assert evaluations == {
        ("cats", "drift", "ok"): 0,
        ("cats", "drift", "breach"): 1,
        ("cats", "drift", "error"): 0,
        ("cats", "silence", "ok"): 0,
        ("cats", "silence", "breach"): 0,
        ("cats", "silence", "error"): 1,
    }
    assert of(text, "driftwheel_notifications_total", "channel", "result") == {
        ("ops", "sent"): 1,
        ("ops", "failed"): 2,
        ("ops", "dead"): 1,
    }
    assert of(text, "driftwheel_notifications_waiting", "channel") == {("ops",): 1}
    assert of(text, "driftwheel_channel_failing", "channel") == {("ops",): 1}
    assert of(text, "driftwheel_series_dropped_total") == {(): 0}
    assert of(text, "process_resident_memory_bytes")[()] > 1e6


def test_figures_of_the_last_windows_have_the_ends_of_their_intervals(filled: Running) -> None:
    text = read(filled)
    bounds = {
        bound: float(
            re.findall(rf'performance_ratio{{bound="{bound}",figure="accuracy",model="cats"}} (.*)', text)[0]
        )
        for bound in ("low", "value", "high")
    }
    assert bounds["low"] < bounds["value"] == 0.75 < bounds["high"]
    assert 'driftwheel_performance_labels{model="cats"} 4.0' in text


def test_turns_of_the_wheel_are_told_with_what_they_wait_for_and_cost(filled: Running) -> None:
    text = read(filled)
    assert of(text, "driftwheel_wheel_open_turns", "model") == {("cats",): 1}
    waits = of(text, "driftwheel_wheel_waits", "waits")
    assert {what for (what,), value in waits.items() if value} == {"labels"}
    assert len(waits) == 6
    ended = of(text, "driftwheel_wheel_turns_total", "model", "outcome")
    assert {labels: value for labels, value in ended.items() if value} == {("cats", "promoted"): 1}
    assert len(ended) == 7
    costs = [
        of(text, f"driftwheel_wheel_{name}_total", "model")["cats",]
        for name in ("labels", "people_seconds", "machine_seconds")
    ]
    assert costs == [100, 600, 90]


def test_its_form_is_as_prometheus_wants_it(filled: Running) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("There is no promtool here; install the package `prometheus`.")
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=read(filled), text=True, capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_who_may_read_it(filled: Running) -> None:
    for role in ("viewer", "engineer", "admin"):
        answer = filled.with_token(role).get("/metrics")
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
    for role in ("ingest", "annotator"):
        assert filled.with_token(role).get("/metrics").status_code == 403
    assert filled.with_token("viewer", models=["cats"]).get("/metrics").status_code == 403
    assert filled.client().get("/metrics").status_code == 401


def test_it_may_be_open_to_all(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(tmp_path_factory.mktemp("open"), public_metrics=True) as running:
        answer = running.client().get("/metrics")
        assert answer.status_code == 200
        assert of(answer.text, "driftwheel_build_info") == {(): 1}


def test_no_counter_goes_down(filled: Running) -> None:
    now = [0.0]
    page = MetricsPage(filled.services, monotonic=lambda: now[0])
    before = of(page.text(), "driftwheel_notifications_total", "channel", "result")
    with writing(filled.services.engine) as connection:
        connection.execute(delete(notifications).where(notifications.c.state == "dead"))
    now[0] += LATER
    after = of(page.text(), "driftwheel_notifications_total", "channel", "result")
    assert after == before
    evaluate(filled.services.engine, 1, datetime(2026, 11, 1, tzinfo=UTC), "breach")
    counted = []
    for result in ("ok", "breach"):  # judged again: it stays one window
        now[0] += LATER
        counted.append(of(page.text(), "driftwheel_monitor_evaluations_total", "monitor", "result"))
        evaluate(filled.services.engine, 1, datetime(2026, 11, 1, tzinfo=UTC), result)
    assert counted[0]["drift", "breach"] == 2
    assert counted[1] == counted[0]


def test_the_store_is_not_read_at_every_call(filled: Running) -> None:
    now = [0.0]
    page = MetricsPage(filled.services, monotonic=lambda: now[0])
    page.text()
    start = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - 2 * DAY
    judge(filled.services.engine, "dogs", start, "", "", drift=True)
    assert ("dogs", "") not in of(page.text(), "driftwheel_drift", "model", "segment")
    now[0] += LATER
    assert ("dogs", "") in of(page.text(), "driftwheel_drift", "model", "segment")


def test_too_many_series_are_counted_and_whole_models_come_first(filled: Running) -> None:
    engine = filled.services.engine
    start = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + DAY
    judge(engine, "dogs", start, "", "", drift=True)
    for i in range(60):
        judge(engine, "dogs", start, "camera", f"{i:03}", drift=True)
    now = [0.0]
    page = MetricsPage(filled.services, most=300, monotonic=lambda: now[0])
    text = page.text()
    stored = [one for one in series(text) if one[0].startswith("driftwheel_") and "_duration_" not in one[0]]
    dropped = of(text, "driftwheel_series_dropped_total")[()]
    assert len(stored) == 301
    assert dropped > 300
    assert of(text, "driftwheel_drift", "model", "segment")["dogs", ""] == 1
    sigmas = of(text, "driftwheel_property_wasserstein_sigmas", "model", "property", "segment")
    assert ("dogs", "sharpness", "") in sigmas
    assert of(text, "driftwheel_last_record_timestamp_seconds", "model")
    now[0] += LATER
    assert of(page.text(), "driftwheel_series_dropped_total")[()] == 2 * dropped


def test_names_of_all_kinds(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(tmp_path_factory.mktemp("names")) as running:
        running.model("cats")
        odd = 'a"b\\c\nd{e="f"} ä'
        judge(running.services.engine, "cats", datetime(2026, 11, 20, tzinfo=UTC), "camera", odd, drift=True)
        assert of(read(running), "driftwheel_drift", "segment") == {(f"camera={odd}",): 1}


def test_an_alert_that_somebody_looks_at_wants_nobody(filled: Running) -> None:
    from sqlalchemy import update

    from driftwheel.store.schema.alert_tables import episodes

    page = MetricsPage(filled.services)
    assert of(page.text(), "driftwheel_firing_alerts", "model", "severity")["cats", "critical"] == 1
    now = filled.clock()
    for column, value in (
        ("acknowledged", now),
        ("snoozed_until", now + timedelta(hours=1)),
        ("inhibited_by", 7),
    ):
        with writing(filled.services.engine) as connection:
            connection.execute(update(episodes).values({column: value}))
        text = MetricsPage(filled.services).text()
        assert of(text, "driftwheel_firing_alerts", "model", "severity")["cats", "critical"] == 0
        assert of(text, "driftwheel_alerts", "severity", "state")["critical", "firing"] == 1
        with writing(filled.services.engine) as connection:
            connection.execute(update(episodes).values({column: None}))


def test_every_metric_is_described(page: MetricsPage) -> None:
    """With its labels, in docs/how-to/prometheus.md, and nothing there that is not told."""
    text = (Path(__file__).parents[2] / "docs" / "how-to" / "prometheus.md").read_text()
    rows = re.findall(r"^\| `(driftwheel_\w+)(?:\{([\w,]+)\})?` \|", text, re.MULTILINE)
    described = {name: set(filter(None, labels.split(","))) for name, labels in rows}
    told = {
        family.name if family.type != "counter" else f"{family.name}_total": set(family.samples[0].labels)
        for family in text_string_to_metric_families(page.text().decode())
        if family.name.startswith("driftwheel_") and family.samples
    }
    assert len(told) >= 25
    assert described == {name: labels - {"le"} for name, labels in told.items()}
