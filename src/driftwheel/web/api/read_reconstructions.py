"""Read what an autoencoder makes of the images of records."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Response

from driftwheel.errors import DriftwheelError, UnreadableImageError
from driftwheel.services.browse.show_reconstruction import show_reconstruction
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.image_use import is_image_of
from driftwheel.store.models.autoencoders import autoencoder_by_key
from driftwheel.web.api.describe import problems
from driftwheel.web.api.known_model import known_model
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = ["read_reconstruction", "router"]

router = APIRouter(
    route_class=GuardedRoute,
    prefix="/api/v1/models/{name}/images",
    tags=["records"],
    dependencies=[permit("read")],
)

_FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}  # both are called by what they are


@router.get(
    "/{sha256}/reconstruction",
    response_class=Response,
    responses={200: {"description": "A PNG.", "content": {"image/png": {}}}, **problems(404)},
)
def read_reconstruction(
    name: str,
    sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")],
    state: State,
    autoencoder: Annotated[int, Query(ge=1, lt=2**31, description="Its key.")],
) -> Response:
    """Read an image as an autoencoder of its model reads it, and beside that what it makes of it."""
    digest = bytes.fromhex(sha256)
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        if not is_image_of(connection, model.key, digest):
            raise HTTPException(404, f"The model '{name}' has no record with this image.")
        stored = autoencoder_by_key(connection, autoencoder)
    if stored is None or stored.model != model.key or stored.artifact is None:
        raise HTTPException(404, f"The model '{name}' has no autoencoder {autoencoder} that is ready.")
    try:
        png = show_reconstruction(state.blobs, stored.artifact, digest, state.settings.max_image_pixels)
    except FileNotFoundError:
        raise HTTPException(404, "The image, or the autoencoder, is no longer kept.") from None
    except UnreadableImageError as error:
        raise HTTPException(404, f"The image cannot be shown: {error.reason}.") from None
    except DriftwheelError as error:
        raise HTTPException(404, str(error)) from None
    return Response(png, 200, _FOR_EVER, "image/png")
