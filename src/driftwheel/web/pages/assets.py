"""Our own style sheets and scripts: served by name, never by a path, and kept by browsers for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from fastapi import APIRouter, HTTPException, Response

from driftwheel.web.security.permit import GuardedRoute, permit

__all__ = ["Asset", "asset_address", "assets", "router"]

_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

router = APIRouter(route_class=GuardedRoute)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its bytes and its media type."""

    data: bytes
    media_type: str


@cache
def assets() -> dict[str, Asset]:
    """Return every file of ``web/static`` by its name, and what model cards look like.

    The set is fixed when it is first asked for.

    Of a file in a folder the name is ``folder/file.js``: its modules import each other by ``./``.
    """
    blocks = resources.files("driftwheel.cards") / "card_blocks.css"  # the card's own file has them, too
    found = dict(_files(resources.files("driftwheel.web") / "static", ""))
    return found | {blocks.name: Asset(blocks.read_bytes(), _TYPES[".css"])}


def _files(folder: Traversable, prefix: str) -> Iterator[tuple[str, Asset]]:
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        kind = _TYPES.get(file.name[file.name.rfind(".") :])
        if file.is_dir():
            yield from _files(file, f"{prefix}{file.name}/")
        elif kind is not None:
            yield prefix + file.name, Asset(file.read_bytes(), kind)


@cache
def _version() -> str:
    """Return a digest of all files: modules that import each other change together."""
    digest = hashlib.sha256()
    for name, asset in assets().items():
        digest.update(f"{name}\0{len(asset.data)}\0".encode() + asset.data)
    return digest.hexdigest()[:12]


def asset_address(name: str) -> str:
    """Return where a file of ours is found; an unknown name is a `KeyError`, which a test would see.

    Examples
    --------
    >>> asset_address("app.js").startswith("/assets/")
    True
    """
    assets()[name]
    return f"/assets/{_version()}/{name}"


@router.get("/assets/{version}/{file:path}", include_in_schema=False, dependencies=[permit("public")])
async def _asset(version: str, file: str) -> Response:
    """Serve one file; an old address still works, but only the present one may be kept."""
    known = assets().get(file)
    if known is None:
        raise HTTPException(404, f"There is no file '{file}'.")
    kept = "public, max-age=31536000, immutable" if version == _version() else "no-cache"
    return Response(known.data, media_type=known.media_type, headers={"Cache-Control": kept})
