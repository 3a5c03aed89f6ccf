"""What a person reads when something fails."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from fastapi import Request, Response

from driftwheel.web.pages.rendering import render

__all__ = ["error_page"]

_TITLES: Mapping[int, str] = {
    400: "This request cannot be read",
    401: "You are not logged in",
    403: "This is not for you",
    404: "There is nothing here",
    405: "This cannot be done here",
    413: "This is too large",
    422: "This cannot be used",
    429: "Too much at once",
    500: "The server failed",
    503: "Not now",
    507: "The disk is full",
}
_WORDS: Mapping[int, str] = {
    401: "Your session has ended, or you have logged out. What you sent just now was not kept: log in, then "
    "send it once more.",
    404: "No page has this address. It may be written wrongly, or what it showed was deleted.",
    405: "The address is right, but not for what was sent to it. Go back, load the page again, and try once "
    "more.",
}


def error_page(request: Request, status: int, title: str, detail: str) -> Response:
    """Return a page that says what went wrong and what to do, with this status.

    `title` is that of the protocol; where `detail` says no more, or is meant for programs, better words are
    known here.
    """
    if status == 401 or detail == title:
        detail = _WORDS.get(status, detail)
    return render(
        request,
        "error.html.j2",
        status=status,
        title=_TITLES.get(status, title),
        detail=detail,
        log_in=f"/log-in?next={quote(_place(request), safe='')}" if status == 401 else "",
    )


def _place(request: Request) -> str:
    """Return the page that a form was on, else the start."""
    came_from = urlsplit(request.headers.get("referer", ""))
    if came_from.netloc != request.headers.get("host", ""):
        return "/"
    return came_from.path + (f"?{came_from.query}" if came_from.query else "")
