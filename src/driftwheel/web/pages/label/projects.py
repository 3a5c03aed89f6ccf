"""The list of labelling projects."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from driftwheel.store.engine.database import reading
from driftwheel.store.labels.label_counts import ProjectCounts, count_projects
from driftwheel.store.labels.projects import Project, list_projects
from driftwheel.store.labels.review_queue import count_queued
from driftwheel.store.models.models import list_models
from driftwheel.web.pages.label.progress_bar import progress_bar
from driftwheel.web.pages.rendering import render
from driftwheel.web.pages.snippets import log_snippet
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = ["ANSWER_WORDS", "router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

ANSWER_WORDS = {
    "class": "one class an image",
    "multi-class": "any number of classes",
    "boxes": "boxes",
}
"""What is asked of an image, in a few words."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the list; `waiting` tasks want a person."""

    project: Project
    model: str
    answer: str
    counts: ProjectCounts
    waiting: int
    bar: Markup


@router.get("/labels", dependencies=[permit("read")])
def _show_projects(request: Request, state: State) -> Response:
    """List the projects, or say how to begin."""
    with reading(state.engine) as connection:
        models = {one.key: one.name for one in list_models(connection)}
        counts = count_projects(connection)
        rows = [
            _row(
                one,
                models.get(one.model, ""),
                counts.get(one.key, ProjectCounts()),
                sum(count_queued(connection, one.key).values()),
            )
            for one in list_projects(connection)
        ]
    snippet = log_snippet(str(request.base_url).rstrip("/"), "pets", "classification")
    return render(
        request, "label/projects.html.j2", rows=rows, models=sorted(models.values()), snippet=snippet
    )


def _row(project: Project, model: str, counts: ProjectCounts, waiting: int) -> _Row:
    bar = progress_bar(counts.done, counts.tasks)
    return _Row(project, model, ANSWER_WORDS[project.answer], counts, waiting, bar)
