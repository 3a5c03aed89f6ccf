"""The steps of a turn of the wheel, in order, and the words for what it waits for and how it ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

__all__ = [
    "OUTCOME_WORDS",
    "STEPS",
    "STEP_WORDS",
    "WAITS_FOR_PEOPLE",
    "WAIT_WORDS",
    "WHEEL",
    "Outcome",
    "StepName",
    "StepState",
    "TriggerName",
    "Waits",
]

WHEEL: Final = "the wheel"
"""Who does what a turn does: of trainings, gate runs and promotions, and in the audit."""

TriggerName = Literal["alert", "performance", "labels", "schedule", "hand"]
"""What began a turn."""

StepName = Literal["select", "label", "consensus", "measure", "dataset", "train", "gate", "promote", "watch"]
"""In the order that a turn goes through; from `gate` it may go back to `label`, for more labels."""

StepState = Literal["running", "waiting", "done", "skipped"]

Waits = Literal["labels", "review", "training", "gate", "answer", "images"]
"""What a step that waits waits for."""

Outcome = Literal["promoted", "kept", "rolled_back", "no_harm", "stopped", "failed", "out_of_budget"]
"""How a turn ends."""

STEPS: Final[tuple[StepName, ...]] = get_args(StepName)

WAITS_FOR_PEOPLE: Final[frozenset[Waits]] = frozenset({"labels", "review", "answer"})
"""Of these, nobody but a person can bring them."""

STEP_WORDS: Final[Mapping[StepName, str]] = {
    "select": "choose images",
    "label": "label",
    "consensus": "settle the labels",
    "measure": "measure the champion",
    "dataset": "make a dataset version",
    "train": "train",
    "gate": "compare at the gate",
    "promote": "promote",
    "watch": "watch the new champion",
}

WAIT_WORDS: Final[Mapping[Waits, str]] = {
    "labels": "labels by people",
    "review": "a review",
    "training": "a training",
    "gate": "the gate",
    "answer": "an answer",
    "images": "new images",
}

OUTCOME_WORDS: Final[Mapping[Outcome, str]] = {
    "promoted": "promoted",
    "kept": "champion kept",
    "rolled_back": "rolled back",
    "no_harm": "no harm shown",
    "stopped": "stopped",
    "failed": "failed",
    "out_of_budget": "out of budget",
}
