"""A process that watches an installation through an alert, from the first window to the last message.

Tests kill it on the way. Run again it goes on: what was logged is noted in files, so that it is done once.
Its clock is fast, and goes on while no process runs.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
from sqlalchemy import Engine
from tests.workflows.installation import NOW, addresses, log, picture, record

from driftwheel.store.alerts.notifications import list_notifications
from driftwheel.store.engine.database import open_database, reading
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import find_model
from driftwheel.workflows import people_rounds, run
from driftwheel.workflows.worker import Worker

FASTER = 20
HOUR = timedelta(hours=1)
BEGIN = NOW + timedelta(days=1)  # of its clock
EACH = 8
BLACK = cv2.imencode(".png", np.zeros((60, 80, 3), np.uint8))[1].tobytes()


def watch_through(database_url: str, folder: Path) -> None:
    engine = open_database(database_url)
    blobs = Blobs.open(str(folder / "blobs"))
    _set_clock(folder)
    people_rounds._TICK_SECONDS = 0.2
    run.start(addresses(database_url, folder), engine, blobs, threads=1, summary_share=1.0)
    try:
        fine = [picture(i) for i in range(EACH)]
        _once(folder, "hour-0", lambda: _log(engine, blobs, "m", 0, fine))
        _wait(run.wait_until_idle)
        _once(folder, "quiet", lambda: _log(engine, blobs, "quiet", 21, [picture(0)]))
        _wait(lambda seconds: _are_sent(engine, "quiet", 1, seconds))
        _once(folder, "missed", lambda: _log(engine, blobs, "missed", 21, [picture(0)]))
        _wait(lambda seconds: _are_sent(engine, "missed", 1, seconds))
        _once(folder, "hour-1", lambda: _log(engine, blobs, "m", 1, [BLACK] * EACH))
        _wait(lambda seconds: _are_sent(engine, "m", 1, seconds))
        _once(folder, "hour-2", lambda: _log(engine, blobs, "m", 2, fine))
        _wait(lambda seconds: _are_sent(engine, "m", 2, seconds))
        _wait(run.wait_until_idle)
    finally:
        run.stop()
        engine.dispose()


def _set_clock(folder: Path) -> None:
    begun = folder / "begun"
    if not begun.exists():
        begun.write_text(str(time.time()))
    since = float(begun.read_text())
    Worker.now = lambda self: BEGIN + (time.time() - since) * FASTER * timedelta(seconds=1)  # type: ignore[method-assign]


def _once(folder: Path, name: str, do: Callable[[], object]) -> None:
    marker = folder / name
    if not marker.exists():
        do()
        marker.touch()


def _log(engine: Engine, blobs: Blobs, name: str, hour: int, images: list[bytes]) -> None:
    with reading(engine) as connection:
        model = find_model(connection, name)
    begin = NOW + hour * HOUR
    rows = [
        record(f"{hour}-{i}", image, begin + timedelta(minutes=i), camera=str(i % 2), model=name)
        for i, image in enumerate(images)
    ]
    log(engine, blobs, model, rows, begin + HOUR / 2)


def _are_sent(engine: Engine, name: str, messages: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with reading(engine) as connection:
            model = find_model(connection, name)
            if len(list_notifications(connection, model=model.key, state="sent")) >= messages:
                return True
        time.sleep(0.1)
    return False


def _wait(wait: Callable[[float], bool]) -> None:
    if not wait(60):
        raise RuntimeError("It takes too long.")


if __name__ == "__main__":
    watch_through(sys.argv[1], Path(sys.argv[2]))
