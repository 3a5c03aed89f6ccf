"""Pages of the wheel: where its turns stand, what begins one, and one turn step by step."""

from __future__ import annotations

from fastapi import APIRouter

from driftwheel.web.pages.wheel.one_turn import router as one_turn
from driftwheel.web.pages.wheel.one_wheel import router as one_wheel

__all__ = ["router"]

router = APIRouter()
for _part in (one_wheel, one_turn):
    router.include_router(_part)
