"""Addresses that cannot be ours, refused before anything looks at them."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from driftwheel.web.problems import problem_response

__all__ = ["LONGEST_ADDRESS", "PlainAddresses"]

LONGEST_ADDRESS = 8192
"""Bytes of path and query."""


class PlainAddresses:
    """Refuses addresses with the character NUL (400), which no database keeps, and endless ones (414)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if scope["type"] == "http":
            query: bytes = scope["query_string"]
            if len(query) + len(scope["path"]) > LONGEST_ADDRESS:
                detail = f"The address is longer than {LONGEST_ADDRESS} bytes; send the rest in the body."
                await problem_response(414, detail)(scope, receive, send)
                return
            if "\0" in scope["path"] or b"%00" in query or b"\0" in query:
                await problem_response(400, "The address holds the character NUL.")(scope, receive, send)
                return
        await self._app(scope, receive, send)
