"""How items travel: the path, the headers and the body of the request that carries them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from driftwheel.client.item import Item, Kind

__all__ = ["Request", "to_request"]

_ROUTES = {Kind.RECORD: "records", Kind.TRUTH: "truths", Kind.FEEDBACK: "feedback"}


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP POST: `path` begins with a slash; `body` in pieces, to be sent one after the other."""

    path: str
    content_type: str
    body: tuple[bytes, ...]

    @property
    def length(self) -> int:
        """Bytes of the body."""
        return sum(map(len, self.body))


def to_request(model: str, items: Sequence[Item]) -> Request:
    """Return the request for items of one kind; of profiles, one at a time.

    Truths, feedback, and records of which none has an image travel as JSON lines; other records as multipart,
    each as a part ``record`` and after it a part ``image``, if it has one.
    """
    base = f"/api/v1/models/{quote(model, safe='')}"
    kind = items[0].kind
    if kind == Kind.PROFILE:
        return Request(f"{base}/profiles", "application/octet-stream", (items[0].attachment,))
    if not any(item.attachment for item in items):
        lines = b"".join(item.document + b"\n" for item in items)
        return Request(f"{base}/{_ROUTES[kind]}", "application/x-ndjson", (lines,))
    boundary = _boundary(items)
    pieces: list[bytes] = []
    for item in items:
        pieces += [_part(boundary, "record", "application/json"), item.document]
        if item.attachment:
            pieces += [_part(boundary, "image", "application/octet-stream", "image"), item.attachment]
    pieces[0] = pieces[0].removeprefix(b"\r\n")
    pieces.append(f"\r\n--{boundary}--\r\n".encode())
    return Request(f"{base}/records/images", f"multipart/form-data; boundary={boundary}", tuple(pieces))


def _boundary(items: Sequence[Item]) -> str:
    """Return a boundary that no image holds but by an accident of 128 bits."""
    digest = hashlib.sha256(items[0].document + items[-1].document)
    digest.update(items[-1].attachment[-4096:])
    return f"driftwheel-{digest.hexdigest()[:32]}"


def _part(boundary: str, name: str, content_type: str, filename: str = "") -> bytes:
    file = f'; filename="{filename}"' if filename else ""
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n'
    return f"\r\n{head}Content-Type: {content_type}\r\n\r\n".encode()
