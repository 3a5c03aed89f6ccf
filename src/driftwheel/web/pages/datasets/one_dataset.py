"""One dataset version: what it holds, where the labels came from, its images, and the ways out of it."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.datasets.example import SPLITS, Split
from driftwheel.datasets.source_words import SOURCE_WORDS
from driftwheel.errors import LabelFormatError, UsageError, did_you_mean
from driftwheel.formats.label_format import LabelFormat
from driftwheel.formats.losses import Loss
from driftwheel.services.datasets.made_of import made_of
from driftwheel.services.datasets.read_version import examples_of
from driftwheel.services.datasets.remove_version import change_note, remove_version
from driftwheel.store.datasets.dataset_versions import list_dataset_versions
from driftwheel.store.engine.database import reading
from driftwheel.web.api.datasets import dataset_at, download_dataset
from driftwheel.web.api.known_model import known_model
from driftwheel.web.pages.datasets.dataset_words import (
    example_view,
    left_out_rows,
    split_bar,
)
from driftwheel.web.pages.datasets.model_frame import model_frame
from driftwheel.web.pages.datasets.versions import dataset_address
from driftwheel.web.pages.rendering import address, render
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_Number = Annotated[int, Path(ge=1, lt=2**31)]
_After = Annotated[str, Query(pattern="^([0-9a-f]{64})?$")]
_SHOWN = 48
_TOLD = {
    "made": "The version is made. It never changes, and its images are kept as long as it is.",
    "same": "This version holds the very same: no other was made.",
    "saved": "The note is saved.",
    "removed": "The version is removed: images that nothing else names are deleted within a day.",
}


@router.get("/models/{name}/datasets/{number}", dependencies=[permit("read")])
def _show_dataset(  # noqa: PLR0917  what of which
    request: Request, state: State, name: str, number: _Number, split: str = "", after: _After = ""
) -> Response:
    """Show a version."""
    return _page(request, state, name, number, split=split, after=after)


@router.get("/models/{name}/datasets/{number}/download", dependencies=[permit("read")])
def _download(  # noqa: PLR0917  the fields of the form
    request: Request,
    state: State,
    name: str,
    number: _Number,
    form: Annotated[str, Query(alias="format")] = "folders",
    split: str = "",
    images: str = "",
    lossy: str = "",
) -> Response:
    """Send the file, or say why it cannot be written."""
    known = {one.value: one for one in LabelFormat}
    if form not in known:
        wrong = f"There is no format '{form:.20}'.{did_you_mean(form, known)}"
        return _page(request, state, name, number, wrong=wrong)
    try:
        return download_dataset(
            name,
            number,
            state,
            known[form],
            _split(split),
            images=images == "yes",
            allow=list(Loss) if lossy == "yes" else [],
        )
    except (UsageError, LabelFormatError) as error:
        return _page(request, state, name, number, wrong=str(error))


@router.post("/models/{name}/datasets/{number}/note", dependencies=[permit("edit-models")])
def _save_note(  # noqa: PLR0917
    request: Request,
    state: State,
    caller: Caller,
    name: str,
    number: _Number,
    note: Annotated[str, Form()] = "",
) -> Response:
    """Keep a note and lead back."""
    try:
        change_note(state.engine, name, number, note.strip(), by=caller.name, now=state.clock())
    except UsageError as error:
        return _page(request, state, name, number, wrong=str(error))
    return RedirectResponse(f"{dataset_address(name, number)}?told=saved", 303)


@router.post("/models/{name}/datasets/{number}/remove", dependencies=[permit("edit-models")])
def _remove(request: Request, state: State, caller: Caller, name: str, number: _Number) -> Response:
    """Remove a version and lead back."""
    try:
        remove_version(state.engine, name, number, by=caller.name, now=state.clock())
    except UsageError as error:
        return _page(request, state, name, number, wrong=str(error))
    return RedirectResponse(f"{dataset_address(name, number)}?told=removed", 303)


def _split(text: str) -> Split | None:
    return next((one for one in SPLITS if one == text), None)


def _page(  # noqa: PLR0917
    request: Request,
    state: Services,
    name: str,
    number: int,
    split: str = "",
    after: str = "",
    *,
    wrong: str = "",
) -> Response:
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        version = dataset_at(connection, name, number)
        frame = model_frame(connection, state, model)
        others = list_dataset_versions(connection, model.key, limit=200)
    chosen, shown, lost = _split(split), [], ""
    if version.removed is None:
        try:
            found = examples_of(state.blobs, version, after=bytes.fromhex(after), split=chosen)
            shown = list(islice(found, _SHOWN + 1))
        except UsageError as error:  # it is damaged
            lost = str(error)
    at = dataset_address(name, number)
    counted = version.contents
    more = shown[_SHOWN - 1].image.hex() if len(shown) > _SHOWN else ""
    given = version.made_from.get("parent")
    return render(
        request,
        "datasets/one_dataset.html.j2",
        status=422 if wrong else 200,
        **frame,
        one=version,
        counted=counted,
        at=at,
        list=dataset_address(name),
        parent=None if given is None else given["number"],
        words=made_of(version),
        rule=version.made_from["splits"],
        bar=split_bar(counted.splits),
        classes=[(one, counted.of_class(one), split_bar(counted.of_class(one))) for one in version.classes],
        sources=[(SOURCE_WORDS[one], n) for one, n in counted.sources.most_common()],
        people=counted.people.most_common(12),
        more_people=max(len(counted.people) - 12, 0),
        alerts=sorted(counted.alerts.items()),
        left_out=left_out_rows(version),
        shots=[example_view(name, one) for one in shown[:_SHOWN]],
        chosen=chosen or "",
        splits=[("", f"all {counted.images:,} images")]
        + [(s, f"{s} ({counted.splits[s]:,})") for s in SPLITS],
        more=address(at, {"split": chosen, "after": more}) if more else "",
        first=address(at, {"split": chosen}) if after else "",
        others=[one.number for one in others if one.removed is None and one.number != number],
        formats=[one.value for one in LabelFormat],
        done=_TOLD.get(request.query_params.get("told", ""), ""),
        wrong=wrong or lost,
    )
