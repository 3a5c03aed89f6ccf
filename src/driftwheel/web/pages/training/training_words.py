"""What pages say of trainings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from driftwheel.drift.diagnosis.fault_library import FaultCase
from driftwheel.images.faults.table import fault_named
from driftwheel.learning.trainers.recipe import Augmentation, Layers, Recipe, TrainerName
from driftwheel.report.numbers import share
from driftwheel.services.train.describe_training import RunDescription
from driftwheel.store.train.training_runs import RunKind, RunState

__all__ = [
    "KIND_WORDS",
    "LAYER_WORDS",
    "STATE_TONES",
    "STATE_WORDS",
    "TRAINER_WORDS",
    "RunRow",
    "fault_words",
    "gain_words",
    "points",
    "recipe_rows",
    "run_row",
    "span_words",
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
TRAINER_WORDS: Final[Mapping[TrainerName, str]] = {
    "linear-head": "linear head",
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


def fault_words(case: FaultCase, *, grade: bool = True) -> str:
    """Return a fault in words.

    Examples
    --------
    >>> fault_words(FaultCase("blur", 4, "")), fault_words(FaultCase("flip", None, ""))
    ('blur, severity 4 of 5', 'flip')
    """
    title = fault_named(case.fault).title
    return f"{title}, severity {case.severity} of 5" if grade and case.severity is not None else title


def points(value: float | None) -> str:
    """Return a share with one decimal; empty for None.

    Examples
    --------
    >>> points(0.9137).replace("\u202f", " ")
    '91.4 %'
    """
    return "" if value is None else f"{100 * value:.1f}\u202f%"


def gain_words(gain: Mapping[str, Any] | None) -> str:
    """Return a gain in points with its interval; empty for None.

    Examples
    --------
    >>> gain_words({"difference": 0.123, "low": 0.05, "high": 0.2})
    '+12.3 points (+5.0 to +20.0)'
    """
    if gain is None:
        return ""
    middle, low, high = (f"{100 * float(gain[name]):+.1f}" for name in ("difference", "low", "high"))
    return f"{middle} points ({low} to {high})".replace("-", "−")


def span_words(seconds: float) -> str:
    """Return how long something took.

    Examples
    --------
    >>> span_words(4.2), span_words(95), span_words(7300)
    ('4 s', '1 min 35 s', '2 h 1 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


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
