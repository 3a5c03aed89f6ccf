"""Answer what the gate decided: promote, refuse, or have more images labelled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import islice

import numpy as np
from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError
from driftwheel.performance.gate import GateCheck
from driftwheel.services.browse.list_images import ImageQuery
from driftwheel.services.label.pools.choose_images import choose_images
from driftwheel.services.label.pools.fill_pool import MOST_AT_ONCE, PoolImage
from driftwheel.services.label.pools.open_blind_pool import open_blind_pool_in
from driftwheel.services.label.projects.class_project import (
    class_projects,
    new_class_project_in,
)
from driftwheel.services.release.gate_numbers import GateNumbers
from driftwheel.services.release.gate_slice import GateSlice
from driftwheel.services.release.promote import promote_in
from driftwheel.services.remark import check_remark
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.labels.pools import Pool
from driftwheel.store.labels.projects import Project
from driftwheel.store.labels.record_labels import known_labels
from driftwheel.store.labels.task_selections import TaskSelection
from driftwheel.store.models.models import Model, ModelVersion, find_model, lock_model, version_by_key
from driftwheel.store.operate.audit import note
from driftwheel.store.release.gate_runs import GateRun, gate_run_by_key, set_gate_run

__all__ = [
    "gate_of_model",
    "label_for_gate",
    "promote_by_gate",
    "promote_by_gate_in",
    "refuse_by_gate",
    "refuse_by_gate_in",
]


def promote_by_gate(
    engine: Engine, model: str, key: int, *, by: str, now: datetime, reason: str = ""
) -> ModelVersion:
    """Promote the challenger that a gate run let in, and return it; noted with the run and in the audit.

    Raises
    ------
    UsageError
        When the model has no such run, it did not let the challenger in, it is answered, or the champion is
        another by now.
    """
    with writing(engine) as connection:
        return promote_by_gate_in(connection, model, key, by=by, now=now, reason=reason)


def promote_by_gate_in(
    connection: Connection, model: str, key: int, *, by: str, now: datetime, reason: str = ""
) -> ModelVersion:
    """Promote as `promote_by_gate` does, in a transaction of somebody else's; the model is locked by it.

    Raises
    ------
    UsageError
        Likewise.
    """
    known = find_model(connection, model)
    lock_model(connection, known.key)
    run = gate_of_model(connection, known, key)
    challenger = _open(connection, run)
    if run.decision != "promote":
        raise UsageError(f"Gate run {key} has not let '{challenger.name}' in.")
    made = promote_in(connection, model, challenger.name, by=by, now=now, reason=reason)
    set_gate_run(connection, key, answer="promoted", answered=now, answered_by=by, note=reason.strip())
    return made


def refuse_by_gate(
    engine: Engine, model: str, key: int, *, by: str, now: datetime, reason: str = ""
) -> GateRun:
    """Keep the challenger of a gate run out, whatever the run says, and return the run; noted in the audit.

    Raises
    ------
    UsageError
        When the model has no such run, or it is answered.
    """
    with writing(engine) as connection:
        return refuse_by_gate_in(connection, model, key, by=by, now=now, reason=reason)


def refuse_by_gate_in(
    connection: Connection, model: str, key: int, *, by: str, now: datetime, reason: str = ""
) -> GateRun:
    """Refuse as `refuse_by_gate` does, in a transaction of somebody else's; the model is locked by it.

    Raises
    ------
    UsageError
        Likewise.
    """
    check_remark("reason", reason)
    known = find_model(connection, model)
    lock_model(connection, known.key)
    run = gate_of_model(connection, known, key)
    challenger = _open(connection, run)
    values = {"answer": "refused", "answered": now, "answered_by": by, "note": reason.strip()}
    set_gate_run(connection, key, **values)
    details = {"version": challenger.name, "gate": key, "reason": reason.strip()}
    note(connection, now, by, "refuse challenger", known.name, details)
    return replace(run, **values)  # type: ignore[arg-type]


def label_for_gate(
    engine: Engine,
    model: str,
    key: int,
    *,
    by: str,
    now: datetime,
    rng: np.random.Generator,
    count: int | None = None,
    overlap: tuple[int, int | None] = (2, 3),
    golden_share: float = 0.1,
    also: Callable[[Connection, Pool], None] | None = None,
) -> Pool:
    """Open a pool with as many images as a gate run lacks, and return it; noted in the audit.

    The images are drawn at random: from the slice where labels lack there, from before and beside it where
    they lack of old data. They are set apart to measure on: no training ever learns from them. When the pool
    is done, the challenger goes to the gate again by itself.

    Parameters
    ----------
    count
        Images of each group that lacks labels; by default what the run says is likely to be enough.
    overlap
        People who answer for each image, and up to how many until the consensus is sure enough.
    golden_share
        Share of golden tasks, where the project has any.
    also
        What else is done in the transaction that makes the pool; what it raises undoes the pool.

    Raises
    ------
    UsageError
        When the model has no such run, it does not lack labels or is answered, there is a pool for it
        already, or no images are left to be labelled.
    """
    if count is not None and not 1 <= count <= MOST_AT_ONCE:
        raise UsageError(f"{count:,} images cannot be labelled at once; give 1 to {MOST_AT_ONCE:,}.")
    with reading(engine) as connection:
        known = find_model(connection, model)
        run, challenger = _without_pool(connection, known, key)
        numbers = GateNumbers.from_json(run.numbers or {})
        lacking = [one for one in numbers.checks if one.more]
        if run.decision != "label_more" or not lacking:
            raise UsageError(f"Gate run {key} does not ask for labels.")
        project = next(iter(class_projects(connection, known)), None)
    if project is None:
        with writing(engine) as connection:
            lock_model(connection, known.key)
            project = next(iter(class_projects(connection, known)), None)
            project = project or new_class_project_in(connection, known, "gate", by=by, now=now)
    images = _drawn(engine, known, project, run, lacking, count, rng)
    if not images:
        raise UsageError(
            f"No image of '{model}' is left to be labelled for this; wait for more to come, or for those "
            "that are in a pool."
        )
    with writing(engine) as connection:
        lock_model(connection, known.key)
        _without_pool(connection, known, key)  # somebody else may have been faster
        pool, _ = open_blind_pool_in(
            connection,
            project,
            f"Gate {key}: {challenger.name}",
            list(images.values()),
            overlap=overlap[0],
            most_overlap=overlap[1],
            golden_share=golden_share,
            by=by,
            now=now,
        )
        set_gate_run(connection, key, pool=pool.key)
        details = {"version": challenger.name, "gate": key, "pool": pool.name, "images": len(images)}
        note(connection, now, by, "label for gate", known.name, details)
        if also is not None:
            also(connection, pool)
    return pool


def gate_of_model(connection: Connection, model: Model, key: int) -> GateRun:
    """Return a gate run of a model; raise `UsageError` where it has none of that key."""
    run = gate_run_by_key(connection, key)
    if run is None or run.model != model.key:
        raise UsageError(f"The model '{model.name}' has no gate run {key}.")
    return run


def _open(connection: Connection, run: GateRun) -> ModelVersion:
    """Return the challenger of a run that may still be answered."""
    challenger = version_by_key(connection, run.challenger)
    if run.state != "done" or challenger is None:
        raise UsageError(f"Gate run {run.key} is not done; it is {run.state}.")
    if run.answer is not None:
        raise UsageError(f"Gate run {run.key} was answered by {run.answered_by}: {run.answer}.")
    return challenger


def _without_pool(connection: Connection, model: Model, key: int) -> tuple[GateRun, ModelVersion]:
    """Return a run that may still be answered and has no pool, with its challenger."""
    run = gate_of_model(connection, model, key)
    challenger = _open(connection, run)
    if run.pool is not None:
        raise UsageError(f"There is a pool for gate run {key} already.")
    return run, challenger


def _drawn(  # noqa: PLR0917
    engine: Engine,
    model: Model,
    project: Project,
    run: GateRun,
    lacking: list[GateCheck],
    count: int | None,
    rng: np.random.Generator,
) -> dict[str, PoolImage]:
    """Return images to label, by the ids of their records."""
    chosen = GateSlice.from_json(run.slice)
    found: dict[str, PoolImage] = {}
    room = MOST_AT_ONCE
    for check in lacking:
        query = _query(model.name, chosen, check)
        wanted = min(room, count or check.more)
        if query is None or wanted < 1:
            continue
        why = f"the gate, {check.group}"
        drawn = choose_images(engine, project.key, query, "random", MOST_AT_ONCE, rng, why=why).images
        with reading(engine) as connection:
            known = known_labels(connection, model.key, [one.record for one in drawn])
        new = (one for one in drawn if one.record not in known and one.record not in found)
        apart = TaskSelection("holdout")  # drawn among what had no label: its chance is that of no window
        found |= {one.record: replace(one, selection=apart) for one in islice(new, wanted)}
        room = MOST_AT_ONCE - len(found)
    return found


def _query(model: str, chosen: GateSlice, check: GateCheck) -> ImageQuery | None:
    """Return the list of images that a check lacks labels of; None where that is no list."""
    tags = {chosen.tag: chosen.value} if chosen.tag else {}
    match check.asked:
        case "better":
            return ImageQuery(model, chosen.since, chosen.until, tags, has_image=True)
        case "not_worse" if chosen.since is not None:
            return ImageQuery(model, None, chosen.since, has_image=True)
        case "segment_not_worse" if " = " in check.group:
            tag, _, value = check.group.partition(" = ")
            return ImageQuery(model, tags={tag: value}, has_image=True)
        case _:
            return ImageQuery(model, has_image=True)
