"""One image: the picture with its boxes, what was said of it, and every property beside the reference."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Path, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.errors import UsageError
from driftwheel.predictions import Classification, Detection, Feedback
from driftwheel.services.browse.describe_image import ImageDescription, describe_image
from driftwheel.services.browse.find_similar import SEARCHED, SimilarImages, find_similar
from driftwheel.services.browse.list_images import Neighbours, find_neighbours
from driftwheel.services.browse.show_reconstruction import error_of_record
from driftwheel.services.ingest.record_feedback import record_feedback
from driftwheel.store.engine.database import reading
from driftwheel.store.schema.record_state import RecordState
from driftwheel.web.pages.images.image_filter import ImageFilter, read_filter
from driftwheel.web.pages.images.image_sentence import image_sentence
from driftwheel.web.pages.images.property_rows import property_rows
from driftwheel.web.pages.models.reconstructions import pair_of_record
from driftwheel.web.pages.rendering import address, render
from driftwheel.web.pages.said import boxes_of, overlay_of, score_rows
from driftwheel.web.pages.shots import Shot, picture_address, said_of, shots_of
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_Key = Annotated[int, Path(ge=0, lt=2**63)]

_SIMILAR = 12
_WIDEST, _HIGHEST = 760, 540  # an image is shown in so many pixels
_LARGEST = 3  # times its own size, at most


@router.get("/images/{key}", dependencies=[permit("read")])
def _show_image(request: Request, state: State, key: _Key) -> Response:
    """Show one image."""
    with reading(state.engine) as connection:
        try:
            described = describe_image(connection, state.blobs, key)
        except UsageError as error:
            raise HTTPException(404, str(error)) from None
        chosen = read_filter(request.query_params, described.model.name)
        beside = Neighbours(None, None)
        if chosen.query is not None and chosen.query.model == described.model.name:
            beside = find_neighbours(connection, chosen.query, described.record)
        similar = find_similar(connection, key, limit=_SIMILAR)
        unlike = error_of_record(connection, state.blobs, described.record)
    return render(
        request,
        "images/image.html.j2",
        it=described,
        record=described.record,
        model=described.model,
        sentence=image_sentence(described),
        **_picture(described),
        **_said(described),
        tags=[
            (name, value, chosen.address(tag=f"{name}={value}", after=None))
            for name, value in sorted(described.record.tags.items())
        ],
        properties=property_rows(described),
        pair=pair_of_record(described.model.name, described.record, unlike),
        similar=None if similar is None else _similar(described.model.name, similar),
        n_similar=0 if similar is None else similar.n,
        searched=SEARCHED,
        before=_link(beside.before, chosen),
        after=_link(beside.after, chosen),
        back=chosen.address(),
        query=chosen.address(""),
        told=request.query_params.get("told", "") == "yes",
    )


@router.post("/images/{key}/feedback", dependencies=[permit("annotate")])
def _tell_feedback(  # noqa: PLR0917
    request: Request,
    state: State,
    caller: Caller,
    key: _Key,
    verdict: Annotated[str, Form()] = "wrong",
    truth: Annotated[str, Form()] = "",
    note: Annotated[str, Form()] = "",
) -> Response:
    """Keep what a person says of the prediction."""
    with reading(state.engine) as connection:
        try:
            described = describe_image(connection, state.blobs, key)
        except UsageError as error:
            raise HTTPException(404, str(error)) from None
    answer = (
        Classification(truth.strip()) if truth.strip() and described.model.task == "classification" else None
    )
    said = Feedback(described.record.id, verdict == "wrong", answer, note.strip())
    result = record_feedback(
        state.engine,
        described.model.name,
        [said],
        by=caller.name,
        received=state.clock(),
        limits=state.settings,
    )[0]
    if result.outcome == "rejected":
        raise HTTPException(422, result.reason or "This feedback cannot be kept.")
    return RedirectResponse(address(f"/images/{key}", {**request.query_params, "told": "yes"}), 303)


def _picture(described: ImageDescription) -> dict[str, Any]:
    record, model = described.record, described.model.name
    picture = original = shown = None
    if record.width and record.height:
        scale = min(_WIDEST / record.width, _HIGHEST / record.height, _LARGEST)
        shown = max(1, round(record.width * scale)), max(1, round(record.height * scale))
    if record.image is not None:
        original = picture_address(model, record.image)
        if record.state is not RecordState.REJECTED:
            picture = picture_address(model, record.image, 1280)
    return {
        "picture": picture,
        "original": original,
        "shown": shown,
        "tiny": shown is not None and shown[0] > (record.width or 0),
        "overlay": overlay_of(described),
    }


def _said(described: ImageDescription) -> dict[str, Any]:
    prediction = described.record.prediction
    return {
        "said": said_of(prediction, most=8),
        "answer": said_of(described.truth.truth, most=8) if described.truth else "",
        "agrees": _agrees(described),
        "scores": score_rows(prediction),
        "boxes": boxes_of(prediction),
        "feedback": [(each, said_of(each.truth)) for each in described.feedback],
    }


def _similar(model: str, similar: SimilarImages) -> list[tuple[Shot, float]]:
    shots = shots_of(model, [each.record for each in similar.found])
    return list(zip(shots, (each.likeness for each in similar.found), strict=True))


def _link(key: int | None, chosen: ImageFilter) -> str | None:
    return None if key is None else chosen.address(f"/images/{key}")


def _agrees(described: ImageDescription) -> bool | None:
    """Whether truth and prediction name the same class; None where that cannot be told at a glance."""
    said = described.record.prediction
    true = None if described.truth is None else described.truth.truth
    if isinstance(said, Classification) and isinstance(true, Classification):
        return said.label == true.label
    if isinstance(said, Detection) and isinstance(true, Detection) and not (said.boxes or true.boxes):
        return True
    return None
