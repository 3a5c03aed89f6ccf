"""The example pictures of a project's instructions, for who leads it and who labels in it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response

from driftwheel.errors import UnreadableImageError
from driftwheel.services.access.authorise import allows
from driftwheel.services.label.people.find_annotator import project_for
from driftwheel.services.measure.make_thumbnail import ThumbnailSide, make_thumbnail
from driftwheel.store.engine.database import reading
from driftwheel.store.records.records import find_record
from driftwheel.web.pages.label.known_project import Key
from driftwheel.web.safe_markdown import example_records
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_KEPT = {"Cache-Control": "private, max-age=3600"}


@router.get("/annotate/{project}/examples", dependencies=[permit("logged-in")])
def _show_example(
    state: State, caller: Caller, project: Key, record: Annotated[str, Query(min_length=1, max_length=128)]
) -> Response:
    """Show the image of a record that the instructions name, and of no other."""
    if not (allows(caller, "annotate") or allows(caller, "read")):
        raise HTTPException(403, f"The role {caller.role} may not see images.")
    with reading(state.engine) as connection:
        try:
            found = project_for(connection, project, caller)
        except LookupError as error:
            raise HTTPException(404, str(error)) from None
        named = record in example_records(found.instructions)
        shown = find_record(connection, found.model, record) if named else None
    if shown is None or shown.image is None:
        raise HTTPException(404, f"The instructions of '{found.name}' show no record '{record:.60}'.")
    try:
        data = state.blobs.get(shown.image)
        small = make_thumbnail(data, ThumbnailSide(640), max_pixels=state.settings.max_image_pixels)
    except (FileNotFoundError, UnreadableImageError):
        raise HTTPException(404, "The image is no longer kept, or cannot be shown.") from None
    return Response(small, 200, _KEPT, "image/jpeg")
