"""The workflow `summarise`: the profiles of all stale windows, once through."""

from __future__ import annotations

from typing import Any

from dbos import DBOS

from driftwheel.services.watch.summarise_windows import summarise_windows
from driftwheel.workflows.worker import current

__all__ = ["summarise"]


@DBOS.workflow(name="summarise")
def summarise() -> dict[str, Any]:
    """Make the profiles that are out of date, and return how many were made and how many are stale again."""
    after_key: int | None = 0
    made = stale = 0
    while after_key is not None:
        part = _part(after_key)
        after_key = part["last_key"]
        made += part["made"]
        stale += part["stale"]
    return {"made": made, "stale": stale}


@DBOS.step(name="summarise-windows")
def _part(after_key: int) -> dict[str, Any]:
    worker = current()
    with worker.step():
        done = summarise_windows(worker.engine, now=worker.now(), after_key=after_key)
    return {"made": done.made, "stale": done.still_stale, "last_key": done.last_key}
