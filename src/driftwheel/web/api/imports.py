"""Label files that were read into a project: what came of each, and undoing one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from driftwheel.services.exchange.import_count import ImportAs
from driftwheel.services.exchange.import_report import imported_of
from driftwheel.services.exchange.kept_imports import import_of_project
from driftwheel.services.exchange.undo_import import undo_import
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.label_imports import ImportState, LabelImport, list_imports
from driftwheel.web.api.describe import problems
from driftwheel.web.api.exchange import ImportedAnswer, imported_answer
from driftwheel.web.api.projects import ProjectKey, found_or_404, project_at
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = ["LabelImportAnswer", "read_import", "read_imports", "router", "undo_label_import"]

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/projects/{project}/imports", tags=["labelling"])

_Import = Annotated[int, Path(ge=1, lt=2**31)]


class LabelImportAnswer(BaseModel):
    """A label file that was read into a pool, or is to be."""

    key: int
    pool: int
    name: str = Field(description="Of the file.")
    what: ImportAs = Field(serialization_alias="as", description="What its labels became.")
    state: ImportState = Field(
        description="`checked`: it waits for a person. `waiting`: for a worker. `reading`. `done`. `failed`: "
        "`reason` says why; what was read before stays. `undoing`. `undone`."
    )
    reason: str | None
    images: int = Field(description="Looked at so far; while it is undone and after, taken back.")
    report: ImportedAnswer | None = Field(description="What came of it; of a checked one, what would.")
    time: datetime
    by: str
    undone: datetime | None
    undone_by: str | None


@router.get("", dependencies=[permit("read", all_models=True)], responses=problems(404))
def read_imports(
    project: ProjectKey,
    state: State,
    caller: Caller,
    before: Annotated[
        int | None, Query(ge=1, lt=2**31, description="Those before the import of that key.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[LabelImportAnswer]:
    """List the label files of a project, the newest first."""
    project_at(state, caller, project)
    with reading(state.engine) as connection:
        return [_answer(one) for one in list_imports(connection, project, before_key=before, limit=limit)]


@router.get("/{key}", dependencies=[permit("read", all_models=True)], responses=problems(404))
def read_import(project: ProjectKey, key: _Import, state: State, caller: Caller) -> LabelImportAnswer:
    """Read what came of a label file, or how far it is."""
    project_at(state, caller, project)
    with found_or_404():
        return _answer(import_of_project(state.engine, project, key))


@router.post(
    "/{key}/undo",
    status_code=202,
    dependencies=[permit("edit-models", all_models=True)],
    responses=problems(404),
)
def undo_label_import(project: ProjectKey, key: _Import, state: State, caller: Caller) -> LabelImportAnswer:
    """Undo what came of a label file, all in one step; what somebody has touched since stays.

    New tasks go, labels that it gave to open tasks are taken away, those that it corrected are what they
    were. A worker does it; the import tells how far that is.
    """
    project_at(state, caller, project)
    with found_or_404():
        return _answer(undo_import(state.engine, project, key, by=caller.name, now=state.clock()))


def _answer(one: LabelImport) -> LabelImportAnswer:
    plain = {name: getattr(one, name) for name in LabelImportAnswer.model_fields if name != "report"}
    report = None if one.report is None else imported_answer(imported_of(one.report, one.key))
    return LabelImportAnswer.model_validate(plain | {"report": report})
