"""Pools of labelling projects: filled, opened, closed, and what came of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path, Query

from driftwheel.errors import UsageError
from driftwheel.services.access.authorise import Identity
from driftwheel.services.browse.list_images import ImageQuery
from driftwheel.services.label.pools.change_pool import change_pool
from driftwheel.services.label.pools.create_pool import MILLIONTHS, NewPool, create_pool, pool_of_project
from driftwheel.services.label.pools.fill_pool import PoolImage, fill_pool, select_images
from driftwheel.services.label.pools.open_pool import close_pool, open_pool
from driftwheel.services.label.projects.pool_rules import PoolRules
from driftwheel.services.label.projects.requirements import Requirements
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.label_sources import source_of, sources_of
from driftwheel.store.labels.pools import Pool, list_pools
from driftwheel.store.labels.projects import Project
from driftwheel.store.labels.task_answers import list_answers
from driftwheel.store.labels.tasks import TaskKind, TaskState, list_tasks
from driftwheel.store.models.models import model_by_key
from driftwheel.web.api.describe import problems
from driftwheel.web.api.payload_bodies import plain_payload
from driftwheel.web.api.pool_bodies import (
    CloseBody,
    FillBody,
    FilledAnswer,
    ListBody,
    PoolAnswer,
    PoolBody,
    PoolChangeBody,
    ResultAnswer,
    ResultsAnswer,
    RulesAnswer,
    StoredAnswerAnswer,
    StoredAnswersAnswer,
)
from driftwheel.web.api.project_bodies import RequirementsBody
from driftwheel.web.api.projects import ProjectKey, found_or_404, project_at
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = [
    "close_one_pool",
    "edit_pool",
    "fill_one_pool",
    "make_pool",
    "open_one_pool",
    "read_answers",
    "read_pool",
    "read_pools",
    "read_results",
    "router",
]

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/projects/{project}/pools", tags=["labelling"])

PoolKey = Annotated[int, Path(ge=1, lt=2**31)]
_After = Annotated[int, Query(ge=0, lt=2**63, description="`next` of the page before.")]
_READ = [permit("read", all_models=True)]
_EDIT = [permit("edit-models", all_models=True)]


@router.get("", dependencies=_READ, responses=problems(404))
def read_pools(project: ProjectKey, state: State, caller: Caller) -> list[PoolAnswer]:
    """Read the pools of a project, the oldest first."""
    project_at(state, caller, project)
    with reading(state.engine) as connection:
        return [_answer(one) for one in list_pools(connection, project)]


@router.post("", status_code=201, dependencies=_EDIT, responses=problems(404))
def make_pool(project: ProjectKey, body: PoolBody, state: State, caller: Caller) -> PoolAnswer:
    """Make a pool, as a draft without images; fill it, then open it."""
    project_at(state, caller, project)
    given = body.model_dump(exclude={"requires", "rules"})
    requires = Requirements(body.requires.skills, tuple(body.requires.languages), tuple(body.requires.tags))
    new = NewPool(**given, requires=requires, rules=body.rules.model_dump(exclude_none=True))
    return _answer(create_pool(state.engine, project, new, by=caller.name, now=state.clock()))


@router.get("/{pool}", dependencies=_READ, responses=problems(404))
def read_pool(project: ProjectKey, pool: PoolKey, state: State, caller: Caller) -> PoolAnswer:
    """Read one pool, and how far it is."""
    return _answer(_pool_at(state, caller, project, pool)[1])


@router.patch("/{pool}", dependencies=_EDIT, responses=problems(404))
def edit_pool(
    project: ProjectKey, pool: PoolKey, body: PoolChangeBody, state: State, caller: Caller
) -> PoolAnswer:
    """Change the rules of a pool; they hold for what comes from now on."""
    _pool_at(state, caller, project, pool)
    rules = body.rules.model_dump(exclude_none=True)
    return _answer(change_pool(state.engine, project, pool, rules, by=caller.name, now=state.clock()))


@router.post("/{pool}/images", dependencies=_EDIT, responses=problems(404))
def fill_one_pool(
    project: ProjectKey, pool: PoolKey, body: FillBody, state: State, caller: Caller
) -> FilledAnswer:
    """Add images to a pool: chosen ones, or the first of a list of the model's; none is added twice."""
    found, _ = _pool_at(state, caller, project, pool)
    if body.images and body.list_of is not None:
        raise UsageError("There are 'images' and a 'list'; send one of the two.")
    images = [PoolImage(one.record, one.kind, plain_payload(one.truth), one.reason) for one in body.images]
    if body.list_of is not None:
        images = _listed(state, found, body.list_of)
    with found_or_404():
        done = fill_pool(state.engine, project, pool, images, by=caller.name, now=state.clock())
    return FilledAnswer(added=done.added, there=done.there, missing=list(done.missing))


