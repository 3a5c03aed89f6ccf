"""Live through a week: a model in production logs to a server, day by day, and the server watches it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from driftwheel.client import Client
from driftwheel.demo.inbox import Inbox, Received
from driftwheel.demo.own_model import OwnModel
from driftwheel.demo.own_server import Api
from driftwheel.demo.shot import Shot
from driftwheel.errors import DriftwheelError

__all__ = ["LiveDay", "Production", "add_inbox", "live_week", "register", "wait_for_reference"]

_LOOK_SECONDS = 0.5
_REFERENCE_SECONDS = 1800.0
_JUDGE_SECONDS = 300.0
_TOLD_SECONDS = 3.0  # to a local inbox, beyond the time that a group waits


@dataclass(frozen=True, slots=True, eq=False)
class Production:
    """A model in production.

    Attributes
    ----------
    api, model
        The server that watches it, and its name there.
    own
        The model itself.
    folder
        Where its images lie, as `driftwheel.demo.write_week` wrote them.
    inbox, group_wait
        Where alerts go, and how many seconds after the first.
    """

    api: Api
    model: str
    own: OwnModel
    folder: Path
    inbox: Inbox
    group_wait: int


@dataclass(frozen=True, slots=True)
class LiveDay:
    """One day, as the server saw it.

    Attributes
    ----------
    day
        1…7.
    images
        That were logged.
    answer, headline
        The verdict on the whole model, and what it says.
    diagnosis
        The first fault that it names, with its severity; empty without one.
    accuracy
        Share of the predictions that were right. The server is not told: nobody has labelled anything.
    messages
        What came to the inbox on this day.
    judged_seconds, told_seconds
        From the last image of the day to its verdict, and to the first message; None without one.
    """

    day: int
    images: int
    answer: str
    headline: str
    diagnosis: str
    accuracy: float
    messages: tuple[Received, ...]
    judged_seconds: float
    told_seconds: float | None


def register(api: Api, model: str, classes: Sequence[str], *, embedder: str) -> None:
    """Register a classification model whose windows are days and whose segments are cameras."""
    body = {
        "name": model,
        "task": "classification",
        "classes": list(classes),
        "window": "day",
        "segment_tags": ["camera"],
        "embedder": embedder,
    }
    api.post("/models", body)


def add_inbox(api: Api, inbox: Inbox, *, group_wait: int) -> None:
    """Have alerts sent to the inbox, `group_wait` seconds after the first of them."""
    url = f"json://{inbox.address}/"
    api.post(
        "/channels", {"name": "inbox", "url": url, "group_wait": group_wait, "group_interval": group_wait}
    )


def wait_for_reference(api: Api, model: str) -> None:
    """Wait until the reference of a model is in use, and camera faults are simulated on it.

    Raises
    ------
    DriftwheelError
        When it cannot be measured, or not within half an hour.
    """

    def look() -> bool:
        newest = api.get(f"/models/{model}/references")[0]
        if newest["state"] == "failed":
            raise DriftwheelError(f"The reference cannot be measured: {newest['reason']}")
        return bool(newest["state"] == "ready" and newest["faults"])

    _wait(look, _REFERENCE_SECONDS, "The reference is not measured yet")


def live_week(
    production: Production,
    shots: Sequence[Shot],
    on_progress: Callable[[str, int, int | None], None] | None = None,
) -> Iterator[LiveDay]:
    """Predict and log day after day, and yield each once the server has judged it and told of it.

    The shots of the reference are passed over.
    """
    api, model, inbox = production.api, production.model, production.inbox
    for day, group in groupby((one for one in shots if one.day), lambda one: one.day):
        its = list(group)
        before = len(inbox.messages)
        right = _log_day(production, its)
        logged = datetime.now(UTC)
        if on_progress is not None:
            on_progress(f"day {day}", len(its), len(its))
        verdict = _verdict(api, model, its[0].time, len(its))
        judged = datetime.now(UTC)
        time.sleep(production.group_wait + _TOLD_SECONDS)
        messages = tuple(inbox.messages[before:])
        told = (messages[0].time - logged).total_seconds() if messages else None
        yield LiveDay(
            day,
            len(its),
            verdict["answer"],
            verdict["headline"],
            _fault(verdict),
            right / len(its),
            messages,
            (judged - logged).total_seconds(),
            told,
        )


def _log_day(production: Production, shots: Sequence[Shot]) -> int:
    """Log one day and return how many predictions were right."""
    api, own = production.api, production.own
    files = [production.folder / one.folder / one.name for one in shots]
    begun = time.perf_counter()
    predictions = own.predict(files)
    latency = (time.perf_counter() - begun) / len(shots)
    with Client(api.url, api.token, production.model, model_version="1", spool=None) as client:
        for shot, file, said in zip(shots, files, predictions, strict=True):
            told = {"class": said.label, "scores": dict(said.scores)}
            client.log(
                file, told, id=shot.name, tags={"camera": shot.camera}, time=shot.time, latency=latency
            )
        if not client.flush(_JUDGE_SECONDS):
            raise DriftwheelError(f"Not all images could be logged: {client.stats}.")
    return sum(said.label == shot.label for said, shot in zip(predictions, shots, strict=True))


def _verdict(api: Api, model: str, moment: datetime, records: int) -> dict[str, Any]:
    """Wait for the verdict on the whole day that a moment lies in, with all of its records."""
    start = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    span = urlencode({"since": start.isoformat(), "until": (start + timedelta(days=1)).isoformat()})
    day = quote(start.isoformat())
    found: list[dict[str, Any]] = []

    def look() -> bool:
        windows = api.get(f"/models/{model}/windows?{span}")
        if not any(one["records"] + one["rejected"] >= records and not one["stale"] for one in windows):
            return False
        if not api.get(f"/models/{model}/verdicts?{span}"):
            return False
        found[:] = [api.get(f"/models/{model}/verdicts/{day}")]
        return bool(found[0]["current"])

    _wait(look, _JUDGE_SECONDS, f"There is no verdict on {start:%d %B} yet")
    return found[0]


def _fault(verdict: dict[str, Any]) -> str:
    named = (verdict["document"] or {}).get("diagnosis") or []
    if not named:
        return ""
    severity = named[0]["severity"]
    return str(named[0]["fault"]) + ("" if severity is None else f", severity {severity}")


def _wait(look: Callable[[], bool], seconds: float, otherwise: str) -> None:
    deadline = time.monotonic() + seconds
    while not look():
        if time.monotonic() > deadline:
            raise DriftwheelError(f"{otherwise}, after {seconds:.0f} s.")
        time.sleep(_LOOK_SECONDS)
