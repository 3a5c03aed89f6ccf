"""Windows that were judged, for tests of what follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Engine

from driftwheel.alerts.episode import Episode
from driftwheel.monitors.monitor import Monitor
from driftwheel.monitors.observation import Observation
from driftwheel.monitors.rule_text import parse_rule
from driftwheel.services.alert.change_monitor import add_monitor
from driftwheel.services.alert.evaluate_monitors import Evaluated, evaluate_monitors
from driftwheel.services.alert.judged import Judged
from driftwheel.store.alerts.channels import create_channel
from driftwheel.store.alerts.episodes import list_episodes
from driftwheel.store.alerts.monitors import StoredMonitor
from driftwheel.store.alerts.notified_groups import NotifiedGroup, due_groups, put_group
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import Model, create_model
from driftwheel.store.windows.windows import (
    StoredWindow,
    find_window,
    mark_stale,
    put_window,
    stale_windows,
    window_of,
)

__all__ = ["BEGIN", "DAY", "SOON", "Value", "Watched", "judged_as", "watched"]

DAY = timedelta(days=1)
SOON = timedelta(minutes=1)
BEGIN = datetime(2026, 3, 2, tzinfo=UTC)

Value = float | Literal["few"] | None
"""Of a signal; ``few``: of too small a sample, None: of nothing at all."""


@dataclass(frozen=True)
class Watched:
    """A model with days of two cameras, and a channel."""

    engine: Engine
    model: Model
    channel: int

    def monitor(self, name: str, when: str, *, now: datetime = BEGIN, **said: Any) -> StoredMonitor:
        monitor = Monitor(name, parse_rule(when), **said)
        return add_monitor(self.engine, self.model.name, monitor, origin="api", by="me", now=now)

    def window(self, day: int, camera: str = "", *, received: datetime | None = None) -> StoredWindow:
        """Return the window of a day, made if it is not there, up to date."""
        start, _ = window_of(BEGIN + day * DAY, "day")
        tags = {"camera": camera} if camera else {}
        tag = "camera" if camera else ""
        with writing(self.engine) as connection:
            found = find_window(connection, self.model.key, start, tag=tag, value=camera)
            if found is None or received is not None:
                mark_stale(connection, self.model.key, "day", [start], [tags], ["camera"], received=received)
            for one in stale_windows(connection, limit=10):
                put_window(
                    connection,
                    one.key,
                    revision=one.revision,
                    profile=b"",
                    records=9,
                    rejected=0,
                    made=start + DAY,
                )
            found = find_window(connection, self.model.key, start, tag=tag, value=camera)
        assert found is not None
        return found

    def judge(
        self, day: int, *, now: datetime | None = None, headline: str = "", **said: Mapping[str, Value]
    ) -> Evaluated:
        """Keep what was observed on a day: signal → value, of the whole; `camera_1` of a camera."""
        cameras = {name: "" if name == "whole" else name.removeprefix("camera_") for name in said}
        for camera in cameras.values():
            self.window(day, camera)
        windows = {name: self.window(day, camera) for name, camera in cameras.items()}
        judged = [(windows[name], judged_as(windows[name], said[name], headline)) for name in said]
        return evaluate_monitors(self.engine, self.model, judged, now=now or self.at(day))

    def at(self, day: int) -> datetime:
        """When a day is judged."""
        return BEGIN + (day + 1) * DAY + SOON

    def episodes(self, **asked: Any) -> Sequence[Episode]:
        with reading(self.engine) as connection:
            return list_episodes(connection, self.model.key, **asked)[::-1]

    def states(self) -> list[tuple[str, str, str]]:
        return [(one.name, one.value, one.state) for one in self.episodes()]

    def told(self) -> bool:
        """Return whether channels are to look at the model now, and let them have looked."""
        with writing(self.engine) as connection:
            due = due_groups(connection, datetime(2100, 1, 1, tzinfo=UTC))
            for one in due:
                put_group(connection, NotifiedGroup(one.channel, one.model, None, {}, None))
        return bool(due)


def judged_as(window: StoredWindow, values: Mapping[str, Value], headline: str = "") -> Judged:
    observations = {
        name: Observation(
            name,
            None if value == "few" else value,
            3 if value == "few" else 0 if value is None else 500,
            judged=None if value in {None, "few"} else value == 1.0,
        )
        for name, value in values.items()
    }
    drift = values.get("drift") == 1.0
    return Judged(
        revision=window.revision,
        reference=None,
        answer="drift" if drift else "no_drift",
        kind=None,
        p_value=None,
        alpha=None,
        n=500,
        headline=headline,
        document=None,
        observations=observations,
        exemplars=("a", "b"),
    )


def watched(engine: Engine, **said: Any) -> Watched:
    known: dict[str, Any] = {"window": "day", "segment_tags": ["camera"]}
    with writing(engine) as connection:
        model = create_model(connection, "m", task="classification", created=BEGIN, **(known | said))
        channel = create_channel(connection, "ops", url="json://localhost", created=BEGIN, by="me")
    return Watched(engine, model, channel.key)
