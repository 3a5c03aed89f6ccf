"""Errors on the web: one JSON form for all (RFC 9457), with what to do next."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import RedirectResponse
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from driftwheel.errors import (
    DriftwheelError,
    QueueFullError,
    StorageFullError,
    UnavailableError,
    UnreadableImageError,
)
from driftwheel.services.access.create_token import PREFIX
from driftwheel.web.security.session_cookie import COOKIE

__all__ = [
    "MEDIA_TYPE",
    "UnexpectedErrors",
    "add_problem_handlers",
    "answer_with",
    "mistakes_of",
    "problem_response",
    "sentence_of",
    "status_of",
]

MEDIA_TYPE = "application/problem+json"
_RETRY_AFTER = "1"  # seconds; the queue is written in less
_MOST_MISTAKES = 20  # of one body that are told

_log = logging.getLogger(__name__)


def problem_response(
    status: int,
    detail: str,
    headers: Mapping[str, str] | None = None,
    **more: object,
) -> Response:
    """Return an error's answer: ``{"type", "title", "status", "detail"}`` and what `more` there is to say."""
    try:
        title = HTTPStatus(status).phrase
    except ValueError:
        title = "Error"
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return Response(json.dumps(body, ensure_ascii=True), status, dict(headers or {}), MEDIA_TYPE)


def status_of(error: DriftwheelError) -> int:
    """Return the status that says what `error` means: whose fault it is, and whether to try again."""
    match error:
        case QueueFullError():
            return 429
        case StorageFullError():
            return 507
        case UnavailableError():
            return 503
        case UnreadableImageError():
            return 422
        case _:
            return 422 if isinstance(error, ValueError) else 500


class UnexpectedErrors:
    """Logs an error of `app` that nobody expected, and answers with nothing of the inside."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, also when `app` fails."""
        started = False

        async def noting(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except ClientDisconnect:
            return  # nobody is there to be answered, and nothing of the body was kept
        except Exception:
            if scope["type"] != "http" or started:
                raise  # the server cuts the connection
            _log.exception("%s %s failed", scope["method"], scope["path"])
            detail = "The server failed; its log says how. Trying again later may help."
            await answer_with(Request(scope), 500, detail, None)(scope, receive, send)


def add_problem_handlers(app: FastAPI) -> None:
    """Let every error of `app` end in a problem's answer."""
    app.add_exception_handler(HTTPException, _told)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(DriftwheelError, _raised)


async def _told(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):  # pragma: no cover; the framework's signature is wider
        raise error
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(sorted(_methods(request)))
    return answer_with(request, error.status_code, str(error.detail), headers)


def _methods(request: Request) -> set[str]:
    """Return the methods of all routes at an address; a route alone tells only of its own."""
    return {
        method
        for route in iter_route_contexts(request.app.routes)
        if route.matches(request.scope)[0] != Match.NONE
        for method in route.methods or ()
    }


async def _invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):  # pragma: no cover
        raise error
    mistakes = mistakes_of(error.errors())
    return answer_with(request, 422, sentence_of(mistakes), None, errors=mistakes)


async def _raised(request: Request, error: Exception) -> Response:
    if not isinstance(error, DriftwheelError):  # pragma: no cover
        raise error
    status = status_of(error)
    if status == 500:
        _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    headers = {"Retry-After": _RETRY_AFTER} if status in {429, 503} else None
    return answer_with(request, status, str(error), headers)


def mistakes_of(errors: Sequence[Any]) -> list[dict[str, str]]:
    """Return where in a body what is wrong, without repeating the body: ``[{"where", "what"}]``."""
    return [
        {"where": ".".join(map(str, one["loc"])), "what": str(one["msg"])[:500]}
        for one in errors[:_MOST_MISTAKES]
    ]


def sentence_of(mistakes: Sequence[Mapping[str, str]]) -> str:
    """Return the first mistake as a sentence."""
    if not mistakes:
        return "The request cannot be used."
    first = mistakes[0]
    return f"{first['where']}: {first['what']}" if first["where"] else first["what"]


def answer_with(
    request: Request, status: int, detail: str, headers: Mapping[str, str] | None, **more: object
) -> Response:
    """Return an error's answer: JSON for a program, words or the log-in page for a person at a page."""
    path = request.url.path
    if path.startswith("/api/") or "text/html" not in request.headers.get("accept", ""):
        return problem_response(status, detail, headers, **more)
    if status == 401 and request.cookies.get(COOKIE, "").startswith(PREFIX):
        return _access_ended(request)
    if status == 401 and request.method == "GET":
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/log-in?next={quote(path + query, safe='')}", 303)
    from driftwheel.web.pages.error_page import error_page  # the pages import much

    page = error_page(request, status, HTTPStatus(status).phrase, detail)
    page.headers.update(headers or {})
    return page


def _access_ended(request: Request) -> Response:
    from driftwheel.web.pages.error_page import error_page

    detail = (
        "Your access to this project has ended: you were banned, or it was withdrawn. If you think that is a "
        "mistake, ask who invited you."
    )
    return error_page(request, 403, HTTPStatus(403).phrase, detail)
