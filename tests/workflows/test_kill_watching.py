"""A worker killed at every step of judging, watching and telling: no alert and no message lost or doubled."""

from __future__ import annotations

import signal
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.databases import new_database
from tests.notify.receivers import Webhook, webhook
from tests.workflows.installation import NOW, add_model
from tests.workflows.killing import run_program

from driftwheel.monitors.monitor import Monitor
from driftwheel.monitors.rule_text import parse_rule
from driftwheel.services.alert.change_monitor import add_monitor
from driftwheel.store.alerts.channels import create_channel
from driftwheel.store.alerts.episodes import list_episodes
from driftwheel.store.alerts.evaluations import list_evaluations
from driftwheel.store.alerts.monitors import list_monitors
from driftwheel.store.engine.database import open_database, reading, writing
from driftwheel.store.models.models import find_model
from driftwheel.store.windows.verdicts import list_verdicts

pytestmark = pytest.mark.long

POINTS = (
    "judge-judged",
    "judge-written",
    "judge-committed",
    "watch-written",
    "watch-committed",
    "message-made",
    "message-claimed",
    "message-sent",
    "watch-added",
)


def work(database_url: str, folder: Path, *, crash_at: str | None = None) -> subprocess.CompletedProcess[str]:
    return run_program("tests.workflows.watch_through", database_url, str(folder), crash_at=crash_at)


def prepare(database_url: str, port: int) -> None:
    """Make three models, each with one monitor, and a channel."""
    engine = open_database(database_url)
    rules = {"m": "black_share above 10 %", "quiet": "silence above 1 min", "missed": "records below 1"}
    for name, rule in rules.items():
        add_model(engine, name=name, embedder="none", window="hour")
        segments = None if name == "m" else ("",)
        monitor = Monitor(name, parse_rule(rule), segments=segments, least_n=4)
        add_monitor(engine, name, monitor, origin="api", by="test", now=NOW)
    with writing(engine) as connection:
        create_channel(
            connection,
            "ops",
            url=f"json://127.0.0.1:{port}/",
            created=NOW,
            by="test",
            group_wait=20,
            group_interval=10,
        )
    engine.dispose()


def found(database_url: str) -> dict[str, Any]:
    """Return all that was worked out, without keys and times of work."""
    engine = open_database(database_url)
    with reading(engine) as connection:
        model = find_model(connection, "m")
        verdicts = list_verdicts(connection, model.key, documents=True)
        (monitor,) = list_monitors(connection, model.key)
        evaluations = list_evaluations(connection, monitor.key)
        episodes = list_episodes(connection)
    engine.dispose()
    return {
        "verdicts": [
            (*(one.start, one.value, one.answer, one.n, one.headline), one.document, one.observations)
            for one in verdicts
        ],
        "evaluations": [(one.start, one.value, one.result, one.cleared) for one in evaluations],
        "episodes": sorted(
            (one.name, one.value, one.state, *([one.began] if one.name == "m" else [])) for one in episodes
        ),
    }


def messages(receiver: Webhook) -> Counter[tuple[str, str]]:
    """Return how many different messages of each model and kind came; the same twice counts once."""
    different = {one.json["driftwheel"]["dedup"]: one.json["driftwheel"] for one in receiver.calls}
    return Counter((one["model"], one["kind"]) for one in different.values())


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def test_killed_at_every_step(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    results = {}
    for name, points in (("never", ()), ("always", POINTS)):
        folder = tmp_path / name
        folder.mkdir()
        with new_database(kind, request, folder, tables=True) as url, webhook() as receiver:
            prepare(url, receiver.port)
            for point in points:
                killed = work(url, folder, crash_at=point)
                assert killed.returncode == -signal.SIGKILL, (point, killed.stderr)
            done = work(url, folder)
            assert (done.returncode, done.stderr) == (0, "")
            results[name] = found(url), messages(receiver)
    (expected, told), (got, told_again) = results["never"], results["always"]
    for what, value in expected.items():
        assert got[what] == value, what
    assert told == told_again
    assert told == {("m", "firing"): 1, ("m", "resolved"): 1, ("quiet", "firing"): 1, ("missed", "firing"): 1}
