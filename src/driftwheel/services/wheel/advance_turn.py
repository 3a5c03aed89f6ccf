"""Advance a turn of the wheel by what its step can do now; nothing is waited for here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import Engine

from driftwheel.errors import DriftwheelError, UnavailableError
from driftwheel.services.crash_points import reach
from driftwheel.services.wheel.await_labels import await_labels
from driftwheel.services.wheel.await_promotion import await_promotion
from driftwheel.services.wheel.compare_at_gate import compare_at_gate
from driftwheel.services.wheel.make_dataset import make_dataset
from driftwheel.services.wheel.measure_champion import measure_champion
from driftwheel.services.wheel.select_images import select_images
from driftwheel.services.wheel.settle_labels import settle_labels
from driftwheel.services.wheel.train_challenger import train_challenger
from driftwheel.services.wheel.turn_moves import At, MovedOnError, end, give_up_runs, moving
from driftwheel.services.wheel.watch_champion import watch_champion
from driftwheel.store.engine.database import reading
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import model_by_key
from driftwheel.store.wheel.turn_steps import steps_of
from driftwheel.store.wheel.turns import turn_by_key
from driftwheel.wheel.turn_step import StepName
from driftwheel.wheel.wheel_policy import WheelPolicy

__all__ = ["advance_turn"]

_STEPS: Mapping[StepName, Callable[[At], bool]] = {
    "select": select_images,
    "label": await_labels,
    "consensus": settle_labels,
    "measure": measure_champion,
    "dataset": make_dataset,
    "train": train_challenger,
    "gate": compare_at_gate,
    "promote": await_promotion,
    "watch": watch_champion,
}


def advance_turn(
    engine: Engine, blobs: Blobs, key: int, *, now: datetime, threads: int | None = None
) -> bool:
    """Do what the step of a turn can do now, and return whether it moved, so that more may be done at once.

    Killed at any moment and called again, it goes on: nothing is made twice. What cannot be done ends the
    turn as failed, with the reason; what cannot be done *now* is raised.

    Raises
    ------
    UnavailableError
        When the database or the blobs cannot be used now; nothing is lost, call it again.
    """
    with reading(engine) as connection:
        turn = turn_by_key(connection, key)
        model = None if turn is None else model_by_key(connection, turn.model)
        if turn is None or model is None or not turn.is_open:
            return False
        steps = tuple(steps_of(connection, key))
    at = At(engine, blobs, model, turn, steps, WheelPolicy.from_json(turn.policy), now, threads)
    reach(f"wheel-{at.step.name}-begun")
    try:
        return _STEPS[at.step.name](at)
    except MovedOnError:
        give_up_runs(at)
        return False
    except UnavailableError:
        raise
    except DriftwheelError as error:
        return _failed(at, str(error))
    except FileNotFoundError:
        return _failed(at, "The file of a version, or of an image, is lost among the blobs.")


def _failed(at: At, reason: str) -> bool:
    try:
        with moving(at) as connection:
            end(connection, at, "failed", reason)
    except MovedOnError:
        return False
    return True
