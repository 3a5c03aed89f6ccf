"""What pages say of trainings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from driftwheel.learning.trainers.recipe_words import LAYER_WORDS, TRAINER_WORDS, fault_words
from driftwheel.report.gains import gain_words, points, span_words
from driftwheel.services.train.describe_training import RunDescription
from driftwheel.store.train.training_runs import RunKind, RunState

__all__ = [
    "KIND_WORDS",
    "STATE_TONES",
    "STATE_WORDS",
    "RunRow",
    "run_row",
    "training_address",
]

KIND_WORDS: Final[Mapping[RunKind, str]] = {
    "train": "Training",
    "search": "Search",
    "trial": "Trial",
    "repair": "Repair",
    "rehearsal": "Rehearsal",
    "adapt": "Stopgap",
}
STATE_WORDS: Final[Mapping[RunState, str]] = {
    "waiting": "waiting",
    "running": "running",
    "done": "done",
    "failed": "failed",
    "stopped": "stopped",
}
STATE_TONES: Final[Mapping[RunState, str]] = {
    "waiting": "quiet",
    "running": "note",
    "done": "ok",
    "failed": "bad",
    "stopped": "quiet",
}


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run in a list.

    Attributes
    ----------
    what
        Its kind and how it was trained, in a few words.
    accuracy, interval, gain
        On held-out images, and what it gains over the champion of then; empty where that is not known.
    lasted
        How long it was worked on.
    """

    one: RunDescription
    address: str
    kind: str
    what: str
    state: str
    tone: str
    accuracy: str
    interval: str
    gain: str
    lasted: str


def training_address(name: str, key: int | None = None) -> str:
    """Return where the trainings of a model, or one of them, are shown."""
    at = f"/models/{quote(name, safe='')}/training"
    return at if key is None else f"{at}/{key}"


def run_row(name: str, one: RunDescription) -> RunRow:
    """Return a run as a list shows it."""
    run = one.run
    clean: Mapping[str, Any] = (run.results or {}).get("clean") or {}
    fault: Mapping[str, Any] = (run.results or {}).get("faulty") or {}
    shown = fault if run.kind in {"repair", "rehearsal", "adapt"} and fault else clean
    return RunRow(
        one,
        training_address(name, run.key),
        KIND_WORDS[run.kind],
        _what(one),
        STATE_WORDS[run.state],
        STATE_TONES[run.state],
        points(shown.get("accuracy")),
        f"{points(shown['low'])} – {points(shown['high'])}" if shown else "",
        gain_words(shown.get("gain")),
        span_words(run.seconds),
    )


def _what(one: RunDescription) -> str:
    recipe, run = one.recipe, one.run
    if run.kind == "adapt":
        return "normalisations adapted to recent images"
    words = [TRAINER_WORDS[recipe.trainer] + (f" {recipe.command}" if recipe.command else "")]
    if recipe.trainer == "fine-tuning":
        words.append(LAYER_WORDS[recipe.layers])
    words.append("incremental" if run.start is not None else "full")
    if recipe.faults:
        words.append(f"with {fault_words(recipe.faults[0], grade=False)} simulated")
    return ", ".join(words)
