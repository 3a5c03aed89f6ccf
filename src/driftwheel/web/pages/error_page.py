"""What a person reads when something fails."""

from __future__ import annotations

from fastapi import Request, Response

from driftwheel.web.pages.rendering import render

__all__ = ["error_page"]


def error_page(request: Request, status: int, title: str, detail: str) -> Response:
    """Return a page that says what went wrong and what to do, with this status."""
    return render(request, "error.html.j2", status=status, title=title, detail=detail)
