"""Read the images of records: the file as it was logged, or a small picture of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Response

from driftwheel.errors import UnreadableImageError
from driftwheel.images.header import read_header
from driftwheel.services.measure.make_thumbnail import ThumbnailSide, make_thumbnail
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.image_use import is_image_of
from driftwheel.web.api.describe import problems
from driftwheel.web.api.known_model import known_model
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = ["read_image", "router"]

router = APIRouter(
    route_class=GuardedRoute,
    prefix="/api/v1/models/{name}/images",
    tags=["records"],
    dependencies=[permit("read")],
)

_FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}  # it is called by its digest


@router.get(
    "/{sha256}",
    response_class=Response,
    responses={200: {"description": "The file.", "content": {"image/*": {}}}, **problems(404)},
)
def read_image(
    name: str,
    sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")],
    state: State,
    size: Annotated[
        ThumbnailSide | None, Query(description="A JPEG whose longer side has so many pixels, upright.")
    ] = None,
) -> Response:
    """Read the image of a record of this model, by the SHA-256 of its file."""
    digest = bytes.fromhex(sha256)
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        if not is_image_of(connection, model.key, digest):
            raise HTTPException(404, f"The model '{name}' has no record with this image.")
    try:
        data = state.blobs.get(digest)
        if size is not None:
            small = make_thumbnail(data, size, max_pixels=state.settings.max_image_pixels)
            return Response(small, 200, _FOR_EVER, "image/jpeg")
        media_type = f"image/{read_header(data).format}"
    except FileNotFoundError:
        raise HTTPException(404, "The image is no longer kept.") from None
    except UnreadableImageError as error:
        raise HTTPException(404, f"The image cannot be shown: {error.reason}.") from None
    return Response(data, 200, _FOR_EVER | {"Content-Disposition": "inline"}, media_type)
