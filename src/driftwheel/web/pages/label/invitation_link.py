"""The link by which somebody joins a project."""

from __future__ import annotations

from fastapi import Request

__all__ = ["invitation_link"]


def invitation_link(request: Request, secret: str) -> str:
    """Return the address that a manager hands on, on the server as they have called it."""
    return f"{str(request.base_url).rstrip('/')}/join/{secret}"
