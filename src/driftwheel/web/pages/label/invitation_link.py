"""The link by which somebody joins a project."""

from __future__ import annotations

from fastapi import Request

from driftwheel.settings import Settings

__all__ = ["invitation_link"]


def invitation_link(request: Request, settings: Settings, secret: str) -> str:
    """Return the address that a manager hands on: at `public_url`, else as they have called the server."""
    given = settings.public_url
    base = str(request.base_url) if given in {"", "auto"} else given
    return f"{base.rstrip('/')}/join/{secret}"
