"""What a rehearsal tells: cost, time, how good the consensus is, and whether the right people were banned."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from driftwheel.agreement.simulated_annotator import POOR, AnnotatorKind, expected_accuracy
from driftwheel.client.api import Api
from driftwheel.client.rehearsal.crowd import Member
from driftwheel.client.rehearsal.label_pools import Labelled, label_pools
from driftwheel.client.rehearsal.truths import tasks_of
from driftwheel.errors import UsageError

__all__ = ["Rehearsal", "RehearsedAnnotator", "asked_classes", "open_pools", "rehearse"]

_EVENTS: Final = ("ban", "pause", "challenge", "exam_failed", "warning")  # the gravest first


@dataclass(frozen=True, slots=True)
class RehearsedAnnotator:
    """One annotator after a rehearsal.

    Attributes
    ----------
    expected
        Share of these images that they say right on average, 0…1; None where nobody knows the truth.
    answered, skipped
        Tasks, golden ones among them.
    golden, golden_right
        Golden tasks answered, and right.
    seconds
        That a person would have needed.
    event, reason
        The gravest that rules did: ``ban``, ``pause``, ``challenge``, ``exam_failed``, ``warning``, or empty;
        and why.
    """

    name: str
    kind: AnnotatorKind
    expected: float | None
    answered: int
    skipped: int
    golden: int
    golden_right: int
    seconds: float
    event: str
    reason: str

    @property
    def poor(self) -> bool:
        """Whether they ought to be banned: they are expected to be right less than `POOR` of the time."""
        return self.expected is not None and self.expected < POOR

    @property
    def judged(self) -> str:
        """``rightly banned``, ``wrongly banned``, ``not found``, or empty: good, and let work."""
        if self.event == "ban":
            return "rightly banned" if self.poor else "wrongly banned"
        return "not found" if self.poor else ""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a rehearsal came to.

    Attributes
    ----------
    images, done
        Images that are to be labelled in the pools, and those that want no more answers.
    answers
        That were paid for.
    cost
        Of them, at the prices of their pools.
    people_seconds
        That people would have spent at images, together.
    hours
        That it would have taken them side by side without a break, in hours.
    judged, right
        Images with a consensus whose truth is known, and those where it is right.
    review
        Images that wait for a person to decide.
    unknown
        Images whose truth nobody knows; everybody skipped them.
    annotators
        In the order in which they joined.
    """

    images: int
    done: int
    answers: int
    cost: float
    people_seconds: float
    hours: float
    judged: int
    right: int
    review: int
    unknown: int
    annotators: tuple[RehearsedAnnotator, ...]


def open_pools(api: Api, project: int) -> tuple[int, ...]:
    """Return the keys of a project's open pools.

    Raises
    ------
    UsageError
        When there is none.
    """
    found = tuple(one["key"] for one in api.get(f"/projects/{project}/pools") if one["state"] == "open")
    if not found:
        raise UsageError(f"The project {project} has no open pool; fill one with images and open it.")
    return found


def asked_classes(api: Api, project: int) -> tuple[str, ...]:
    """Return the classes that a project asks for.

    Raises
    ------
    UsageError
        When it asks for something else than one class an image, which is not simulated.
    """
    found = api.get(f"/projects/{project}")
    if found["answer"] != "class":
        raise UsageError(
            f"The project '{found['name']}' asks for {found['answer']}; annotators are simulated for "
            "projects that ask for one class an image."
        )
    return tuple(one["name"] for one in found["classes"])


def rehearse(
    api: Api,
    project: int,
    pools: Sequence[int],
    members: Sequence[Member],
    truths: Mapping[str, int | None],
    *,
    seed: int = 0,
    pace: float = 0.0,
    challenges: bool = True,
    on_answer: Callable[[], None] | None = None,
) -> Rehearsal:
    """Let a crowd label the open pools of a project until nobody gets a task, and return what came of it.

    Parameters
    ----------
    api
        Called with the token of somebody who may see the project; without `challenges`, change its pools.
    truths
        As `driftwheel.client.rehearsal.truths.truths_of_tasks` returns it.
    pace
        As of `label_pools`.
    challenges
        False switches the rule that asks for digits off meanwhile: these annotators cannot read them, and
        whom it asks labels no more.

    Raises
    ------
    DriftwheelError
        When the server refuses or does not answer.
    """
    classes = asked_classes(api, project)
    before = _paid(api, project, pools)
    with _rules(api, project, pools, challenges=challenges):
        done = label_pools(members, truths, classes, seed=seed, pace=pace, on_answer=on_answer)
    after = _paid(api, project, pools)
    tasks = [one for pool in pools for one in tasks_of(api, project, pool) if one["kind"] == "real"]
    judged = [
        (one["consensus"]["class"], classes[truth])
        for one in tasks
        if one["state"] == "done"
        and one["consensus"] is not None
        and (truth := truths.get(one["image"])) is not None
    ]
    known = [one for task in tasks if (one := truths.get(task["image"])) is not None]
    seconds = [one.seconds for one in done]
    return Rehearsal(
        images=len(tasks),
        done=sum(one["state"] == "done" for one in tasks),
        answers=sum(after[key][0] - before[key][0] for key in pools),
        cost=sum((after[key][0] - before[key][0]) * after[key][1] for key in pools),
        people_seconds=sum(seconds),
        hours=max(seconds, default=0.0) / 3600,
        judged=len(judged),
        right=sum(said == truth for said, truth in judged),
        review=sum(one["review"] is not None and one["reviewed"] is None for one in tasks),
        unknown=len(tasks) - len(known),
        annotators=_annotators(api, project, members, done, known),
    )


def _annotators(
    api: Api, project: int, members: Sequence[Member], done: Sequence[Labelled], known: Sequence[int]
) -> tuple[RehearsedAnnotator, ...]:
    told = {one["key"]: one for one in api.get(f"/projects/{project}/annotators")}
    found = []
    for member, its in zip(members, done, strict=True):
        row = told[member.annotator.key]
        events = api.get(f"/projects/{project}/events", annotator=member.annotator.key, limit=1000)
        stands = [one for one in events if one["undone"] is None and one["kind"] in _EVENTS]
        gravest = min(stands, key=lambda one: (_EVENTS.index(one["kind"]), -one["key"]), default=None)
        found.append(
            RehearsedAnnotator(
                member.name,
                member.simulated.kind,
                expected_accuracy(member.simulated, known),
                its.answered,
                its.skipped,
                row["golden"],
                row["golden_correct"],
                its.seconds,
                "" if gravest is None else gravest["kind"],
                "" if gravest is None else gravest["reason"],
            )
        )
    return tuple(found)


def _paid(api: Api, project: int, pools: Sequence[int]) -> dict[int, tuple[int, float]]:
    """Return key of a pool → (answers paid for, price of an answer)."""
    found: list[Mapping[str, Any]] = [api.get(f"/projects/{project}/pools/{one}") for one in pools]
    return {one["key"]: (one["paid"], one["price"]) for one in found}


@contextmanager
def _rules(api: Api, project: int, pools: Sequence[int], *, challenges: bool) -> Iterator[None]:
    """Switch challenges off for as long as this lasts, where they are not wanted."""
    paths = [f"/projects/{project}/pools/{one}" for one in ([] if challenges else pools)]
    every = {path: api.get(path)["rules"]["challenge_every"] for path in paths}
    for path in paths:
        api.patch(path, {"rules": {"challenge_every": 0}})
    try:
        yield
    finally:
        for path, was in every.items():
            api.patch(path, {"rules": {"challenge_every": was}})