@router.post("/{pool}/open", dependencies=_EDIT, responses=problems(404))
def open_one_pool(project: ProjectKey, pool: PoolKey, state: State, caller: Caller) -> PoolAnswer:
    """Open a pool: its tasks are handed out from now on."""
    _pool_at(state, caller, project, pool)
    return _answer(open_pool(state.engine, project, pool, by=caller.name, now=state.clock()))


@router.post("/{pool}/close", dependencies=_EDIT, responses=problems(404))
def close_one_pool(
    project: ProjectKey, pool: PoolKey, body: CloseBody, state: State, caller: Caller
) -> PoolAnswer:
    """Close a pool; who has a task may still answer it."""
    _pool_at(state, caller, project, pool)
    closed = close_pool(state.engine, project, pool, by=caller.name, now=state.clock(), reason=body.reason)
    return _answer(closed)


@router.get("/{pool}/results", dependencies=_READ, responses=problems(404))
def read_results(  # noqa: PLR0917 - the parameters of the query
    project: ProjectKey,
    pool: PoolKey,
    state: State,
    caller: Caller,
    kind: TaskKind | None = None,
    task_state: Annotated[TaskState | None, Query(alias="state")] = None,
    after: _After = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> ResultsAnswer:
    """Read the tasks of a pool with their consensus, in the order they were added."""
    _pool_at(state, caller, project, pool)
    with reading(state.engine) as connection:
        found = list_tasks(connection, pool, kind=kind, state=task_state, after_key=after, limit=limit + 1)
        noted = sources_of(connection, [one.key for one in found])
    results = [
        ResultAnswer.model_validate(
            {
                "task": one.key,
                "image": one.image.hex(),
                "source": source_of(one, noted),
                **{
                    name: getattr(one, name)
                    for name in ResultAnswer.model_fields
                    if name not in {"task", "image", "source"}
                },
            }
        )
        for one in found[:limit]
    ]
    return ResultsAnswer(results=results, next=results[-1].task if len(found) > limit else None)


@router.get("/{pool}/answers", dependencies=_READ, responses=problems(404))
def read_answers(  # noqa: PLR0917 - the parameters of the query
    project: ProjectKey,
    pool: PoolKey,
    state: State,
    caller: Caller,
    after: _After = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> StoredAnswersAnswer:
    """Read what annotators said in a pool, in the order it came, undone and excluded answers too."""
    _pool_at(state, caller, project, pool)
    with reading(state.engine) as connection:
        found = list_answers(connection, pool, after_key=after, limit=limit + 1)
    answers = [
        StoredAnswerAnswer.model_validate(
            {name: getattr(one, name) for name in StoredAnswerAnswer.model_fields}
        )
        for one in found[:limit]
    ]
    return StoredAnswersAnswer(answers=answers, next=answers[-1].key if len(found) > limit else None)


def _pool_at(state: Services, caller: Identity, project: int, pool: int) -> tuple[Project, Pool]:
    project_at(state, caller, project)
    with reading(state.engine) as connection, found_or_404():
        return pool_of_project(connection, project, pool)


def _listed(state: Services, project: Project, asked: ListBody) -> list[PoolImage]:
    with reading(state.engine) as connection:
        model = model_by_key(connection, project.model)
        query = ImageQuery(
            "" if model is None else model.name,
            since=asked.since,
            until=asked.until,
            tags=asked.tags,
            predicted=asked.predicted,
            outlier_p_at_most=asked.outlier_p_at_most,
            order="outlier" if asked.most_unusual_first else "newest",
            verdict=asked.verdict,
        )
        return select_images(connection, query, limit=asked.limit, reason=asked.reason)


def _answer(pool: Pool) -> PoolAnswer:
    plain = {name: getattr(pool, name) for name in PoolAnswer.model_fields}
    return PoolAnswer.model_validate(
        plain
        | {
            "price": pool.price / MILLIONTHS,
            "rules": RulesAnswer(**asdict(PoolRules.from_json(pool.rules))),
            "requires": RequirementsBody.model_validate(Requirements.from_json(pool.requires).to_json()),
        }
    )
