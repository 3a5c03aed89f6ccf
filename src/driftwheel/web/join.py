"""Join a labelling project from the web, for the API and for the page."""

from __future__ import annotations

import hashlib
import math
from datetime import timedelta

from fastapi import HTTPException, Request

from driftwheel.services.label.people.invite_annotators import NOTHING, Joined, Told, join_project
from driftwheel.web.state import Services

__all__ = ["take_invitation"]


def take_invitation(
    request: Request, services: Services, secret: str, name: str, told: Told = NOTHING
) -> Joined:
    """Join by the secret of an invitation.

    Parameters
    ----------
    told
        What they say of themselves.

    Raises
    ------
    HTTPException
        429 with ``Retry-After`` after too many attempts from one address.
    LookupError
        When the invitation is unknown, has ended, or is used up.
    UsageError
        When the name is taken or cannot be used.
    """
    address = request.client.host if request.client else ""
    tried = f"join {hashlib.sha256(secret.encode()).hexdigest()[:32]}"
    wait = services.attempts.begin(tried, address, services.clock())
    if wait > timedelta():
        seconds = math.ceil(wait.total_seconds())
        raise HTTPException(
            429,
            f"Too many attempts to join. Try again in {math.ceil(seconds / 60)} min.",
            {"Retry-After": str(seconds)},
        )
    joined = join_project(services.engine, secret, name, now=services.clock(), told=told)
    services.attempts.succeeded(tried, address)
    return joined
