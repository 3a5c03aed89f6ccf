"""The review queue: tasks that want a person, and what reviewers decide of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Path, Query

from driftwheel.services.label.review.promote_task import promote_task
from driftwheel.services.label.review.review_task import Decision, review_task, reviewable
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.annotators import list_annotators
from driftwheel.store.labels.pools import pool_by_key
from driftwheel.store.labels.review_queue import Review, count_queued, list_reviews, queued_tasks
from driftwheel.store.labels.task_answers import StoredAnswer, answers_of_task
from driftwheel.store.labels.tasks import ReviewWhy, Task
from driftwheel.web.api.describe import problems
from driftwheel.web.api.payload_bodies import plain_payload
from driftwheel.web.api.projects import ProjectKey, found_or_404, project_at
from driftwheel.web.api.review_bodies import (
    DecisionBody,
    PromoteBody,
    PromotedAnswer,
    QueueAnswer,
    QueuedTaskAnswer,
    ReviewAnswer,
    ReviewedAnswer,
    ReviewsAnswer,
    VoteAnswer,
)
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = ["promote_reviewed", "read_queue", "read_reviews", "review_one", "router"]

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/projects/{project}", tags=["labelling"])

_TaskKey = Annotated[int, Path(ge=1, lt=2**63)]
_READ = [permit("read", all_models=True)]
_EDIT = [permit("edit-models", all_models=True)]


@router.get("/review", dependencies=_READ, responses=problems(404))
def read_queue(  # noqa: PLR0917 - the parameters of the query
    project: ProjectKey,
    state: State,
    caller: Caller,
    pool: Annotated[int | None, Query(ge=1, lt=2**31)] = None,
    why: ReviewWhy | None = None,
    after: Annotated[int, Query(ge=0, lt=2**63, description="`next` of the page before.")] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> QueueAnswer:
    """Read the tasks that want a person, with what annotators said, in the order they were added."""
    project_at(state, caller, project)
    with reading(state.engine) as connection:
        found = queued_tasks(connection, project, pool=pool, why=why, after_key=after, limit=limit + 1)
        names = {one.key: one.name for one in list_annotators(connection, project)}
        tasks = [_queued(one, answers_of_task(connection, one.key), names) for one in found[:limit]]
        waiting = count_queued(connection, project, pool=pool)
    return QueueAnswer(tasks=tasks, waiting=waiting, next=tasks[-1].task if len(found) > limit else None)


@router.post("/review/{task}", dependencies=_EDIT, responses=problems(404))
def review_one(
    project: ProjectKey, task: _TaskKey, body: DecisionBody, state: State, caller: Caller
) -> ReviewedAnswer:
    """Accept the consensus of a task, edit it, or reject it: then the task is labelled again.

    What was accepted or edited is final: neither later answers nor bans change it.
    """
    project_at(state, caller, project)
    decision = Decision(body.action, plain_payload(body.payload), body.reason, body.again, body.anew)
    with found_or_404():
        done = review_task(state.engine, project, task, decision, by=caller.name, now=state.clock())
    with reading(state.engine) as connection:
        pool = pool_by_key(connection, done.pool)
    return ReviewedAnswer(review=_review(done), pool_state="closed" if pool is None else pool.state)


@router.post("/review/{task}/promote", status_code=201, dependencies=_EDIT, responses=problems(404))
def promote_reviewed(
    project: ProjectKey, task: _TaskKey, body: PromoteBody, state: State, caller: Caller
) -> PromotedAnswer:
    """Make a golden, training or exam task of another pool of one that a person has decided of."""
    project_at(state, caller, project)
    with found_or_404():
        promote_task(
            state.engine, project, task, body.pool, kind=body.kind, by=caller.name, now=state.clock()
        )
        with reading(state.engine) as connection:
            _, found, _ = reviewable(connection, project, task)
    return PromotedAnswer(record=found.record, pool=body.pool, kind=body.kind)


@router.get("/reviews", dependencies=_READ, responses=problems(404))
def read_reviews(  # noqa: PLR0917 - the parameters of the query
    project: ProjectKey,
    state: State,
    caller: Caller,
    task: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    before: Annotated[int | None, Query(ge=1, lt=2**63, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> ReviewsAnswer:
    """Read what reviewers decided, who and when, the newest first."""
    project_at(state, caller, project)
    with reading(state.engine) as connection:
        found = list_reviews(connection, project, task=task, before_key=before, limit=limit + 1)
    shown = [_review(one) for one in found[:limit]]
    return ReviewsAnswer(reviews=shown, next=shown[-1].key if len(found) > limit else None)


def _queued(task: Task, answers: list[StoredAnswer], names: Mapping[int, str]) -> QueuedTaskAnswer:
    plain = {name: getattr(task, name) for name in QueuedTaskAnswer.model_fields if hasattr(task, name)}
    votes = [
        VoteAnswer.model_validate(
            {name: getattr(one, name) for name in VoteAnswer.model_fields if name != "name"}
            | {"name": names.get(one.annotator, "")}
        )
        for one in answers
        if one.state != "undone"
    ]
    more = {"task": task.key, "image": task.image.hex(), "why": task.review, "answers": votes}
    return QueuedTaskAnswer.model_validate(plain | more)


def _review(one: Review) -> ReviewAnswer:
    return ReviewAnswer.model_validate({name: getattr(one, name) for name in ReviewAnswer.model_fields})
