"""Where one arrives: the models; for those who only label, a word of what is to come."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.services.authorise import allows
from driftwheel.web.pages.rendering import render
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)


@router.get("/", dependencies=[permit("logged-in")])
def _arrive(request: Request, caller: Caller) -> Response:
    """Lead to the models, or say why there is nothing to see."""
    if allows(caller, "read"):
        return RedirectResponse("/models", 303)
    return render(request, "nothing_here.html.j2")
