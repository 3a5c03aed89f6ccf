"""An annotator who labels over HTTP: joins by an invitation, takes tasks, answers them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from driftwheel.client.api import Api
from driftwheel.errors import DriftwheelError, UsageError

__all__ = ["Annotator", "GivenTask", "Tasks", "invitation_of", "join"]

_JOIN = "/join/"
_TAKEN = "choose another name"


@dataclass(frozen=True, slots=True)
class GivenTask:
    """A task: the annotator's own number of it, its pool, and the SHA-256 of its image in hexadecimal."""

    number: int
    pool: int
    image: str


@dataclass(frozen=True, slots=True)
class Tasks:
    """What an annotator is to do.

    Attributes
    ----------
    given
        The tasks, in the order to do them.
    why
        Why there is none: ``no_tasks``, ``not_qualified``, ``exam_failed``, ``paused``, ``challenge``,
        ``banned``; empty where there is one.
    """

    given: tuple[GivenTask, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Annotator:
    """Somebody who has joined a project; `api` is called with their token.

    Attributes
    ----------
    project, key, name
        The project's key, the annotator's own in it, and their name.
    """

    api: Api
    project: int
    key: int
    name: str

    def work(self) -> Mapping[str, Any]:
        """Return what is asked: the project's name, kind of answer, classes, instructions and state.

        Raises
        ------
        DriftwheelError
            When the server refuses or does not answer.
        """
        found: Mapping[str, Any] = self.api.get(f"/projects/{self.project}/work")
        return found

    def next_tasks(self, count: int = 1, pool: int | None = None) -> Tasks:
        """Return the tasks that the annotator has, and new ones up to `count`, likewise.

        Who was banned, and so has no token any more, has none and is told ``banned``.
        """
        body = {"count": count} if pool is None else {"count": count, "pool": pool}
        path = f"/projects/{self.project}/next"
        reply = self.api.call("POST", path, body)
        if reply.status in (401, 403):
            return Tasks((), "banned")
        if reply.status != 200:
            raise DriftwheelError(f"POST {path}: {reply.detail or reply.status}")
        found = reply.document
        given = tuple(GivenTask(one["task"], one["pool"], one["image"]) for one in found["tasks"])
        return Tasks(given, found["why"])

    def answer(
        self,
        task: int,
        payload: Mapping[str, Any] | None,
        *,
        kind: Literal["answer", "skip", "cannot_tell"] = "answer",
        seconds: float | None = None,
        reason: str = "",
    ) -> bool:
        """Answer a task, such as with ``{"class": "cat"}``; return False where it was taken back meanwhile.

        Sent again after a lost connection, it counts once.

        Raises
        ------
        DriftwheelError
            When the server finds the answer wrong or does not answer.
        """
        body = {"id": str(uuid.uuid4()), "task": task, "kind": kind, "reason": reason}
        body |= {
            name: value for name, value in (("payload", payload), ("seconds", seconds)) if value is not None
        }
        path = f"/projects/{self.project}/answers"
        reply = self.api.call("POST", path, body)
        if reply.status in (401, 403, 404):  # banned since, or the lease has gone with a ban
            return False
        if reply.status != 202:
            raise DriftwheelError(f"POST {path}: {reply.detail or reply.status}")
        return True


def invitation_of(link: str) -> tuple[str, str]:
    """Return the server's address and the secret of an invitation's link.

    Raises
    ------
    UsageError
        When it is no such link.

    Examples
    --------
    >>> invitation_of("https://driftwheel.example/join/abc")
    ('https://driftwheel.example', 'abc')
    """
    url, found, secret = link.strip().rpartition(_JOIN)
    if not found or not secret or "/" in secret or "://" not in url:
        raise UsageError(
            f"'{link}' is no link of an invitation; it looks like 'https://driftwheel.example/join/…', and "
            "is made under Labels → your project → Invite annotators."
        )
    return url, secret


def join(api: Api, secret: str, name: str) -> Annotator | None:
    """Join a project by the secret of an invitation; return None where somebody has that name there.

    Raises
    ------
    DriftwheelError
        When the invitation lets nobody in any more, or it is no name.
    """
    reply = api.call("POST", "/join", {"invitation": secret, "name": name})
    if reply.status == 422 and _TAKEN in reply.detail:
        return None
    if reply.status != 201:
        raise DriftwheelError(f"Nobody can join by this invitation: {reply.detail or reply.status}")
    joined = reply.document
    return Annotator(api.as_token(joined["token"]), joined["project"], joined["annotator"], joined["name"])
