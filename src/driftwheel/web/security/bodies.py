"""Bodies of requests within a bound, also after they are decompressed."""

from __future__ import annotations

import asyncio
import zlib
from typing import Protocol

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from driftwheel.web.problems import answer_with

__all__ = ["SMALL_BODY", "BoundedBodies", "may_be_large"]

SMALL_BODY = 256 * 1024
"""Most bytes of a form or a JSON body: of one by which somebody logs in, it is not known who calls."""

_LARGE = (
    "/records",
    "/records/images",
    "/truths",
    "/feedback",
    "/profiles",
    "/predict",
    "/versions",
    "/versions/new",
    "/autoencoders",
    "/autoencoder",
    "/labels",
    "/datasets/folder",
    "/files",
    "/label-studio/webhook",
)
_PLACES = ("/api/", "/models/", "/labels/")  # of the API, and of the pages that take files
_PIECE = 256 * 1024  # decompressed bytes handed on at once
_WINDOW_BITS = {b"gzip": 31, b"x-gzip": 31, b"deflate": 15}


def may_be_large(path: str) -> bool:
    """Return whether a body sent to that address may be larger than `SMALL_BODY`: files, and what is logged.

    Examples
    --------
    >>> may_be_large("/api/v1/models/cats/predict"), may_be_large("/api/v1/session")
    (True, False)
    """
    return path.startswith(_PLACES) and path.endswith(_LARGE)


class BoundedBodies:
    """Hands on bodies to `app`, decompressed (gzip, deflate); refuses longer ones than it may read.

    413 beyond `most_bytes` for what is logged, and beyond 256 KiB for all else; 415 for another compression;
    400 for damaged data. Memory is used for what is handed on, never for what a small body would swell to.
    """

    def __init__(self, app: ASGIApp, most_bytes: int) -> None:
        self._app = app
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, reading the body within its bound."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        most = self._most_bytes if may_be_large(path) else SMALL_BODY
        length: int | None = None
        encoding = b""
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit():
                length = int(value)
            elif name == b"content-encoding":
                encoding = value.strip().lower()
        if length is not None and length > most:
            refused = answer_with(Request(scope), 413, _too_long(most), {"Connection": "close"})
            await refused(scope, receive, send)
        elif encoding and encoding != b"identity":
            if encoding not in _WINDOW_BITS:
                detail = "The body's Content-Encoding is unknown here; send it plain, as gzip or as deflate."
                refused = answer_with(Request(scope), 415, detail, {"Accept-Encoding": "gzip, deflate"})
                await refused(scope, receive, send)
                return
            await self._app(scope, _Decompressed(receive, encoding, most), send)
        elif length is None:
            await self._app(scope, _Counted(receive, most), send)
        else:
            await self._app(scope, receive, send)  # the server itself reads no more than it announced


class _Counted:
    """A body of unknown length, up to `most` bytes."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive = receive
        self._most = most
        self._seen = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._seen += len(message.get("body", b""))
        if self._seen > self._most:
            raise HTTPException(413, _too_long(self._most), {"Connection": "close"})
        return message


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unconsumed_tail(self) -> bytes: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


class _Decompressed:
    """A compressed body, piece by piece, up to `most` bytes of what it holds."""

    def __init__(self, receive: Receive, encoding: bytes, most: int) -> None:
        self._receive = _Counted(receive, most)
        self._encoding = encoding
        self._decompressor: _Decompressor | None = None
        self._most = most
        self._made = 0
        self._pending = b""
        self._full = False  # the last piece was as long as allowed: the decompressor may hold more
        self._more = True

    async def __call__(self) -> Message:
        await asyncio.sleep(0)  # a long body must not hold up the others
        while not self._pending and not self._full and self._more:
            message = await self._receive()
            if message["type"] != "http.request":
                return message
            self._pending = message.get("body", b"")
            self._more = message.get("more_body", False)
        piece = self._next_piece() if self._pending or self._full else b""
        self._made += len(piece)
        if self._made > self._most:
            raise HTTPException(413, _too_long(self._most), {"Connection": "close"})
        more = bool(self._pending) or self._full or self._more
        if not more and (self._decompressor is None or not self._decompressor.eof):
            raise HTTPException(400, "The compressed body ends too early.")
        return {"type": "http.request", "body": piece, "more_body": more}

    def _next_piece(self) -> bytes:
        if self._decompressor is None:
            self._decompressor = _decompressor(self._encoding, self._pending)
        if self._decompressor.eof and self._pending:
            raise HTTPException(400, "Data follows the end of the compressed body; send it as one stream.")
        try:
            piece = self._decompressor.decompress(self._pending, _PIECE)
        except zlib.error:
            raise HTTPException(400, "The compressed body is damaged.") from None
        self._pending = self._decompressor.unconsumed_tail + self._decompressor.unused_data
        self._full = len(piece) == _PIECE
        return piece


def _decompressor(encoding: bytes, start: bytes) -> _Decompressor:
    """Return what decompresses; ``deflate`` is zlib's format, or bare from clients that mistake it."""
    bits = _WINDOW_BITS[encoding]
    if encoding == b"deflate" and start[0] & 0x0F != 8:
        bits = -15
    return zlib.decompressobj(bits)


def _too_long(most: int) -> str:
    return f"The body is longer than {most:,} bytes, decompressed; send less at once."
