"""Pages of dataset versions: all of a model, a new one, one, and how two differ."""

from __future__ import annotations

from fastapi import APIRouter

from driftwheel.web.pages.datasets.changes import router as of_changes
from driftwheel.web.pages.datasets.new_dataset import router as of_new_dataset
from driftwheel.web.pages.datasets.one_dataset import router as of_one_dataset
from driftwheel.web.pages.datasets.versions import router as of_versions

__all__ = ["router"]

router = APIRouter()
for _part in (of_versions, of_new_dataset, of_changes, of_one_dataset):
    router.include_router(_part)
