"""Download the labels of a project as a file of another tool; what it cannot say is told on the page."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from driftwheel.errors import LabelFormatError, UsageError, did_you_mean
from driftwheel.formats.label_format import LabelFormat
from driftwheel.formats.losses import Loss
from driftwheel.store.engine.database import reading
from driftwheel.web.api.exchange import download_labels
from driftwheel.web.pages.label.files import show_files
from driftwheel.web.pages.label.known_project import Key, known_project
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)


@router.get("/labels/{project}/download", dependencies=[permit("read")])
def _download(  # noqa: PLR0917  the fields of the form
    request: Request,
    state: State,
    caller: Caller,
    project: Key,
    form: Annotated[str, Query(alias="format")] = "coco",
    what: str = "consensus",
    golden: str = "",
    images: str = "",
    lossy: str = "",
) -> Response:
    """Send the file, or say why it cannot be written."""
    with reading(state.engine) as connection:
        known_project(connection, project)
    known = {one.value: one for one in LabelFormat}
    if form not in known:
        wrong = f"There is no format '{form:.20}'.{did_you_mean(form, known)}"
        return show_files(request, state, project, wrong=wrong)
    try:
        return download_labels(
            project,
            state,
            caller,
            known[form],
            what="answers" if what == "answers" else "consensus",
            golden=golden == "yes",
            images=images == "yes",
            allow=list(Loss) if lossy == "yes" else [],
        )
    except (UsageError, LabelFormatError) as error:
        return show_files(request, state, project, wrong=str(error))
