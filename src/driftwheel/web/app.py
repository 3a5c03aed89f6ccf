"""The server: its routes, what guards them, and what is opened at its start and closed at its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from driftwheel._version import __version__
from driftwheel.services.access.create_user import create_first_admin
from driftwheel.services.clock import Clock, utc_now
from driftwheel.settings import Settings
from driftwheel.web import pages, probes
from driftwheel.web.api import routers
from driftwheel.web.api.describe import ABOUT, describe, own_id
from driftwheel.web.ingest_metrics import TimedIngest
from driftwheel.web.metrics import MetricsPage, metrics_router
from driftwheel.web.problems import UnexpectedErrors, add_problem_handlers
from driftwheel.web.security.addresses import PlainAddresses
from driftwheel.web.security.bodies import BoundedBodies
from driftwheel.web.security.headers import SecurityHeaders
from driftwheel.web.security.hosts import AllowedHosts
from driftwheel.web.security.permit import GuardedRoute, require_permissions
from driftwheel.web.start import close_services, note_token_uses, open_services
from driftwheel.web.state import Services

__all__ = ["create_app"]

_TOKEN_USES_EVERY = 30.0  # seconds

_log = logging.getLogger(__name__)


def create_app(
    settings: Settings,
    *,
    clock: Clock = utc_now,
    tell_password: Callable[[str], None] = print,
) -> FastAPI:
    """Return the server of an installation; nothing is opened before it starts.

    Parameters
    ----------
    settings
        Of the installation.
    clock
        Tells the time.
    tell_password
        Called once, at the first start, with the password of the user `admin`.

    Raises
    ------
    RuntimeError
        When a route says nothing of who may call it.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        require_permissions(app)
        services = await run_in_threadpool(open_services, settings, clock)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(run_in_threadpool, close_services, services)
            password = await run_in_threadpool(create_first_admin, services.engine, now=clock())
            if password is not None:
                tell_password(password)
            app.state.services = services
            app.state.metrics = MetricsPage(services)
            if settings.worker:
                await _start_worker(services, stack)
            uses = asyncio.create_task(_keep_noting_uses(services))
            stack.callback(uses.cancel)
            yield

    app = FastAPI(
        title="Driftwheel",
        version=__version__,
        description=ABOUT,
        lifespan=lifespan,
        openapi_url=None,  # these come from other sites, or ask nothing of their caller
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=own_id,
    )
    app.router.route_class = GuardedRoute
    app.include_router(probes.router)
    app.include_router(metrics_router(public=settings.public_metrics))
    for router in routers():
        app.include_router(router)
    app.include_router(pages.router)
    describe(app)
    add_problem_handlers(app)
    # The last that is added answers first.
    app.add_middleware(BoundedBodies, most_bytes=settings.max_body_bytes)
    app.add_middleware(PlainAddresses)
    app.add_middleware(AllowedHosts, hosts=settings.allowed_hosts)
    app.add_middleware(UnexpectedErrors)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(TimedIngest)
    require_permissions(app)
    return app


async def _start_worker(services: Services, stack: AsyncExitStack) -> None:
    """Measure and sum up inside the server, until it stops."""
    from driftwheel.workflows.run import start, stop

    await run_in_threadpool(start, services.settings, services.engine, services.blobs)
    stack.push_async_callback(run_in_threadpool, stop)


async def _keep_noting_uses(services: Services) -> None:
    while True:
        await asyncio.sleep(_TOKEN_USES_EVERY)
        try:
            await run_in_threadpool(note_token_uses, services)
        except Exception:  # the database may be back the next time
            _log.exception("The last uses of tokens could not be noted.")
