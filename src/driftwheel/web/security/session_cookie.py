"""The cookie of a session: unreadable for scripts, not sent by other sites' forms."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from fastapi import Request, Response

from driftwheel.web.state import Services

__all__ = ["COOKIE", "clear_session_cookie", "is_secure", "set_session_cookie"]

COOKIE = "driftwheel_session"
_SAME_SITE: Literal["lax"] = "lax"


def set_session_cookie(
    response: Response, request: Request, services: Services, value: str, expires: datetime
) -> None:
    """Give the browser its session: HttpOnly, SameSite=Lax, for the whole site, Secure over HTTPS."""
    response.set_cookie(
        COOKIE,
        value,
        expires=expires,
        path="/",
        secure=is_secure(request, services),
        httponly=True,
        samesite=_SAME_SITE,
    )


def clear_session_cookie(response: Response, request: Request, services: Services) -> None:
    """Take the session from the browser."""
    response.delete_cookie(
        COOKIE, path="/", secure=is_secure(request, services), httponly=True, samesite=_SAME_SITE
    )


def is_secure(request: Request, services: Services) -> bool:
    """Whether the cookie is for HTTPS only: as set, or when the request itself came so."""
    secure = services.settings.secure_cookies
    return request.url.scheme == "https" if secure == "auto" else secure == "always"
