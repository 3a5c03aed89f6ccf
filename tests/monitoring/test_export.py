"""What `driftwheel export` writes, held against the real programs it is for, that watch a real server."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import pytest
from tests.monitoring.filled import fill
from tests.monitoring.programs import Daemon, alertmanager, needed, prometheus, until
from tests.notify.receivers import webhook
from tests.services.halves import halves, network
from tests.web.serving import Running, serving
from typer.testing import CliRunner

from driftwheel.cli import app
from driftwheel.services.models.register_model import add_model_version

HERE = Path(__file__).parent


def export(*words: str, **environment: str) -> str:
    """What a command writes to standard output."""
    done = CliRunner().invoke(app, ["export", *words], env={"DRIFTWHEEL_PORT": "8080", **environment})
    assert done.exit_code == 0, done.output
    return done.stdout


def run(*command: str | Path) -> str:
    needed(str(command[0]))
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def dashboard() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(export("grafana"))
    return document


def expressions() -> list[tuple[str, str]]:
    """Each query of the dashboard with its panel's title, as Grafana would send it."""
    return [
        (panel["title"], target["expr"].replace("$__rate_interval", "20s").replace("$model", ".*"))
        for panel in dashboard()["panels"]
        for target in panel.get("targets", ())
    ]


def test_promtool_takes_the_rules_and_they_fire_when_they_should(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(export("prometheus"))
    shutil.copy(HERE / "rules_test.yml", tmp_path)
    assert "SUCCESS" in run("promtool", "check", "rules", tmp_path / "rules.yml")
    assert "SUCCESS" in run("promtool", "test", "rules", tmp_path / "rules_test.yml")


def test_every_alert_has_a_test_a_severity_and_words() -> None:
    rules = export("prometheus")
    named = re.findall(r"alert: (\w+)", rules)
    assert len(named) == len(set(named)) == rules.count("summary:") == rules.count("description:")
    assert rules.count("severity: critical, service") + rules.count(
        "severity: warning, service"
    ) + rules.count("severity: info, service") == len(named)
    tested = (HERE / "rules_test.yml").read_text()
    assert set(named) <= set(re.findall(r"alertname: (\w+)", tested))


def test_amtool_takes_the_route_and_sends_alerts_where_they_belong(tmp_path: Path) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(export("alertmanager"))
    assert "SUCCESS" in run("amtool", "check-config", file)
    for labels, receiver in {
        ("service=driftwheel", "severity=critical"): "driftwheel-critical",
        ("service=driftwheel", "severity=warning", "model=cats"): "driftwheel",
        ("service=other", "severity=critical"): "default",
    }.items():
        found = run("amtool", "config", "routes", "test", f"--config.file={file}", *labels)
        assert found.strip() == receiver


def test_promtool_takes_the_scrape_job(tmp_path: Path) -> None:
    for address, target in {
        "http://localhost:8080": ("http", "localhost:8080", None),
        "https://dw.example.com": ("https", "dw.example.com", None),
        "https://example.com/dw": ("https", "example.com", "/dw/metrics"),
    }.items():
        text = export("prometheus", "--scrape", DRIFTWHEEL_PUBLIC_URL=address)
        assert f"scheme: {target[0]}" in text
        assert f'targets: ["{target[1]}"]' in text
        assert target[2] is None or f"metrics_path: {target[2]}" in text
        token = tmp_path / "token"
        token.write_text("dw_x")
        file = tmp_path / "prometheus.yml"
        file.write_text(text.replace("/etc/prometheus/driftwheel.token", str(token)))
        run("promtool", "check", "config", file)


def test_the_dashboard_is_as_grafana_wants_it() -> None:
    board = dashboard()
    assert board["id"] is None
    assert board["uid"] == "driftwheel"
    assert [one["name"] for one in board["templating"]["list"]] == ["datasource", "model"]
    source = {"type": "prometheus", "uid": "${datasource}"}
    taken: set[tuple[int, int]] = set()
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
        if panel["type"] == "row":
            continue
        assert panel["datasource"] == source
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["targets"]
        for target in panel["targets"]:
            assert target["datasource"] == source
            assert not re.search(r"\[\d", target["expr"]), "use $__rate_interval"
    titles = [panel["title"] for panel in board["panels"]]
    assert len(set(titles)) == len(titles)


def test_it_goes_to_a_file_too(tmp_path: Path) -> None:
    file = tmp_path / "dashboard.json"
    assert export("grafana", "--output", str(file)) == ""
    assert file.read_text() == export("grafana")


@dataclass(frozen=True)
class Watched:
    """A server that Prometheus scrapes and tells Alertmanager of, which tells a webhook."""

    server: Running
    prometheus: Daemon
    calls: list[Any]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    needed("prometheus", "prometheus-alertmanager")
    folder = tmp_path_factory.mktemp("watched")
    with serving(folder / "data") as server, webhook() as hook:
        server.model("cats")
        server.model("halves")
        services = server.services
        add_model_version(
            services.engine,
            services.blobs,
            "halves",
            "v1",
            onnx=network(gain=10.0),
            by="me",
            now=server.clock(),
        )
        fill(server)
        route = export("alertmanager").replace("group_wait: 30s", "group_wait: 1s")
        route = route.replace("http://localhost:9/put-your-own-here", f"http://127.0.0.1:{hook.port}/")
        with alertmanager(route, folder) as manager:
            token = folder / "token"
            token.write_text(server.token("viewer", "prometheus"))
            rules = folder / "rules.yml"
            rules.write_text(export("prometheus"))
            job = export("prometheus", "--scrape", DRIFTWHEEL_PUBLIC_URL=server.url)
            job = job.replace("/etc/prometheus/driftwheel.token", str(token))
            job = job.replace("scrape_interval: 15s", "scrape_interval: 1s")
            configuration = f"""
global: {{ evaluation_interval: 1s }}
rule_files: [{rules}]
alerting: {{ alertmanagers: [{{ static_configs: [{{ targets: ["{manager.address}"] }}] }}] }}
{job}"""
            with prometheus(configuration, folder) as daemon:
                yield Watched(server, daemon, hook.calls)


def test_prometheus_answers_every_query_of_the_dashboard(watched: Watched) -> None:
    client = watched.server.with_token("ingest")
    body = {"prediction": {"class": "cat"}}
    picture = cv2.imencode(".png", halves(1, seed=3)[0][0])[1].tobytes()
    image = {"Content-Type": "image/png"}

    every = left = expressions()
    assert len(every) > 40

    def answered(expr: str) -> bool:
        values = [float(one["value"][1]) for one in watched.prometheus.query(expr)]
        return bool(values) and not any(map(math.isnan, values))

    def all_answered() -> bool:
        nonlocal left
        client.post("/api/v1/models/cats/records", json=body)
        client.post("/api/v1/models/halves/predict", content=picture, headers=image)
        left = [(title, expr) for title, expr in left if not answered(expr)]
        return not left

    until(all_answered, seconds=60)
    assert watched.prometheus.query('up{job="driftwheel"}')[0]["value"][1] == "1"


def test_an_alert_goes_through_prometheus_and_alertmanager(watched: Watched) -> None:
    def told() -> dict[str, Any] | None:
        bodies = [call.json for call in watched.calls]
        found = [
            alert
            for body in bodies
            for alert in body["alerts"]
            if alert["labels"]["alertname"] == "DriftwheelCriticalAlert"
        ]
        return found[0] if found else None

    alert = until(told)
    assert alert["labels"] == {
        "alertname": "DriftwheelCriticalAlert",
        "model": "cats",
        "service": "driftwheel",
        "severity": "critical",
    }
    assert alert["annotations"]["summary"] == "cats: 1 critical alerts fire in Driftwheel"
    assert alert["status"] == "firing"


def test_a_real_prometheus_keeps_the_rules_without_an_error(watched: Watched) -> None:
    until(lambda: watched.prometheus.query("model_result:driftwheel_ingest_records:rate5m"))
    groups = watched.prometheus.get("/api/v1/rules")["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) == export("prometheus").count("  - alert:") + export("prometheus").count("- record:")
    assert {rule["health"] for rule in rules} == {"ok"}
