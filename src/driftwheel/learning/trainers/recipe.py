"""A recipe: every choice that a training depends on, as one frozen value that is kept with its result."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, get_args

from driftwheel.drift.diagnosis.fault_library import FaultCase
from driftwheel.errors import UsageError, did_you_mean
from driftwheel.images.faults.table import fault_named

__all__ = ["LAYERS", "NO_FAULT", "TRAINERS", "Augmentation", "Layers", "Recipe", "TrainerName", "recipe_from"]

TrainerName = Literal["linear-head", "distillation", "small-network", "fine-tuning", "command"]
Layers = Literal["auto", "all", "first", "last"]

TRAINERS: tuple[TrainerName, ...] = get_args(TrainerName)
LAYERS: tuple[Layers, ...] = get_args(Layers)

NO_FAULT = (
    "Distillation teaches a network to see images with a camera fault as it sees them without, and no fault "
    "is given. Give one (--fault), or go on from a version that was made to allow for one."
)


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How images are changed anew each time they are learnt from.

    Attributes
    ----------
    flip
        Half of them are mirrored left to right.
    zoom
        They are cut to a part of at least 1 − this of each side, from any place; 0…0.6.
    turn
        They are turned by up to so many degrees either way; 0…45.
    light
        Brightness and contrast change by a factor of up to 1 ± this; 0…0.8.
    colour
        Each channel changes by a factor of up to 1 ± this; 0…0.5.
    """

    flip: bool = True
    zoom: float = 0.2
    turn: float = 0.0
    light: float = 0.2
    colour: float = 0.05

    def __post_init__(self) -> None:
        for name, most in (("zoom", 0.6), ("turn", 45), ("light", 0.8), ("colour", 0.5)):
            _check_number(name, getattr(self, name), 0, most)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is trained, from what, and how.

    Attributes
    ----------
    trainer
        ``linear-head``, ``distillation``, ``small-network``, ``fine-tuning`` or ``command``.
    seed
        The same recipe and images give the same weights on the same machine.
    side
        Of the images that the network reads, in pixels; None: as the champion's for an incremental training,
        else 224 for EfficientNet-Lite0 and 96 for a small network.
    epochs, patience
        Times every image is seen, at most; training stops when so many epochs in a row have not lowered the
        loss on the validation split.
    batch
        Images a step.
    learning_rate
        The highest, after a short rise and before a long fall; None: what suits the trainer and the layers.
    weight_decay, dropout
        Shrink the weights a little with each step; hide a share of the features from the head.
    layers
        Of fine-tuning: ``all``, the ``last`` (the head), the ``first`` block, or ``auto``: a short trial of
        each on the validation split chooses.
    width, levels
        Of a small network, see `small_shape`.
    balance
        Each class counts the same in learning, whatever its number of images.
    replay
        Of an incremental training: the share of what is learnt from that the champion learnt from before.
    augmentation
        How images are changed.
    faults, fault_share
        Camera faults that images are given, one each, and the share of the images that get one.
    command
        Name of the command that trains, of the trainer ``command``.

    Raises
    ------
    UsageError
        For a value outside its range.
    """

    trainer: TrainerName = "linear-head"
    seed: int = 0
    side: int | None = None
    epochs: int = 20
    patience: int = 5
    batch: int = 32
    learning_rate: float | None = None
    weight_decay: float = 0.01
    dropout: float = 0.1
    layers: Layers = "auto"
    width: int = 24
    levels: int = 4
    balance: bool = True
    replay: float = 0.8
    augmentation: Augmentation = field(default_factory=Augmentation)
    faults: tuple[FaultCase, ...] = ()
    fault_share: float = 0.5
    command: str = ""

    def __post_init__(self) -> None:
        _check_choice("trainer", self.trainer, TRAINERS)
        _check_choice("choice of layers", self.layers, LAYERS)
        whole = {"epochs": 1000, "patience": 1000, "batch": 512, "width": 128, "levels": 6}
        for name, most in whole.items():
            _check_whole(name, getattr(self, name), 1, most)
        _check_whole("seed", self.seed, 0, 2**32 - 1)
        if self.side is not None:
            _check_whole("side", self.side, 32, 512)
            if self.side % 32:
                raise UsageError(f"side is {self.side}; give a multiple of 32 from 32 to 512.")
        if self.learning_rate is not None:
            _check_number("learning_rate", self.learning_rate, 1e-6, 1)
        for name, top in (("weight_decay", 1.0), ("dropout", 0.9), ("replay", 0.95), ("fault_share", 1.0)):
            _check_number(name, getattr(self, name), 0, top)
        for case in self.faults:
            _check_case(case)
        if (self.trainer == "command") != bool(self.command):
            raise UsageError("Name the command exactly when the trainer is 'command'.")

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it; `recipe_from` reads it."""
        return asdict(self)


def recipe_from(plain: Mapping[str, Any]) -> Recipe:
    """Return the recipe that `Recipe.plain` wrote; what is missing is as by default.

    Raises
    ------
    UsageError
        For a name that is not known, or a value that cannot be used.
    """
    given = dict(plain)
    _check_names("recipe", given, Recipe)
    if "augmentation" in given:
        changes = given["augmentation"]
        if not isinstance(changes, Mapping):
            raise UsageError(f"The augmentation is {changes!r}; expected names with values.")
        _check_names("augmentation", changes, Augmentation)
        given["augmentation"] = Augmentation(**changes)
    if "faults" in given:
        given["faults"] = tuple(_case(one) for one in given["faults"])
    return Recipe(**given)


def _case(plain: Any) -> FaultCase:
    known = {"fault", "severity", "variant"}
    if not isinstance(plain, Mapping) or set(plain) - known or "fault" not in plain:
        raise UsageError(f"A camera fault is given as fault, severity and variant, not {plain!r}.")
    return FaultCase(str(plain["fault"]), plain.get("severity"), str(plain.get("variant") or ""))


def _check_case(case: FaultCase) -> None:
    fault = fault_named(case.fault)
    if fault.function is None:
        raise UsageError(f"The fault '{fault.name}' acts on a sequence of images; no image can be given it.")
    if case.severity not in fault.severities:
        grades = "from 1 to 5" if fault.has_severity else "none, since it has no grades"
        raise UsageError(f"The severity of '{fault.name}' is {grades}; got {case.severity!r}.")
    if case.variant and case.variant not in fault.variants:
        raise UsageError(
            f"The fault '{fault.name}' has no variant '{case.variant}'."
            f"{did_you_mean(case.variant, fault.variants)}"
        )


def _check_names(what: str, given: Mapping[str, Any], of: Any) -> None:
    known = [one.name for one in fields(of)]
    for name in given:
        if name not in known:
            raise UsageError(
                f"The {what} has no '{name}'.{did_you_mean(name, known)} Known are: {', '.join(known)}."
            )


def _check_choice(what: str, given: str, known: tuple[str, ...]) -> None:
    if given not in known:
        raise UsageError(
            f"There is no {what} '{given}'.{did_you_mean(str(given), known)} Known are: {', '.join(known)}."
        )


def _check_whole(name: str, value: Any, least: int, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise UsageError(f"{name} is {value!r}; give a whole number from {least} to {most}.")


def _check_number(name: str, value: Any, least: float, most: float) -> None:
    right = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not right or not math.isfinite(value) or not least <= value <= most:
        raise UsageError(f"{name} is {value!r}; give a number from {least:g} to {most:g}.")
