"""The pages of who leads labelling: projects, pools, annotators, golden tasks, review."""

from __future__ import annotations

from fastapi import APIRouter

from driftwheel.web.pages.label import (
    annotator,
    annotators,
    assist,
    download,
    errors,
    example,
    files,
    golden,
    label_images,
    new_project,
    pool,
    project,
    projects,
    review,
    rules,
)

__all__ = ["router"]

router = APIRouter()
for _part in (
    projects,
    new_project,
    label_images,
    project,
    pool,
    rules,
    assist,
    annotators,
    annotator,
    golden,
    review,
    errors,
    download,
    files,
    example,
):
    router.include_router(_part.router)
