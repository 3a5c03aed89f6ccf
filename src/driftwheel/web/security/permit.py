"""What a route asks of its caller. A route that asks nothing does not start: see `require_permissions`.

``dependencies=[permit("read")]`` at a route or a router. A route open to all says so: ``permit("public")``.
Routers have ``route_class=GuardedRoute``: FastAPI alone reads the body before it asks.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any, Literal

from fastapi import Depends, FastAPI, HTTPException, Request, Response, params
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from driftwheel.services.access.authorise import PERMISSIONS, Identity, Permission, allows
from driftwheel.web.security.csrf import check_csrf
from driftwheel.web.security.identity import identify
from driftwheel.web.security.texts import PlainTexts
from driftwheel.web.state import services_of

__all__ = ["Asked", "GuardedRoute", "Permit", "guarded_routes", "permit", "require_permissions"]

Asked = Permission | Literal["public", "logged-in"]
"""A permission; or open to all; or to everybody who is known."""


class Permit:
    """Lets a request through, or refuses it; the dependency that `permit` makes.

    Attributes
    ----------
    asked
        What it asks for.
    all_models
        Whether a token limited to some models may call a route that names none: the route itself leaves out
        what is not of them.
    """

    def __init__(self, asked: Asked, *, all_models: bool) -> None:
        self.asked = asked
        self.all_models = all_models

    async def __call__(self, request: Request) -> None:
        """Find out who calls, and refuse who may not; a request that was let through is not asked again.

        Raises
        ------
        HTTPException
            401 without a token or session, 403 for what its role, its models or another site's form may not.
        """
        passed: tuple[Permit, ...] = getattr(request.state, "passed", ())
        if self.asked == "public" or self in passed:
            return
        identity = await identify(request, await services_of(request))
        if identity is None:
            raise HTTPException(
                401,
                "Log in, or send `Authorization: Bearer dw_…` with a token from `driftwheel tokens create`.",
                {"WWW-Authenticate": 'Bearer realm="driftwheel"'},
            )
        if self.asked != "logged-in" and not allows(identity, self.asked):
            raise HTTPException(
                403, f"The role {identity.role} may not do this: it needs the permission {self.asked}."
            )
        self._check_models(request, identity)
        await check_csrf(request, identity)
        request.state.identity = identity
        request.state.passed = (*passed, self)

    def _check_models(self, request: Request, identity: Identity) -> None:
        if identity.models is None or self.asked == "logged-in":
            return
        name = request.path_params.get("name")
        if name is None and not self.all_models:
            raise HTTPException(403, "The token is limited to some models; this is not about a model.")
        if name is not None and name not in identity.models:
            raise HTTPException(403, f"The token is not for the model '{name}'.")


class GuardedRoute(APIRoute):
    """A route that asks who calls before it reads anything of the body, and takes no texts it cannot keep."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers: the permits first."""
        answer = super().get_route_handler()
        permits = _permits(self.dependencies)

        async def guarded(request: Request) -> Response:
            plain = PlainTexts(request.scope, request.receive)
            for one in permits:
                await one(plain)
            return await answer(plain)

        return guarded


def permit(asked: Asked, *, all_models: bool = False) -> Any:
    """Return the dependency of a route that asks its caller for `asked`.

    A route about one model has the path parameter ``name``: tokens are limited by it.
    """
    return Depends(Permit(asked, all_models=all_models))


def guarded_routes(app: FastAPI) -> Iterator[tuple[RouteContext, tuple[Permit, ...]]]:
    """Yield every route of `app` with what it asks for; of several, all must let through."""
    for route in iter_route_contexts(app.routes):
        yield route, _permits(getattr(route, "dependencies", None) or ())


def require_permissions(app: FastAPI) -> None:
    """Refuse to start with a route that asks nothing of its caller, or asks only when it has read the body.

    Raises
    ------
    RuntimeError
        With the path of that route.
    """
    known = {*PERMISSIONS, "public", "logged-in"}
    for route, permits in guarded_routes(app):
        if not any(permit.asked in known for permit in permits):
            raise RuntimeError(f"The route {route.path} says nothing of who may call it; give it permit(…).")
        if not isinstance(route.original_route, GuardedRoute):
            raise RuntimeError(  # noqa: TRY004 - not of a value
                f"The route {route.path} reads bodies before it asks who calls; give its router "
                "route_class=GuardedRoute."
            )


def _permits(dependencies: Sequence[params.Depends]) -> tuple[Permit, ...]:
    return tuple(one.dependency for one in dependencies if isinstance(one.dependency, Permit))
