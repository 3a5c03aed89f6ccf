"""Find the trainer that a recipe names."""

from __future__ import annotations

from driftwheel.errors import UsageError
from driftwheel.learning.trainers.recipe import Recipe
from driftwheel.learning.trainers.trainer import Trainer

__all__ = ["load_trainer"]


def load_trainer(recipe: Recipe, command: str | None = None) -> Trainer:
    """Return the trainer of a recipe.

    Parameters
    ----------
    command
        What the recipe's command is, for the trainer ``command``.

    Raises
    ------
    UsageError
        When the recipe names a command and none is given.
    """
    if recipe.trainer == "linear-head":
        from driftwheel.learning.trainers.linear_head import LinearHead

        return LinearHead()
    if recipe.trainer == "command":
        from driftwheel.learning.trainers.command_trainer import CommandTrainer, read_command

        if command is None:
            raise UsageError(f"There is no command '{recipe.command}' any more; configure it again.")
        return CommandTrainer(read_command(command))
    if recipe.trainer == "distillation":
        from driftwheel.learning.trainers.distillation import Distillation

        return Distillation()
    from driftwheel.learning.trainers.torch_trainers import FineTuning, SmallNetwork

    return SmallNetwork() if recipe.trainer == "small-network" else FineTuning()
