"""Recipes as JSON and back, and what is said of those that cannot be used."""

from __future__ import annotations

import json
from typing import Any

import pytest

from driftwheel.drift.diagnosis.fault_library import FaultCase
from driftwheel.errors import UsageError
from driftwheel.learning.trainers.recipe import Augmentation, Recipe, recipe_from


def test_a_recipe_survives_json() -> None:
    recipe = Recipe(
        trainer="fine-tuning",
        side=128,
        layers="first",
        augmentation=Augmentation(turn=10),
        faults=(FaultCase("haze", 3, ""), FaultCase("flip", None, "upside_down")),
    )

    assert recipe_from(json.loads(json.dumps(recipe.plain()))) == recipe
    assert recipe_from({}) == Recipe()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"trainer": "liner-head"}, "Did you mean 'linear-head'"),
        ({"epoch": 3}, "Did you mean 'epochs'"),
        ({"epochs": 0}, "whole number from 1"),
        ({"side": 100}, "multiple of 32"),
        ({"learning_rate": float("nan")}, "number from"),
        ({"faults": [{"fault": "haze", "severity": 9}]}, "severity of 'haze' is from 1 to 5"),
        ({"faults": [{"fault": "frozen_frame"}]}, "no image can be given it"),
        ({"faults": [{"fault": "flip", "variant": "sideways"}]}, "no variant 'sideways'"),
        ({"faults": ["haze"]}, "fault, severity and variant"),
        ({"augmentation": {"zom": 1}}, "Did you mean 'zoom'"),
        ({"trainer": "command"}, "Name the command"),
    ],
)
def test_what_cannot_be_used_is_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        recipe_from(given)
