"""Users: who may log in, and what they may do."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from driftwheel.services.access.change_user import change_password, change_role, set_active
from driftwheel.services.access.create_user import create_user
from driftwheel.store.access.users import Role, User, find_user, list_users
from driftwheel.store.engine.database import reading
from driftwheel.web.api.describe import problems
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["NewUserBody", "UserAnswer", "UserChangeBody", "change_user", "make_user", "read_users", "router"]

router = APIRouter(
    route_class=GuardedRoute, prefix="/api/v1/users", tags=["users"], dependencies=[permit("administer")]
)


class UserAnswer(BaseModel):
    """Somebody who may log in."""

    name: str
    role: Role
    active: bool
    created: datetime
    last_seen: datetime | None


class NewUserBody(BaseModel):
    """A user to be made."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=128, examples=["anna.berg"])
    password: str = Field(max_length=256, description="At least 10 characters.")
    role: Role


class UserChangeBody(BaseModel):
    """What is to change of a user; each change ends their sessions."""

    model_config = ConfigDict(extra="forbid")

    password: str | None = Field(None, max_length=256)
    role: Role | None = None
    active: bool | None = None


@router.get("")
def read_users(state: State) -> list[UserAnswer]:
    """Read all users, by name."""
    with reading(state.engine) as connection:
        return [_answer(user) for user in list_users(connection)]


@router.post("", status_code=201, responses=problems(409))
def make_user(body: NewUserBody, state: State, caller: Caller) -> UserAnswer:
    """Make a user."""
    with reading(state.engine) as connection:
        if body.name.isprintable() and find_user(connection, body.name) is not None:
            raise HTTPException(409, f"There is already a user '{body.name}'.")
    now = state.clock()
    return _answer(create_user(state.engine, body.name, body.password, body.role, by=caller.name, now=now))


@router.patch("/{user}", responses=problems(404))
def change_user(user: str, body: UserChangeBody, state: State, caller: Caller) -> UserAnswer:
    """Change a user's password or role, or switch the user off or on; one active admin always remains."""
    _find(state, user)
    now = state.clock()
    if body.password is not None:
        change_password(state.engine, user, body.password, by=caller.name, now=now)
    if body.role is not None:
        change_role(state.engine, user, body.role, by=caller.name, now=now)
    if body.active is not None:
        set_active(state.engine, user, body.active, by=caller.name, now=now)
    return _answer(_find(state, user))


def _find(services: Services, name: str) -> User:
    with reading(services.engine) as connection:
        user = find_user(connection, name)
    if user is None:
        raise HTTPException(404, f"There is no user '{name}'.")
    return user


def _answer(user: User) -> UserAnswer:
    return UserAnswer(
        name=user.name, role=user.role, active=user.active, created=user.created, last_seen=user.last_seen
    )
