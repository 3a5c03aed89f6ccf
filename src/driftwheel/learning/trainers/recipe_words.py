"""A recipe in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from driftwheel.drift.diagnosis.fault_library import FaultCase
from driftwheel.images.faults.table import fault_named
from driftwheel.learning.trainers.recipe import Augmentation, Layers, Recipe, TrainerName
from driftwheel.report.numbers import share

__all__ = ["LAYER_WORDS", "TRAINER_WORDS", "fault_words", "recipe_rows"]

TRAINER_WORDS: Final[Mapping[TrainerName, str]] = {
    "linear-head": "linear head",
    "distillation": "distillation",
    "fine-tuning": "fine-tuning",
    "small-network": "small network",
    "command": "own command",
}
LAYER_WORDS: Final[Mapping[Layers, str]] = {
    "auto": "layers chosen by trial",
    "all": "all layers",
    "first": "first block and head",
    "last": "head alone",
}


def fault_words(case: FaultCase, *, grade: bool = True) -> str:
    """Return a fault in words.

    Examples
    --------
    >>> fault_words(FaultCase("blur", 4, "")), fault_words(FaultCase("flip", None, ""))
    ('blur, severity 4 of 5', 'flip')
    """
    title = fault_named(case.fault).title
    return f"{title}, severity {case.severity} of 5" if grade and case.severity is not None else title


def recipe_rows(recipe: Recipe) -> list[tuple[str, str]]:
    """Return the choices of a recipe that its trainer looks at, as pairs of words."""
    rows = [("Trainer", TRAINER_WORDS[recipe.trainer])]
    if recipe.command:
        rows.append(("Command", recipe.command))
    if recipe.trainer == "fine-tuning":
        rows.append(("Layers", LAYER_WORDS[recipe.layers]))
    if recipe.trainer == "small-network":
        rows.append(("Network", f"{recipe.levels} levels, {recipe.width} channels after the first"))
    rows.append(("Side", "as the network has it" if recipe.side is None else f"{recipe.side} px"))
    if recipe.trainer == "distillation":
        rows += [
            ("Epochs", f"at most {recipe.epochs}, patience {recipe.patience}"),
            ("Batch", str(recipe.batch)),
            ("Augmentation", "mirrored" if recipe.augmentation.flip else "none"),
        ]
    if recipe.trainer in {"fine-tuning", "small-network"}:
        rate = "as suits it" if recipe.learning_rate is None else f"{recipe.learning_rate:.2g}"
        change = recipe.augmentation
        rows += [
            ("Epochs", f"at most {recipe.epochs}, patience {recipe.patience}"),
            ("Batch", str(recipe.batch)),
            ("Learning rate", rate),
            ("Weight decay", f"{recipe.weight_decay:.2g}"),
            ("Dropout", share(recipe.dropout)),
            ("Augmentation", _augmentation(change)),
        ]
    rows.append(("Classes", "count the same" if recipe.balance else "count by their images"))
    if recipe.faults:
        grades = sorted({one.severity for one in recipe.faults if one.severity is not None})
        told = f", severity {grades[0]} to {grades[-1]}" if grades else ""
        title = fault_named(recipe.faults[0].fault).title
        rows.append(("Camera fault", f"{title}{told}, on {share(recipe.fault_share)} of the images"))
    rows.append(("Seed", str(recipe.seed)))
    return rows


def _augmentation(change: Augmentation) -> str:
    mirrored = "mirrored, " if change.flip else ""
    moved = f"zoom {share(change.zoom)}, turn {change.turn:.0f}°"
    return f"{mirrored}{moved}, light {share(change.light)}, colour {share(change.colour)}"
