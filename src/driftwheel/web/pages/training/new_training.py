"""Ask for a training or a search by page; configure commands that train."""

from __future__ import annotations

from typing import Annotated, Any, cast

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from driftwheel.errors import DriftwheelError, UsageError
from driftwheel.learning.trainers.recipe import LAYERS, TRAINERS, Augmentation, Recipe, TrainerName
from driftwheel.learning.trainers.recipe_words import LAYER_WORDS, TRAINER_WORDS
from driftwheel.services.train.ask_for_training import TrainingWish, ask_for_training
from driftwheel.services.train.champion import champion_of, default_start
from driftwheel.services.train.training_commands import remove_command, set_command, training_commands
from driftwheel.store.datasets.dataset_versions import list_dataset_versions
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import ModelVersion, list_versions
from driftwheel.web.api.known_model import known_model, model_at
from driftwheel.web.pages.datasets.model_frame import model_frame
from driftwheel.web.pages.rendering import render
from driftwheel.web.pages.training.training_words import training_address
from driftwheel.web.problems import status_of
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_SIDES = ("", "96", "128", "160", "224")
_TRAINER_HINTS = {
    "linear-head": "linear head: the last layer alone, in seconds to minutes",
    "distillation": "distillation: sees a simulated camera fault as if it were not there, minutes to hours",
    "fine-tuning": "fine-tuning: layers of EfficientNet-Lite0 or the champion, in minutes to hours",
    "small-network": "small network: from scratch, for small images",
    "command": "own command",
}


class _Fields(BaseModel):
    """The form, as it was typed."""

    dataset: str = ""
    mode: str = "full"
    start: str = ""
    trainer: str = "linear-head"
    layers: str = "auto"
    command: str = ""
    side: str = ""
    epochs: str = "20"
    rate: str = ""
    seed: str = "0"
    flip: str = ""
    zoom: str = "20"
    turn: str = "0"
    light: str = "20"
    unbalanced: str = ""
    version: str = ""
    minutes: str = ""


@router.get("/models/{name}/training/new", dependencies=[permit("edit-models")])
def _show_form(request: Request, state: State, name: str) -> Response:
    """Show the form."""
    dataset = request.query_params.get("dataset", "")
    return _page(request, state, name, _Fields(dataset=dataset, flip="yes"))


@router.post("/models/{name}/training/new", dependencies=[permit("edit-models")])
def _take_form(
    request: Request, state: State, caller: Caller, name: str, given: Annotated[_Fields, Form()]
) -> Response:
    """Ask for it and lead to the run."""
    model_at(state.engine, name)
    try:
        run = ask_for_training(
            state.engine,
            name,
            _wish(given),
            by=caller.name,
            now=state.clock(),
            commands_allowed=state.settings.training_commands,
        )
    except DriftwheelError as error:
        if (status := status_of(error)) == 500:
            raise
        return _page(request, state, name, given, wrong=str(error), status=status)
    return RedirectResponse(f"{training_address(name, run.key)}?told=asked", 303)


@router.post("/models/{name}/training/commands", dependencies=[permit("edit-models")])
def _set_command(  # noqa: PLR0917  the fields of the form
    request: Request,
    state: State,
    caller: Caller,
    name: str,
    called: Annotated[str, Form()] = "",
    command: Annotated[str, Form()] = "",
    remove: Annotated[str, Form()] = "",
) -> Response:
    """Configure a command, or take it away, and lead back to the form."""
    model_at(state.engine, name)
    try:
        if remove:
            remove_command(state.engine, remove, by=caller.name, now=state.clock())
        else:
            set_command(
                state.engine,
                called.strip(),
                command.strip(),
                allowed=state.settings.training_commands,
                by=caller.name,
                now=state.clock(),
            )
    except UsageError as error:
        return _page(request, state, name, _Fields(flip="yes"), wrong=str(error), status=422)
    return RedirectResponse(f"{training_address(name)}/new#commands", 303)


def _wish(given: _Fields) -> TrainingWish:
    """Return what the form asks for; raise `UsageError` for what cannot be read."""
    recipe = Recipe(
        trainer=cast("TrainerName", given.trainer),
        seed=_whole("seed", given.seed, 0),
        side=_whole("side", given.side, None),
        epochs=_whole("epochs", given.epochs, 20),
        learning_rate=_number("learning rate", given.rate, None),
        layers=cast("Any", given.layers),
        balance=not given.unbalanced,
        augmentation=Augmentation(
            flip=bool(given.flip),
            zoom=_number("zoom", given.zoom, 20.0) / 100,
            turn=_number("turn", given.turn, 0.0),
            light=_number("light", given.light, 20.0) / 100,
        ),
        command=given.command if given.trainer == "command" else "",
    )
    return TrainingWish(
        recipe,
        dataset=_whole("dataset", given.dataset, None),
        incremental=given.mode == "incremental",
        start=given.start or None,
        version=given.version.strip(),
        search_minutes=_number("search time", given.minutes, 0.0),
    )


def _whole(what: str, text: str, default: Any) -> Any:
    if not text.strip():
        return default
    if not (text.strip().isascii() and text.strip().isdecimal() and len(text) < 12):
        raise UsageError(f"The {what} is '{text}'; give a whole number.")
    return int(text)


def _number(what: str, text: str, default: Any) -> Any:
    if not text.strip():
        return default
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"The {what} is '{text}'; give a number.") from None


def _page(
    request: Request, state: Services, name: str, given: _Fields, *, wrong: str = "", status: int = 200
) -> Response:
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        frame = model_frame(connection, state, model)
        datasets = [
            one
            for one in list_dataset_versions(connection, model.key)
            if one.removed is None and one.kind == "class"
        ]
        champion, start = champion_of(connection, model), default_start(connection, model)
        versions = [one for one in list_versions(connection, model.key) if one.artifact is not None]
        commands = training_commands(connection)
    allowed = state.settings.training_commands
    trainers = [one for one in TRAINERS if one != "command" or (allowed and commands)]
    return render(
        request,
        "training/new.html.j2",
        status=status,
        **frame,
        at=training_address(name),
        given=given,
        datasets=[
            (str(one.number), f"{one.number}: {one.images:,} images of {len(one.classes)} classes")
            for one in datasets
        ],
        champion=champion,
        starts=[("", _start_words(champion, start))]
        + [(one.name, f"{one.name}, the champion" if one == champion else one.name) for one in versions],
        trainers=[(one, _TRAINER_HINTS[one]) for one in trainers],
        layers=[(one, LAYER_WORDS[one]) for one in LAYERS],
        sides=[(one, f"{one} px" if one else "as suits the trainer") for one in _SIDES],
        commands=sorted(commands.items()),
        allowed=allowed,
        words=TRAINER_WORDS,
        wrong=wrong,
    )


def _start_words(champion: ModelVersion | None, start: ModelVersion | None) -> str:
    if champion is None or start is None:
        return "the champion"
    if start == champion:
        return f"the champion, {champion.name}"
    return f"{start.name}, which repairs the champion"
