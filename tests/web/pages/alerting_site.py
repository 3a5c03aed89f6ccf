"""A site with ten judged days of two cameras: on the last two, camera 1 sends files that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.services.judged_days import BEGIN, DAY, Watched, watched
from tests.web.pages.conftest import Site
from tests.web.serving import serving

from driftwheel.alerts.episode import Episode
from driftwheel.predictions import Classification, Record
from driftwheel.services.ingest.ingest_values import Incoming
from driftwheel.store.alerts.episodes import list_episodes
from driftwheel.store.engine.database import reading

__all__ = ["DAYS", "NOW", "UNREADABLE", "alerting", "episodes"]

DAYS = 10
NOW = BEGIN + DAYS * DAY + timedelta(hours=8)
UNREADABLE = "unreadable images"


@contextmanager
def alerting(folder: Path, **settings: Any) -> Iterator[tuple[Site, Watched]]:
    """Serve it; the days are past, and the server's clock is right: a browser keeps no cookie of the past."""
    with serving(folder / "data", **settings) as running:
        it = watched(running.services.engine)
        for name, role in (("chef", "admin"), ("ella", "engineer"), ("vic", "viewer")):
            running.user(name, role)
        it.monitor(UNREADABLE, "unreadable_share above 5 % until 2 %", note="Open one of the files.")
        it.monitor("drift", "drift is found", severity="critical", segments=("",))
        records = []
        for day in range(DAYS):
            bad = day >= DAYS - 2
            it.judge(
                day,
                headline="Drift: the images are darker." if bad else "No drift.",
                whole={
                    "unreadable_share": 0.06 if bad else 0.01,
                    "drift": 1.0 if bad else 0.0,
                    "records": 500.0,
                },
                camera_1={"unreadable_share": 0.12 if bad else 0.015, "drift": 0.0},
                camera_2={"unreadable_share": 0.0, "drift": 0.0},
            )
            for i in range(4):
                record = Record(
                    f"{day}-{i}",
                    "m",
                    BEGIN + day * DAY + timedelta(hours=i),
                    tags={"camera": str(1 + i % 2)},
                    prediction=Classification("good", {"good": 0.9}),
                )
                records.append(Incoming(record))
        sent = running.services.ingest.ingest(records, received=NOW)
        assert {one.outcome for one in sent} == {"accepted"}
        yield Site(running, folder), it


def episodes(site: Site, **asked: Any) -> list[Episode]:
    with reading(site.running.services.engine) as connection:
        return list_episodes(connection, **asked)
