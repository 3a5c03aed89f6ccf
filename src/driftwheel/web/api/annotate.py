"""What annotators do, in a browser or a crowd elsewhere: take tasks, look at images, answer."""

from __future__ import annotations

import secrets
from typing import Annotated

import numpy as np
from fastapi import APIRouter, HTTPException, Path, Query, Response

from driftwheel.errors import UnreadableImageError
from driftwheel.images.header import read_header
from driftwheel.services.access.authorise import Identity, allows
from driftwheel.services.assist.show_prelabels import show_prelabels
from driftwheel.services.label.people.find_annotator import find_annotator
from driftwheel.services.label.quality.challenge_annotator import reply_challenge, show_challenge
from driftwheel.services.label.quality.notices import notices_of
from driftwheel.services.label.work.describe_work import describe_work
from driftwheel.services.label.work.next_tasks import GivenTask, next_tasks
from driftwheel.services.label.work.submit_answer import NewAnswer, submit_answer
from driftwheel.services.label.work.undo_answer import undo_answer
from driftwheel.services.measure.make_thumbnail import ThumbnailSide, make_thumbnail
from driftwheel.store.assist.prelabels import Prelabel
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.annotators import Annotator
from driftwheel.store.labels.leases import Lease, find_lease, lease_by_key
from driftwheel.store.labels.tasks import task_by_key
from driftwheel.web.api.describe import problems
from driftwheel.web.api.payload_bodies import plain_payload
from driftwheel.web.api.projects import ProjectKey, class_answers, found_or_404, project_at
from driftwheel.web.api.task_bodies import (
    AnswerBody,
    GivenTaskAnswer,
    NextBody,
    NextTasksAnswer,
    NoticeAnswer,
    RepliedAnswer,
    ReplyBody,
    SubmittedAnswer,
)
from driftwheel.web.api.work_bodies import StandingAnswer, WorkAnswer
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = [
    "read_challenge",
    "read_task_image",
    "read_work",
    "router",
    "send_answer",
    "send_reply",
    "take_back_answer",
    "take_tasks",
]

router = APIRouter(
    route_class=GuardedRoute,
    prefix="/api/v1/projects/{project}",
    tags=["labelling"],
    dependencies=[permit("annotate", all_models=True)],
)

_Worker = Annotated[
    str | None,
    Query(max_length=128, description="Whom a token acts for that is nobody's own, as called elsewhere."),
]
_ChallengeKey = Annotated[int, Path(ge=1, lt=2**63)]
_UNCHANGED = {"Cache-Control": "private, max-age=86400, immutable"}


@router.get("/work", responses=problems(404))
def read_work(project: ProjectKey, state: State, caller: Caller, annotator: _Worker = None) -> WorkAnswer:
    """Read what is asked of annotators, and how far the caller has come.

    How golden tasks were answered is told at once to those alone who may see all of the project: whoever else
    knew it after each answer would know which tasks are golden. They are told after every fifty answers.
    """
    found = project_at(state, caller, project)
    who = _who_may_look(state, caller, project, annotator)
    with reading(state.engine) as connection:
        work = describe_work(connection, found.key, who.key, leads=allows(caller, "read"))
    return WorkAnswer(
        project=found.key,
        name=found.name,
        answer=found.answer,
        classes=class_answers(found),
        instructions=found.instructions,
        annotator=who.name,
        state=work.state,
        pools=[StandingAnswer.model_validate(one, from_attributes=True) for one in work.standings],
    )


@router.post("/next", responses=problems(404, 503))
def take_tasks(project: ProjectKey, body: NextBody, state: State, caller: Caller) -> NextTasksAnswer:
    """Take tasks: those the annotator has, and new ones up to `count`; ask for some ahead of the present one.

    Asked again, the same come until they are answered, so a request without an answer loses nothing.
    """
    who = _who(state, caller, project, body.annotator)
    rng = np.random.default_rng(secrets.randbits(128))  # nobody can tell which task is a golden one
    found = next_tasks(state.engine, who.key, count=body.count, now=state.clock(), rng=rng, pool=body.pool)
    shown = show_prelabels(state.engine, found.tasks, rng=rng)
    given = [_given(one, shown.get(one.lease)) for one in found.tasks]
    with reading(state.engine) as connection:
        told = notices_of(connection, project, who.key, state.clock())
    return NextTasksAnswer(
        tasks=given,
        why=found.why,
        missing=found.missing,
        until=found.until,
        challenge=found.challenge,
        notices=[NoticeAnswer(key=one.key, words=one.words) for one in told],
    )


@router.get(
    "/challenges/{key}/image",
    response_class=Response,
    responses={200: {"description": "The file.", "content": {"image/png": {}}}, **problems(404)},
)
def read_challenge(
    project: ProjectKey, key: _ChallengeKey, state: State, caller: Caller, annotator: _Worker = None
) -> Response:
    """Read the image of the challenge that waits for the annotator; its time begins with that."""
    who = _who_may_look(state, caller, project, annotator)
    with found_or_404():
        data = show_challenge(state.engine, who.key, key, now=state.clock())
    return Response(data, 200, {"Cache-Control": "no-store"}, "image/png")


