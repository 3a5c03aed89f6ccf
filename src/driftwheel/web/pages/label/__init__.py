"""The pages of labelling: those of who leads a project, and those of who labels."""

from __future__ import annotations

from fastapi import APIRouter

from driftwheel.web.pages.label import annotate, join, manage

__all__ = ["router"]

router = APIRouter()
for _part in (annotate, join, manage):
    router.include_router(_part.router)
