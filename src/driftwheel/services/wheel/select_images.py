"""The step `select`: choose images, open the pool in which people label them, begin a repair meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import islice

import numpy as np
from sqlalchemy import Connection

from driftwheel.errors import DriftwheelError, UnavailableError, UsageError
from driftwheel.services.browse.list_images import ImageQuery
from driftwheel.services.label.pools.choose_images import choose_images
from driftwheel.services.label.pools.fill_pool import MOST_AT_ONCE, PoolImage
from driftwheel.services.label.projects.class_project import class_projects, new_class_project_in
from driftwheel.services.release.gate_slice import GateSlice
from driftwheel.services.train.ask_for_repair import ask_for_repair
from driftwheel.services.wheel.labels_left import labels_left
from driftwheel.services.wheel.open_turn_pool import open_turn_pool_in
from driftwheel.services.wheel.slice_of_turn import slice_of_turn
from driftwheel.services.wheel.turn_moves import At, end, go_on, hold, keep, moving, wait
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.projects import Project
from driftwheel.store.labels.record_labels import known_labels
from driftwheel.store.labels.task_selections import TaskSelection
from driftwheel.store.release.aliases import find_alias
from driftwheel.store.train.training_runs import RunKind, list_runs
from driftwheel.wheel.turn_step import WHEEL

__all__ = ["select_images"]

_LEAST_IMAGES = 10
_LOOK_AGAIN = timedelta(minutes=10)


def select_images(at: At) -> bool:
    """Choose images and open their pool; then begin the repair of the camera fault, where one is diagnosed.

    Part of the images is drawn at random, set apart to measure on for ever; the rest is what is most useful
    to learn from. They are mixed, so that whatever is labelled by the deadline is of both. Nobody is shown
    what the champion said of them.
    """
    if at.turn.trigger == "labels":
        with moving(at) as connection:
            told = "The labels that began the turn are there already; nobody is asked for others."
            go_on(connection, at, "measure", told=told, skipped=True)
        return True
    if at.last("pool") is None:
        return _open_pool(at)
    if "repair" not in at.step.found and at.last("repair") is None:
        return _begin_repair(at)
    with moving(at) as connection:
        go_on(connection, at, "label", told=at.step.told)
    return True


def _drawn_at_random(  # noqa: PLR0917
    at: At, project: Project, query: ImageQuery, count: int, rng: np.random.Generator, why: str
) -> list[PoolImage]:
    """Return up to `count` images of a list without a label, drawn at random and set apart to measure on."""
    drawn = choose_images(at.engine, project.key, query, "random", MOST_AT_ONCE, rng, why=why).images
    with reading(at.engine) as connection:
        known = known_labels(connection, at.model.key, [one.record for one in drawn])
    unlabelled = [one for one in drawn if one.record not in known]
    chosen = unlabelled[:count]
    chance = len(chosen) / len(unlabelled) if chosen else 1.0
    return [replace(one, selection=_apart(one.selection, chance)) for one in chosen]


def _open_pool(at: At) -> bool:
    project = _project(at)
    with reading(at.engine) as connection:
        chosen = slice_of_turn(connection, at)
        count = min(at.policy.images, labels_left(connection, at))
    if count < _LEAST_IMAGES:
        with moving(at) as connection:
            reason = f"Its budget of labels is spent: {count:,} are left."
            end(connection, at, "out_of_budget", reason)
        return True
    images = _chosen(at, project, chosen, count)
    if len(images) < _LEAST_IMAGES:
        return _wait_for_images(at, len(images))
    holdout = sum(one.selection is not None and one.selection.reason == "holdout" for one in images)
    told = (
        f"{len(images):,} images were chosen: {holdout:,} at random to measure on, the others to learn from."
    )
    with moving(at) as connection:
        opened, golden = open_turn_pool_in(connection, at, project, at.name, images)
        numbers = {"images": opened.tasks, "holdout": holdout, "golden": golden}
        keep(
            connection,
            at,
            made={"project": [project.key], "pool": [opened.key]},
            found=numbers,
            told=told,
        )
    return True


def _project(at: At) -> Project:
    """Return the project that the policy names, else the newest that asks for classes, or a new one."""
    with reading(at.engine) as connection:
        its = class_projects(connection, at.model)
    if at.policy.project is not None:
        named = next((one for one in its if one.name == at.policy.project), None)
        if named is None:
            raise UsageError(
                f"The wheel's policy names the project '{at.policy.project}', and no project of that name "
                f"asks for the one class of images of '{at.model.name}'."
            )
        return named
    if its:
        return its[-1]
    with writing(at.engine) as connection:
        hold(connection, at)
        return new_class_project_in(connection, at.model, "labels", by=WHEEL, now=at.now)


def _chosen(at: At, project: Project, chosen: GateSlice, count: int) -> list[PoolImage]:
    rng = np.random.default_rng([at.turn.key, at.step.number])
    tags = {chosen.tag: chosen.value} if chosen.tag else {}
    query = ImageQuery(at.model.name, chosen.since, chosen.until, tags, has_image=True)
    why = "" if at.turn.alert is None else f"of alert {at.turn.alert}"
    apart = _drawn_at_random(at, project, query, round(count * at.policy.holdout_share), rng, why)
    taken = {one.record for one in apart}
    wanted = count - len(apart)
    most = min(MOST_AT_ONCE, 2 * count)
    mixed = choose_images(at.engine, project.key, query, "mix", most, rng, why=why).images
    with reading(at.engine) as connection:
        taken |= known_labels(connection, at.model.key, [one.record for one in mixed]).keys()
    useful = (
        one
        for one in mixed
        if one.record not in taken and (one.selection is None or one.selection.reason != "holdout")
    )
    images = [*apart, *islice(map(_no_sample, useful), wanted)]
    return [images[number] for number in rng.permutation(len(images))]


def _apart(drawn: TaskSelection | None, chance: float) -> TaskSelection:
    if drawn is None or drawn.probability is None:
        return TaskSelection("holdout")
    return TaskSelection("holdout", chance, drawn.tag, drawn.value)


def _no_sample(one: PoolImage) -> PoolImage:
    """Return an image to learn from: beside the sample to measure on, it stands for no others."""
    reason = "listed" if one.selection is None else one.selection.reason
    return replace(one, selection=TaskSelection("typical" if reason == "random" else reason))


def _wait_for_images(at: At, there: int) -> bool:
    deadline = at.step.begun + timedelta(days=at.policy.deadline_days)
    with moving(at) as connection:
        if at.now >= deadline:
            reason = (
                f"Only {there:,} images without a label came in {at.policy.deadline_days:g} days; a turn "
                f"needs {_LEAST_IMAGES:,} at least."
            )
            end(connection, at, "failed", reason)
            return True
        told = f"{there:,} images without a label are there; it waits for {_LEAST_IMAGES:,} at least."
        wait(connection, at, "images", told, until=min(deadline, at.now + _LOOK_AGAIN))
    return False


def _begin_repair(at: At) -> bool:
    """Begin the repair without labels, or note why there is none; find again one that was begun before."""
    lacking = ""
    key: int | None = None
    if at.turn.alert is None:
        lacking = "The turn is about no alert, so no fault is diagnosed."
    elif not at.policy.repair:
        lacking = "The policy wants no repair."
    else:
        with reading(at.engine) as connection:
            key = _repair_begun(connection, at)
        if key is None:
            try:
                key = ask_for_repair(at.engine, at.blobs, at.turn.alert, "retrain", by=WHEEL, now=at.now).key
            except UnavailableError:
                raise
            except (DriftwheelError, FileNotFoundError) as error:
                lacking = str(error)
    with moving(at) as connection:
        keep(
            connection,
            at,
            made={} if key is None else {"repair": [key]},
            found={"repair": lacking or "It was begun."},
            told=f"{at.step.told} A repair of the camera fault was begun." if key is not None else None,
        )
    return True


def _repair_begun(connection: Connection, at: At) -> int | None:
    """Return the newest repair of the champion, for the alert, that is under way or done; None: none is."""
    champion = find_alias(connection, at.model.key, "champion")
    kinds: tuple[RunKind, ...] = ("repair",)
    for run in list_runs(connection, at.model.key, kinds=kinds):
        of_champion = champion is not None and run.wish.get("repairs", run.start) == champion.version
        if run.wish.get("alert") == at.turn.alert and of_champion and (run.is_open or run.state == "done"):
            return run.key
    return None
