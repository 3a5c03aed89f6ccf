"""Have images of a list labelled: a project if there is none, a pool, its images, and it opens."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError
from driftwheel.services.browse.list_images import ImageQuery, list_images
from driftwheel.services.label.pools.choose_images import Choice, ChosenImages, check_count, choose_images
from driftwheel.services.label.pools.create_pool import NewPool, check_pool, create_pool
from driftwheel.services.label.pools.fill_pool import fill_pool
from driftwheel.services.label.pools.open_pool import open_pool
from driftwheel.services.label.pools.promote_sure import check_promoted, promote_sure
from driftwheel.services.label.projects.create_project import NewClass, create_project
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.pools import Pool, list_pools
from driftwheel.store.labels.projects import AnswerType, Project, list_projects, project_by_key
from driftwheel.store.models.models import find_model

__all__ = ["NewProject", "PoolWish", "StartedPool", "start_pool"]


@dataclass(frozen=True, slots=True)
class NewProject:
    """A project to be made: see `driftwheel.services.label.projects.create_project`."""

    name: str
    answer: AnswerType
    classes: Sequence[NewClass]
    instructions: str = ""


@dataclass(frozen=True, slots=True)
class PoolWish:
    """What somebody wants labelled.

    Attributes
    ----------
    query
        The list that images are chosen from.
    project
        The key of one of its model, or a new one.
    pool
        How it is labelled.
    choice, count
        How images are chosen, and how many.
    why
        What the list is: the reasons of the tasks begin with it.
    opens
        Whether it opens at once.
    golden
        Golden tasks to promote from other pools of the project, as far as there are some; see
        `driftwheel.services.label.pools.promote_sure`.
    """

    query: ImageQuery
    project: int | NewProject
    pool: NewPool
    choice: Choice = "mix"
    count: int = 200
    why: str = ""
    opens: bool = True
    golden: int = 0


@dataclass(frozen=True, slots=True)
class StartedPool:
    """A pool that was made, and what was chosen for it."""

    project: Project
    pool: Pool
    chosen: ChosenImages


def start_pool(
    engine: Engine,
    wish: PoolWish,
    *,
    by: str,
    now: datetime,
    rng: np.random.Generator,
    randomness: Callable[[int], bytes] = secrets.token_bytes,
) -> StartedPool:
    """Make a pool of images of a list, and open it where that is wished; noted in the audit.

    Raises
    ------
    UsageError
        When something of the wish cannot be used, or no image of the list is left to be labelled: then no
        pool is made.
    """
    _check(engine, wish)
    if isinstance(wish.project, NewProject):
        new = wish.project
        project = create_project(
            engine,
            new.name,
            wish.query.model,
            new.answer,
            new.classes,
            instructions=new.instructions,
            by=by,
            now=now,
        )
    else:
        project = _known(engine, wish.project, wish.query.model)
    chosen = choose_images(
        engine,
        project.key,
        wish.query,
        wish.choice,
        wish.count,
        rng,
        why=wish.why,
        randomness=randomness,
    )
    if not chosen.images:
        asked = f" {chosen.there:,} of its images are in a pool of it." if chosen.there else ""
        raise UsageError(
            f"No image of this list is left for the project '{project.name}'.{asked} Take another list, or "
            "wait for images to come."
        )
    pool = create_pool(engine, project.key, wish.pool, by=by, now=now)
    fill_pool(engine, project.key, pool.key, chosen.images, by=by, now=now)
    if wish.golden:
        with suppress(UsageError):  # nothing is known well enough yet
            promote_sure(engine, project.key, pool.key, wish.golden, reviewed_only=False, by=by, now=now)
    if wish.opens:
        pool = open_pool(engine, project.key, pool.key, by=by, now=now)
    return StartedPool(project, pool, chosen)


def _check(engine: Engine, wish: PoolWish) -> None:
    """Refuse before anything is made what can be refused then."""
    check_pool(wish.pool)
    check_count(wish.count)
    if wish.golden:
        check_promoted(wish.golden)
    with reading(engine) as connection:
        find_model(connection, wish.query.model)
        if not _has_image(connection, wish.query):
            raise UsageError("No image matches this list; take a filter away.")
        if isinstance(wish.project, NewProject):
            if wish.project.name in {one.name for one in list_projects(connection)}:
                raise UsageError(
                    f"There is already a project '{wish.project.name}'; choose it, or another name."
                )
        elif wish.pool.name in {one.name for one in list_pools(connection, wish.project)}:
            raise UsageError(f"The project has a pool '{wish.pool.name}' already; choose another name.")


def _has_image(connection: Connection, query: ImageQuery) -> bool:
    """Whether a list has an image that is kept, however far down."""
    wanted, after = replace(query, has_image=True), None
    while True:
        page = list_images(connection, wanted, after=after, limit=1)
        if page.records or page.next is None:
            return bool(page.records)
        after = page.next


def _known(engine: Engine, key: int, model: str) -> Project:
    with reading(engine) as connection:
        project, whose = project_by_key(connection, key), find_model(connection, model)
    if project is None or project.model != whose.key:
        raise UsageError(f"There is no project {key} about the images of '{model}'; choose another.")
    return project
