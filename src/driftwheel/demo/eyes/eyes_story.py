"""The eyes over HTTP: a model meets other eyes than it knows; the wheel notices, asks people, and repairs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from driftwheel.agreement.simulated_annotator import AnnotatorKind
from driftwheel.client.api import Api
from driftwheel.demo.eyes.exam import Exam, examine
from driftwheel.demo.eyes.eyes_days import EyesDays, plan_days, write_labelled
from driftwheel.demo.eyes.eyes_model import CHAMPION
from driftwheel.demo.eyes.published_eyes import CLASSES
from driftwheel.demo.eyes.share_out_eyes import SharedOut
from driftwheel.demo.own_server import OwnServer, run_server
from driftwheel.demo.people import People, invite_people
from driftwheel.demo.predict_day import Predicted, predict_day
from driftwheel.demo.set_up import wait_for_reference
from driftwheel.demo.shot import Shot
from driftwheel.demo.wait import wait_until
from driftwheel.demo.wheel_watch import WheelWatch
from driftwheel.demo.write_week import clear_folder
from driftwheel.errors import DriftwheelError
from driftwheel.settings import Settings
from driftwheel.store.files.blobs import Blobs

__all__ = ["CROWD", "MODEL", "POLICY", "RULE", "EyesDay", "EyesStory", "tell_eyes"]

MODEL: Final = "eyes"

POLICY: Final[Mapping[str, Any]] = {
    "enabled": True,
    "images": 80,
    "most_labels": 240,
    "overlap": 3,
    "golden_share": 0.25,
    "watch_days": 0,
}
"""Of the wheel: 80 images a turn, each asked of three people, and up to 160 more if the gate cannot tell."""

RULE: Final[Mapping[str, float]] = {"margin": 0.04}
"""Of the gate: that two points are not lost would take more old eyes to show than there are."""

CROWD: Final[Sequence[AnnotatorKind]] = ("good",) * 5
"""Who labels: five who are right 95 times in a hundred."""

_GOLDEN = 20
_SECONDS = 1800.0


@dataclass(frozen=True, slots=True)
class EyesDay:
    """One day, judged.

    Attributes
    ----------
    number, predicted
        1…3, and what the champion said.
    answer, headline
        The verdict, and what it says.
    moved
        Properties that drifted, the two strongest: their means in the reference and on this day, in words.
    """

    number: int
    predicted: Predicted
    answer: str
    headline: str
    moved: tuple[str, ...]


@dataclass(slots=True, eq=False)
class EyesStory:
    """A model of eyes in production, and the server that watches it.

    Attributes
    ----------
    api, line
        Called as its admin, and as the camera at the door.
    data
        Where the server keeps its data, on this machine.
    people
        Who labels; they join after the first day.
    truths
        SHA-256 of images → number of their class: what people see in them.
    """

    server: OwnServer
    api: Api
    line: Api
    data: Path
    parts: SharedOut
    plan: EyesDays
    seed: int
    wheel: WheelWatch
    people: People | None = None
    truths: dict[str, int | None] = field(default_factory=dict)

    def happenings(self) -> Iterator[EyesDay | str]:
        """Live through the days; yield each when it is judged, then a line for all that is done."""
        for shots in self.plan.all:
            predicted = predict_day(self.line, MODEL, shots, fault="", camera=0)
            self.truths |= {image: CLASSES.index(one) for image, one in predicted.truths.items()}
            verdict = self._verdict(shots)
            if self.people is None:
                golden = {one.name: one.label for one in shots[:_GOLDEN]}
                self.people = invite_people(self.api, MODEL, CLASSES, golden, seed=self.seed, crowd=CROWD)
                self.api.patch(f"/models/{MODEL}/release-policy", {"rule": dict(RULE)})
                self.api.put(f"/models/{MODEL}/wheel", dict(POLICY))
            yield EyesDay(
                shots[0].day, predicted, verdict["answer"], verdict["headline"], _moved(verdict["document"])
            )
            yield from self._evening(self.people, drifts=verdict["answer"] == "drift")

    def exams(self) -> Iterator[tuple[str, Exam]]:
        """Measure each version, the oldest first.

        The files are taken from the server's data folder, so that the eyes of the exam are never sent to it.
        """
        blobs = Blobs.open(Settings.load(data=str(self.data)).blobs)
        for one in reversed(self.api.get(f"/models/{MODEL}/versions")):
            if one["artifact"] is not None:
                yield one["name"], examine(blobs.get(bytes.fromhex(one["artifact"])), self.parts)

    def _evening(self, people: People, *, drifts: bool) -> Iterator[str]:
        """Let people and the wheel do what there is to do, and tell of it."""
        if drifts:
            self.wheel.wait_for_turn()
        yield from self.wheel.news()
        while (waits := self.wheel.settle(lambda: bool(people.open_pools()))) is not None:
            yield from self.wheel.news()
            if waits == "labels" and people.open_pools():
                done = people.label(self.truths)
                banned = f"; banned: {', '.join(done.banned)}" if done.banned else ""
                yield f"people: {done.answers} answers, {done.minutes:.0f} min of their time{banned}"
            elif waits == "answer":
                self.wheel.answer("promote", "Shown to be better on what drifted, and not worse elsewhere.")
                yield "the lead: promote"
                wait_until(lambda: not self._is_asked(), _SECONDS, "The wheel has not taken the answer yet")
            else:
                break
        yield from self.wheel.news()

    def _is_asked(self) -> bool:
        return bool(self.wheel.turns()[-1]["waits"] == "answer")

    def _verdict(self, shots: tuple[Shot, ...]) -> Mapping[str, Any]:
        """Wait for the verdict on the day of these shots, with all of its records."""
        start = shots[0].time.replace(hour=0, minute=0, second=0, microsecond=0)
        span = urlencode({"since": start.isoformat(), "until": (start + timedelta(days=1)).isoformat()})
        found: list[Mapping[str, Any]] = []

        def look() -> bool:
            windows = self.api.get(f"/models/{MODEL}/windows?{span}")
            whole = any(
                one["records"] + one["rejected"] >= len(shots) and not one["stale"] for one in windows
            )
            if not whole or not self.api.get(f"/models/{MODEL}/verdicts?{span}"):
                return False
            found[:] = [self.api.get(f"/models/{MODEL}/verdicts/{quote(start.isoformat())}")]
            return bool(found[0]["current"])

        wait_until(look, _SECONDS, f"There is no verdict on {start:%d %B} yet")
        return found[0]


@contextmanager
def tell_eyes(
    parts: SharedOut,
    folder: Path,
    until: date,
    *,
    per_day: int = 400,
    seed: int = 0,
    tell: Callable[[str], None] = lambda _: None,
) -> Iterator[EyesStory]:
    """Start a server, train the model by it, give it a reference, and yield the story.

    Parameters
    ----------
    until
        Date of the last of the three days.
    per_day
        Eyes a day, at most.
    tell
        Told what is done next, in a few words.

    Raises
    ------
    UsageError
        When `folder` holds something the demo did not make.
    DriftwheelError
        When the server does not start, or refuses or fails at something.
    """
    clear_folder(folder)
    data = folder / "data"
    reference = write_labelled(folder, parts)
    tell("Starting a server")
    with run_server(data, {"DRIFTWHEEL_SETTLE_SECONDS": "1"}) as server:
        api = server.api()
        api.post("/models", _model())
        tell(f"Training a small network on {len(parts.learnt):,} sharp and bright eyes")
        _command("dataset", "create", MODEL, "--folder", str(folder / "images"), "--data", str(data))
        run = api.post(f"/models/{MODEL}/training", {"recipe": _recipe(seed)})["key"]
        wait_until(lambda: _is_trained(api, run), _SECONDS, "The training has not ended yet")
        tell("Measuring others of that half as its reference, and simulating camera faults on them")
        _command("reference", "set", MODEL, "--folder", str(reference), "--data", str(data))
        wait_for_reference(api, MODEL)
        token = api.post("/tokens", {"name": "door", "role": "ingest", "models": [MODEL]})["token"]
        plan = plan_days(parts, until, per_day=per_day)
        yield EyesStory(server, api, api.as_token(token), data, parts, plan, seed, WheelWatch(api, MODEL))


def _moved(document: Mapping[str, Any] | None) -> tuple[str, ...]:
    drifted = [one for one in (document or {}).get("properties", []) if one["drifted"]]
    return tuple(
        f"{one['name'].replace('_', ' ')} {one['reference_mean']:.4g} → {one['current_mean']:.4g}"
        for one in drifted[:2]
    )


def _model() -> dict[str, Any]:
    body = {"name": MODEL, "task": "classification", "classes": list(CLASSES), "window": "day"}
    return body | {"segment_tags": [], "embedder": "gist"}


def _recipe(seed: int) -> dict[str, Any]:
    wanted = ("trainer", "side", "width", "levels", "replay")
    recipe = {name: getattr(CHAMPION, name) for name in wanted}
    return recipe | {"seed": seed, "augmentation": asdict(CHAMPION.augmentation)}


def _is_trained(api: Api, run: int) -> bool:
    found = api.get(f"/models/{MODEL}/training/{run}")
    if found["finished"] and found["version"] is None:
        raise DriftwheelError(f"The training failed: {found['reason']}")
    return bool(found["finished"])


def _command(*words: str) -> None:
    command = [sys.executable, "-m", "driftwheel", *words]
    done = subprocess.run(  # noqa: S603 - our own program
        command, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DriftwheelError(f"`driftwheel {' '.join(words[:2])}` failed: {done.stderr.strip()}")
