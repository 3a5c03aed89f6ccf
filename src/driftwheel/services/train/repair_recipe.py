"""By which recipe a model is repaired on old images that are given a camera fault."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Literal, get_args

from driftwheel.drift.diagnosis.fault_library import FaultCase
from driftwheel.learning.trainers.recipe import Recipe
from driftwheel.services.train.fault_to_repair import cases_near

__all__ = ["REPAIR_TRAINERS", "RepairTrainer", "can_distil", "repair_recipe"]

RepairTrainer = Literal["linear-head", "distillation"]

REPAIR_TRAINERS: tuple[RepairTrainer, ...] = get_args(RepairTrainer)

_SEEN, _MOST_EPOCHS = 3000, 5  # images that distillation is to see, and times each of them at most
_BATCH = 16  # of distillation: at half the size a step costs half and teaches nearly as much


def repair_recipe(trainer: RepairTrainer, fault: FaultCase, images: int) -> Recipe:
    """Return the recipe for a fault that was diagnosed and a dataset version of so many images.

    The linear head alone is done in minutes and loses little; distillation repairs more, and takes about as
    long as 3,000 images or all of them take to learn from.

    Examples
    --------
    >>> [repair_recipe("distillation", FaultCase("blur", 4, ""), n).epochs for n in (100, 1600, 20_000)]
    [5, 2, 1]
    """
    epochs = min(_MOST_EPOCHS, max(1, round(_SEEN / max(1, images))))
    faults = cases_near(fault)
    if trainer == "linear-head":
        return Recipe(trainer, faults=faults)
    return Recipe(trainer, faults=faults, epochs=epochs, batch=_BATCH)


def can_distil() -> bool:
    """Whether what distillation needs is installed on this machine."""
    return find_spec("torch") is not None
