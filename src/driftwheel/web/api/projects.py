"""Labelling projects: what is asked, who is asked, and what rules and people did."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from sqlalchemy import Connection

from driftwheel.services.access.authorise import Identity
from driftwheel.services.label.people.change_annotator import change_annotator
from driftwheel.services.label.people.find_annotator import project_for
from driftwheel.services.label.people.invite_annotators import Told, end_invitation, invite_annotators
from driftwheel.services.label.projects.create_project import NewClass, create_project, edit_project
from driftwheel.services.label.quality.ban_annotator import ban_annotator
from driftwheel.services.label.quality.undo_event import undo_event as undo
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.annotators import Annotator, annotator_by_key, list_annotators
from driftwheel.store.labels.assignments import assignments_of
from driftwheel.store.labels.invitations import Invitation, list_invitations
from driftwheel.store.labels.label_events import LabelEvent, list_events
from driftwheel.store.labels.projects import Project, list_projects
from driftwheel.store.models.models import model_by_key
from driftwheel.web.api.describe import problems
from driftwheel.web.api.project_bodies import (
    AnnotatorAnswer,
    AnnotatorChangeBody,
    BanBody,
    ClassBody,
    EventAnswer,
    InvitationAnswer,
    InvitationBody,
    JoinBody,
    JoinedAnswer,
    LabelClassAnswer,
    NewInvitationAnswer,
    ProjectAnswer,
    ProjectBody,
    ProjectChangeBody,
)
from driftwheel.web.join import take_invitation
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = [
    "ProjectKey",
    "ban_one",
    "class_answers",
    "edit_annotator",
    "edit_one_project",
    "found_or_404",
    "join",
    "make_invitation",
    "make_project",
    "project_at",
    "read_annotators",
    "read_events",
    "read_invitations",
    "read_project",
    "read_projects",
    "router",
    "undo_event",
    "withdraw_invitation",
]

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1", tags=["labelling"])

ProjectKey = Annotated[int, Path(ge=1, lt=2**31)]
_Key = Annotated[int, Path(ge=1, lt=2**31)]
_EventKey = Annotated[int, Path(ge=1, lt=2**63)]
_READ = [permit("read", all_models=True)]
_EDIT = [permit("edit-models", all_models=True)]


@contextmanager
def found_or_404() -> Iterator[None]:
    """Answer 404 for a `LookupError` of a service."""
    try:
        yield
    except LookupError as error:
        raise HTTPException(404, str(error)) from None


def project_at(state: Services, caller: Identity, key: int) -> Project:
    """Return the project of that key, or answer 404 where the caller may not know of one."""
    with reading(state.engine) as connection, found_or_404():
        return project_for(connection, key, caller)


def class_answers(project: Project) -> list[LabelClassAnswer]:
    """Return the classes of a project as they are answered."""
    return [LabelClassAnswer(**asdict(one)) for one in project.classes]


@router.get("/projects", dependencies=_READ)
def read_projects(state: State, caller: Caller) -> list[ProjectAnswer]:
    """Read all labelling projects by name; a token for some models reads those of theirs."""
    with reading(state.engine) as connection:
        found = [_answer(connection, one) for one in list_projects(connection)]
    return [one for one in found if caller.models is None or one.model in caller.models]


@router.post("/projects", status_code=201, dependencies=_EDIT, responses=problems(404))
def make_project(body: ProjectBody, state: State, caller: Caller) -> ProjectAnswer:
    """Make a labelling project about the images of a model."""
    if caller.models is not None and body.model not in caller.models:
        raise HTTPException(403, f"The token is not for the model '{body.model}'.")
    made = create_project(
        state.engine,
        body.name,
        body.model,
        body.answer,
        _classes(body.classes),
        instructions=body.instructions,
        by=caller.name,
        now=state.clock(),
    )
    return read_project(made.key, state, caller)


@router.get("/projects/{project}", dependencies=_READ, responses=problems(404))
def read_project(project: ProjectKey, state: State, caller: Caller) -> ProjectAnswer:
    """Read one labelling project."""
    found = project_at(state, caller, project)
    with reading(state.engine) as connection:
        return _answer(connection, found)


@router.patch("/projects/{project}", dependencies=_EDIT, responses=problems(404))
def edit_one_project(
    project: ProjectKey, body: ProjectChangeBody, state: State, caller: Caller
) -> ProjectAnswer:
    """Change the instructions, or keys and colours of classes; classes may be added at the end."""
    project_at(state, caller, project)
    edit_project(
        state.engine,
        project,
        classes=None if body.classes is None else _classes(body.classes),
        instructions=body.instructions,
        by=caller.name,
        now=state.clock(),
    )
    return read_project(project, state, caller)


@router.get("/projects/{project}/invitations", dependencies=_READ, responses=problems(404))
def read_invitations(project: ProjectKey, state: State, caller: Caller) -> list[InvitationAnswer]:
    """Read the invitations to a project, the newest first, revoked ones too."""
    project_at(state, caller, project)
    with reading(state.engine) as connection:
        return [_invitation(one) for one in list_invitations(connection, project)]


@router.post("/projects/{project}/invitations", status_code=201, dependencies=_EDIT, responses=problems(404))
def make_invitation(
    project: ProjectKey, body: InvitationBody, state: State, caller: Caller
) -> NewInvitationAnswer:
    """Invite people to label in a project: who has the secret may join it, and do nothing else."""
    project_at(state, caller, project)
    made = invite_annotators(
        state.engine,
        project,
        by=caller.name,
        now=state.clock(),
        note_text=body.note,
        most=body.most,
        languages=body.languages,
        tags=body.tags,
        skills_told=body.skills_told,
        tags_told=body.tags_told,
        expires=body.expires,
    )
    return NewInvitationAnswer(**_invitation(made.invitation).model_dump(), secret=made.secret)


@router.delete(
    "/projects/{project}/invitations/{key}",
    status_code=204,
    response_class=Response,
    dependencies=_EDIT,
    responses=problems(404),
)
def withdraw_invitation(project: ProjectKey, key: _Key, state: State, caller: Caller) -> None:
    """Let nobody join by an invitation any more; who has joined stays."""
    project_at(state, caller, project)
    with found_or_404():
        end_invitation(state.engine, project, key, by=caller.name, now=state.clock())


@router.post(
    "/join", status_code=201, dependencies=[permit("public")], responses=problems(404, 413, 415, 429)
)
def join(body: JoinBody, request: Request, state: State) -> JoinedAnswer:
    """Join a labelling project by the secret of an invitation; the answer holds a token for it.

    It asks for no token: the secret is one.
    """
    with found_or_404():
        told = Told(body.languages, body.skills, body.tags)
        joined = take_invitation(request, state, body.invitation, body.name, told)
    who = joined.annotator
    return JoinedAnswer(token=joined.token, project=joined.project.key, annotator=who.key, name=who.name)


@router.get("/projects/{project}/annotators", dependencies=_READ, responses=problems(404))
def read_annotators(project: ProjectKey, state: State, caller: Caller) -> list[AnnotatorAnswer]:
    """Read who labels in a project, by name, and how far they have come."""
    project_at(state, caller, project)
    with reading(state.engine) as connection:
        return [_annotator(connection, one) for one in list_annotators(connection, project)]


@router.patch("/projects/{project}/annotators/{key}", dependencies=_EDIT, responses=problems(404))
def edit_annotator(
    project: ProjectKey, key: _Key, body: AnnotatorChangeBody, state: State, caller: Caller
) -> AnnotatorAnswer:
    """Say what an annotator can: levels of skills, languages, tags."""
    project_at(state, caller, project)
    given = body.model_dump(exclude_unset=True)
    with found_or_404():
        change_annotator(state.engine, project, key, by=caller.name, now=state.clock(), **given)
    return _one_annotator(state, key)


@router.post("/projects/{project}/annotators/{key}/ban", dependencies=_EDIT, responses=problems(404))
def ban_one(project: ProjectKey, key: _Key, body: BanBody, state: State, caller: Caller) -> EventAnswer:
    """Ban an annotator; what they have goes to others, and what they said too, where it is excluded."""
    project_at(state, caller, project)
    with found_or_404():
        event = ban_annotator(
            state.engine,
            project,
            key,
            body.reason,
            exclude=body.exclude,
            by=caller.name,
            now=state.clock(),
        )
    state.known_tokens.forget()
    return _event(event)


@router.get("/projects/{project}/events", dependencies=_READ, responses=problems(404))
def read_events(  # noqa: PLR0917 - the parameters of the query
    project: ProjectKey,
    state: State,
    caller: Caller,
    annotator: Annotated[int | None, Query(ge=1, lt=2**31)] = None,
    pool: Annotated[int | None, Query(ge=1, lt=2**31)] = None,
    before: Annotated[int | None, Query(ge=1, lt=2**63, description="Older than this event.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[EventAnswer]:
    """Read what rules and people did in a project, the newest first."""
    project_at(state, caller, project)
    with reading(state.engine) as connection:
        found = list_events(
            connection, project, annotator=annotator, pool=pool, before_key=before, limit=limit
        )
    return [_event(one) for one in found]


@router.post("/projects/{project}/events/{key}/undo", dependencies=_EDIT, responses=problems(404))
def undo_event(project: ProjectKey, key: _EventKey, state: State, caller: Caller) -> EventAnswer:
    """Undo a ban, a pause or a warning: what a ban excluded counts again, where there is room."""
    project_at(state, caller, project)
    with found_or_404():
        return _event(undo(state.engine, project, key, by=caller.name, now=state.clock()))


def _classes(given: list[ClassBody]) -> list[NewClass]:
    return [NewClass(one.name, one.key, one.colour) for one in given]


def _answer(connection: Connection, project: Project) -> ProjectAnswer:
    model = model_by_key(connection, project.model)
    return ProjectAnswer(
        key=project.key,
        name=project.name,
        model="" if model is None else model.name,
        answer=project.answer,
        classes=class_answers(project),
        instructions=project.instructions,
        created=project.created,
        by=project.by,
    )


def _invitation(one: Invitation) -> InvitationAnswer:
    return InvitationAnswer.model_validate(
        {name: getattr(one, name) for name in InvitationAnswer.model_fields}
    )


def _event(one: LabelEvent) -> EventAnswer:
    return EventAnswer.model_validate(one, from_attributes=True)


def _one_annotator(state: Services, key: int) -> AnnotatorAnswer:
    with reading(state.engine) as connection:
        found = annotator_by_key(connection, key)
        if found is None:
            raise HTTPException(404, f"There is no annotator {key}.")
        return _annotator(connection, found)


def _annotator(connection: Connection, one: Annotator) -> AnnotatorAnswer:
    stands = assignments_of(connection, annotator=one.key)
    return AnnotatorAnswer(
        key=one.key,
        name=one.name,
        is_user=one.user is not None,
        invitation=one.invitation,
        skills=dict(one.skills),
        languages=list(one.languages),
        tags=list(one.tags),
        banned=one.banned,
        paused_until=one.paused_until,
        created=one.created,
        answered=sum(each.answered for each in stands),
        skipped=sum(each.skipped for each in stands),
        golden=sum(each.golden for each in stands),
        golden_correct=sum(each.golden_correct for each in stands),
    )
