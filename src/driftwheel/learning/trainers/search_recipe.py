"""Search for a recipe: short trainings within a time budget, the next from the last ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from driftwheel.errors import MissingExtraError, UsageError
from driftwheel.learning.trainers.recipe import Augmentation, Recipe, TrainerName

__all__ = ["Attempt", "Tried", "recipe_of", "search_recipe"]

_SIDES = (96, 128, 160, 224)
_SMALL_SIDE = 128  # px at most of a small network: it is for small images, and from scratch all is to learn
_MOST_TRIALS = 500
_EPOCHS = 6  # of one trial at most

Attempt = Callable[[int, Recipe, Mapping[str, Any], Callable[[int, float], bool]], float | None]
"""Trains a trial: its number from 0 on, its recipe, its parameters, and whom to tell of each epoch's number
and validation loss, who answers whether to stop because others were ahead. Returns the lowest loss; None when
it came to nothing."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A trial that is over: its parameters, and its lowest validation loss; None when it came to nothing."""

    parameters: Mapping[str, Any]
    loss: float | None


def search_recipe(
    start: Recipe,
    attempt: Attempt,
    *,
    trainers: Sequence[TrainerName],
    budget: float,
    seconds: Callable[[], float],
    tried: Sequence[Tried] = (),
    seed: int = 0,
    incremental: bool = False,
) -> list[Tried]:
    """Try recipes until the time is over, and return all trials; the first is `start` as it is.

    Searched are the trainer, its architecture (side, layers, width, levels), learning rate, weight decay,
    dropout and augmentation. A trial learns for at most 6 epochs, and is cut short when its loss is behind
    the median of those before it.

    Parameters
    ----------
    trainers
        That may be tried, at least one; neither ``command`` nor ``distillation``.
    budget, seconds
        How long to search, and a clock that counts from the search's beginning, in seconds: no trial begins
        after that. One that is under way then is ended by `attempt`.
    tried
        Trials that are over, for a search that was cut off.
    incremental
        Whether trials go on from a champion: then the side stays as it is.

    Raises
    ------
    MissingExtraError
        Without optuna: the extra ``train``.
    UsageError
        When there is nothing to try.

    Notes
    -----
    Source: Akiba, Sano, Yanase, Ohta and Koyama, "Optuna: a next-generation hyperparameter optimization
    framework", KDD 2019; its sampler is that of Bergstra, Bardenet, Bengio and Kégl, NIPS 2011.
    """
    if not trainers or not {"command", "distillation"}.isdisjoint(trainers):
        raise UsageError(
            "Choose at least one trainer to search over, of linear-head, small-network, fine-tuning."
        )
    optuna = _import_optuna()
    space = _space(optuna, tuple(trainers), incremental=incremental)
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        study = optuna.create_study(
            sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=6),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=1),
        )
        done = list(tried)
        for one in done[1:]:  # the first is no point of the space
            _add(optuna, study, space, one)
        while len(done) < _MOST_TRIALS and (not done or seconds() < budget):
            if not done:
                loss = attempt(0, _short(start), {}, lambda _epoch, _loss: False)
                done.append(Tried({}, loss))
                continue
            trial = study.ask(fixed_distributions=space)

            def told(epoch: int, loss: float, trial: Any = trial) -> bool:
                trial.report(loss, epoch)
                return bool(trial.should_prune())

            loss = attempt(len(done), recipe_of(start, trial.params), trial.params, told)
            state = optuna.trial.TrialState.FAIL if loss is None else optuna.trial.TrialState.COMPLETE
            study.tell(trial, loss, state=state)
            done.append(Tried(dict(trial.params), loss))
    finally:
        optuna.logging.set_verbosity(before)
    return done


def recipe_of(start: Recipe, parameters: Mapping[str, Any]) -> Recipe:
    """Return the recipe of a trial: `start` with the parameters that the search has drawn."""
    if not parameters:
        return _short(start)
    augmentation = Augmentation(
        flip=parameters["flip"],
        zoom=parameters["zoom"],
        turn=parameters["turn"],
        light=parameters["light"],
        colour=start.augmentation.colour,
    )
    trainer: TrainerName = parameters["trainer"]
    side = parameters.get("side", start.side)
    if trainer == "small-network" and side is not None:
        side = min(side, _SMALL_SIDE)
    rate = {"small-network": 3e-3, "fine-tuning": 5e-4}.get(trainer, 1e-3) * parameters["rate"]
    return _short(
        replace(
            start,
            trainer=trainer,
            side=side,
            layers=parameters["layers"],
            learning_rate=rate,
            weight_decay=parameters["weight_decay"],
            dropout=parameters["dropout"],
            width=parameters["width"],
            levels=parameters["levels"],
            augmentation=augmentation,
        )
    )


def _short(recipe: Recipe) -> Recipe:
    return replace(recipe, epochs=min(recipe.epochs, _EPOCHS))


def _space(optuna: Any, trainers: tuple[TrainerName, ...], *, incremental: bool) -> dict[str, Any]:
    choice, number, whole = (
        getattr(optuna.distributions, f"{kind}Distribution") for kind in ("Categorical", "Float", "Int")
    )
    return {
        "trainer": choice(trainers),
        **({} if incremental else {"side": choice(_SIDES)}),
        "layers": choice(("first", "all")),
        "rate": number(0.2, 5.0, log=True),
        "weight_decay": number(1e-3, 0.1, log=True),
        "dropout": number(0.0, 0.4),
        "width": choice((12, 16, 24, 32)),
        "levels": whole(3, 5),
        "flip": choice((True, False)),
        "zoom": number(0.0, 0.4),
        "turn": number(0.0, 20.0),
        "light": number(0.0, 0.4),
    }


def _add(optuna: Any, study: Any, space: Mapping[str, Any], one: Tried) -> None:
    known = {name: value for name, value in one.parameters.items() if name in space}
    if set(known) != set(space):
        return
    state = optuna.trial.TrialState.FAIL if one.loss is None else optuna.trial.TrialState.COMPLETE
    study.add_trial(
        optuna.trial.create_trial(params=known, distributions=dict(space), value=one.loss, state=state)
    )


def _import_optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise MissingExtraError("Searching a recipe", "train") from None
    return optuna
