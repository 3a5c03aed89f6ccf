"""Pages of trainings: all of a model, a new one, one as it runs, several beside each other."""

from __future__ import annotations

from fastapi import APIRouter

from driftwheel.web.pages.training.compare_runs import router as compare_runs
from driftwheel.web.pages.training.new_training import router as new_training
from driftwheel.web.pages.training.one_run import router as one_run
from driftwheel.web.pages.training.repair_alert import router as repair_alert
from driftwheel.web.pages.training.runs import router as runs

__all__ = ["router"]

router = APIRouter()
for _part in (runs, new_training, compare_runs, one_run, repair_alert):
    router.include_router(_part)