@router.post("/challenges/{key}", responses=problems(404))
def send_reply(
    project: ProjectKey, key: _ChallengeKey, body: ReplyBody, state: State, caller: Caller
) -> RepliedAnswer:
    """Reply to a challenge with what its image says; after that, tasks come again."""
    who = _who(state, caller, project, body.annotator)
    with found_or_404():
        replied = reply_challenge(state.engine, who.key, key, body.text, now=state.clock())
    state.known_tokens.forget()  # three wrong replies ban
    return RepliedAnswer(passed=replied.passed)


@router.post("/answers", status_code=202, responses=problems(404, 409, 503, 507))
def send_answer(project: ProjectKey, body: AnswerBody, state: State, caller: Caller) -> SubmittedAnswer:
    """Answer a task, or skip it. 202 comes when that is on disk; sent again with its id, it counts once."""
    who = _who(state, caller, project, body.annotator)
    task = _given_to(state, who, body.task).task
    new = NewAnswer(body.id, task, body.kind, plain_payload(body.payload), body.reason, body.seconds)
    with found_or_404():
        done = submit_answer(state.engine, who.key, new, now=state.clock())
    if done.outcome == "conflict" or done.state is None:
        raise HTTPException(409, done.reason or "Another answer is kept.")
    return SubmittedAnswer.model_validate(
        {name: getattr(done, name) for name in SubmittedAnswer.model_fields}
    )


@router.post("/answers/{answer}/undo", responses=problems(404, 503))
def take_back_answer(
    project: ProjectKey,
    answer: Annotated[str, Path(max_length=60)],
    state: State,
    caller: Caller,
    annotator: _Worker = None,
) -> NextTasksAnswer:
    """Undo the annotator's last answer; its task is theirs again, where it still wants an answer."""
    who = _who(state, caller, project, annotator)
    undone = undo_answer(state.engine, who.key, answer, now=state.clock())
    with reading(state.engine) as connection:
        lease = find_lease(connection, undone.task, who.key)
        task = task_by_key(connection, undone.task)
    if lease is None or lease.ended is not None or task is None:
        return NextTasksAnswer(tasks=[], why="no_tasks", missing="")
    given = GivenTask(
        task.key,
        lease.key,
        task.pool,
        task.image,
        task.width,
        task.height,
        False,
        lease.begun,
        lease.expires,
    )
    shown = show_prelabels(state.engine, [given], rng=np.random.default_rng(secrets.randbits(128)))
    return NextTasksAnswer(tasks=[_given(given, shown.get(given.lease))], why="", missing="")


@router.get(
    "/tasks/{task}/image",
    response_class=Response,
    responses={200: {"description": "The file.", "content": {"image/*": {}}}, **problems(404)},
)
def read_task_image(  # noqa: PLR0917 - the parameters of the query
    project: ProjectKey,
    task: Annotated[int, Path(ge=1, lt=2**63)],
    state: State,
    caller: Caller,
    size: Annotated[
        ThumbnailSide | None, Query(description="A JPEG whose longer side has so many pixels, upright.")
    ] = None,
    annotator: _Worker = None,
) -> Response:
    """Read the image of a task that the annotator was given, and of no other."""
    who = _who_may_look(state, caller, project, annotator)
    lease = _given_to(state, who, task)
    with reading(state.engine) as connection:
        found = task_by_key(connection, lease.task)
    if found is None:
        raise _no_task(task)
    try:
        data = state.blobs.get(found.image)
        if size is not None:
            small = make_thumbnail(data, size, max_pixels=state.settings.max_image_pixels)
            return Response(small, 200, _UNCHANGED, "image/jpeg")
        media_type = f"image/{read_header(data).format}"
    except FileNotFoundError:
        raise HTTPException(404, "The image is no longer kept.") from None
    except UnreadableImageError as error:
        raise HTTPException(404, f"The image cannot be shown: {error.reason}.") from None
    return Response(data, 200, _UNCHANGED | {"Content-Disposition": "inline"}, media_type)


def _who(state: Services, caller: Identity, project: int, name: str | None) -> Annotator:
    with found_or_404():
        return find_annotator(state.engine, project, caller, now=state.clock(), name=name)


def _who_may_look(state: Services, caller: Identity, project: int, name: str | None) -> Annotator:
    who = _who(state, caller, project, name)
    if who.banned is not None:
        raise HTTPException(403, f"The annotator '{who.name}' is banned from this project.")
    return who


def _given_to(state: Services, who: Annotator, task: int) -> Lease:
    """Return the lease of a task, as the annotator knows it, or answer 404 where they never had it."""
    with reading(state.engine) as connection:
        lease = lease_by_key(connection, task, who.key)
    if lease is None:
        raise _no_task(task)
    return lease


def _no_task(task: int) -> HTTPException:
    return HTTPException(404, f"There is no task {task} that was given to this annotator.")


def _given(one: GivenTask, shown: Prelabel | None) -> GivenTaskAnswer:
    plain = {name: getattr(one, name) for name in GivenTaskAnswer.model_fields if name != "prelabel"}
    said = None if shown is None else {"payload": shown.payload, "confidence": shown.confidence}
    told = {"task": one.lease, "image": one.image.hex(), "prelabel": said}
    return GivenTaskAnswer.model_validate(plain | told)
