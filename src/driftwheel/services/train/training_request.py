"""What a process that trains is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.diagnosis.fault_library import FaultCase
from driftwheel.learning.labelled_images import LabelledImages
from driftwheel.learning.trainers.recipe import Recipe, TrainerName
from driftwheel.learning.trainers.search_recipe import Tried
from driftwheel.store.train.training_runs import RunKind

__all__ = ["TrainingOutcome", "TrainingRequest"]


@dataclass(frozen=True, slots=True, eq=False)
class TrainingRequest:
    """All that a training needs; it can be sent to another process.

    Attributes
    ----------
    kind
        Of the run.
    train, validation, held_out
        Splits; what is held out is measured on in the end. Of an ``adapt`` `train` holds the recent images,
        whose labels mean nothing.
    held_name
        Which split `held_out` is.
    old
        (n,) which images of `train` the version to go on from learnt from; None where that is not known.
    may_fault
        Which images of `train` and `validation` may be given the recipe's faults; None: all.
    start
        ONNX file of the version to go on from; None for a full training.
    champion
        ONNX file of the version to compare with; None where there is none.
    fault
        That held-out images are measured with, besides as they are.
    command
        What the recipe's command is.
    search_seconds, trainers, tried
        Of a search: its time, what it may try, and what it has tried.
    folder
        An empty one.
    checkpoint
        A file in it; None where there is none.
    before
        Seconds for which runs that were cut off had trained.
    """

    kind: RunKind
    recipe: Recipe
    train: LabelledImages
    validation: LabelledImages
    held_out: LabelledImages
    held_name: str
    folder: Path
    old: NDArray[np.bool_] | None = None
    may_fault: tuple[NDArray[np.bool_], NDArray[np.bool_]] | None = None
    start: bytes | None = None
    champion: bytes | None = None
    fault: FaultCase | None = None
    command: str | None = None
    search_seconds: float = 0.0
    trainers: tuple[TrainerName, ...] = ()
    tried: tuple[Tried, ...] = ()
    checkpoint: Path | None = None
    before: float = 0.0
    threads: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class TrainingOutcome:
    """What came of it.

    Attributes
    ----------
    file
        The ONNX file; None of a rehearsal.
    recipe
        By which it was made: of a search the best one.
    results
        What was measured, as JSON has it.
    """

    file: bytes | None
    recipe: Recipe
    results: Mapping[str, Any] = field(default_factory=dict)
