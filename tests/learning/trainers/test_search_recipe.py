"""The search for a recipe: begins with what was given, ends in time, and goes on where it was cut off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tests.learning.digits import need_training

from driftwheel.errors import UsageError
from driftwheel.learning.trainers.recipe import Recipe
from driftwheel.learning.trainers.search_recipe import Tried, recipe_of, search_recipe

need_training()


class _Trials:
    """Every trial takes ten seconds, and is better the nearer its learning rate is to 0.002."""

    def __init__(self, over: int = 0) -> None:
        self.now = 10.0 * over
        self.recipes: list[Recipe] = []

    def attempt(
        self, number: int, recipe: Recipe, parameters: Mapping[str, Any], told: Callable[[int, float], bool]
    ) -> float | None:
        del parameters
        self.now += 10
        self.recipes.append(recipe)
        if number == 3:
            return None
        loss = abs((recipe.learning_rate or 1) - 0.002)
        told(1, loss)
        return loss

    def seconds(self) -> float:
        return self.now


def _search(trials: _Trials, budget: float, tried: list[Tried]) -> list[Tried]:
    return search_recipe(
        Recipe("fine-tuning", epochs=50),
        trials.attempt,
        trainers=("fine-tuning", "small-network"),
        budget=budget,
        seconds=trials.seconds,
        tried=tried,
    )


def test_it_ends_in_time_and_goes_on_where_it_was_cut_off() -> None:
    trials, first = _Trials(), _Trials()
    whole = _search(trials, 200, [])
    part = _search(first, 100, [])
    after = _search(_Trials(over=len(part)), 200, part)

    assert (len(whole), len(part), len(after)) == (20, 10, 20)
    assert trials.recipes[0] == Recipe("fine-tuning", epochs=6)
    assert whole[3].loss is None
    assert part == whole[:10]
    assert after[:10] == part
    assert {one.trainer for one in trials.recipes} == {"fine-tuning", "small-network"}
    assert all(recipe_of(Recipe("fine-tuning", epochs=50), one.parameters).epochs == 6 for one in after)


def test_there_must_be_a_trainer_to_try() -> None:
    with pytest.raises(UsageError, match="at least one trainer"):
        search_recipe(Recipe(), _Trials().attempt, trainers=(), budget=1, seconds=lambda: 0.0)
