"""Trainings of a model: asked for, followed, stopped; commands that train; repairs of an alert's model."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query
from sqlalchemy import Connection

from driftwheel.errors import UsageError
from driftwheel.services.train.ask_for_repair import ask_for_repair
from driftwheel.services.train.ask_for_training import ask_for_training, known_run, stop_training
from driftwheel.services.train.describe_training import describe_runs, describe_trials
from driftwheel.services.train.offer_repairs import offer_of_alert
from driftwheel.services.train.training_commands import (
    command_named,
    remove_command,
    set_command,
    training_commands,
)
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import Model
from driftwheel.store.train.training_lines import lines_of
from driftwheel.store.train.training_runs import TrainingRun, list_runs
from driftwheel.web.api.alerts import must_see
from driftwheel.web.api.describe import problems
from driftwheel.web.api.known_alert import alert_at
from driftwheel.web.api.known_model import known_model, model_at
from driftwheel.web.api.training_bodies import (
    CommandAnswer,
    CommandBody,
    LogAnswer,
    RepairBody,
    RepairOfferAnswer,
    TrainingAnswer,
    TrainingBody,
    TrainingsAnswer,
    WholeTrainingAnswer,
    line_answer,
    offer_answer,
    training_answer,
    whole_answer,
    wish_of,
)
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = [
    "commands_router",
    "delete_command",
    "put_command",
    "read_commands",
    "read_log",
    "read_repair",
    "read_training",
    "read_trainings",
    "repair_model",
    "repairs_router",
    "router",
    "run_at",
    "stop_one",
    "train_model",
]

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/models/{name}/training", tags=["training"])
commands_router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/training-commands", tags=["training"])
repairs_router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/alerts/{key}/repair", tags=["training"])

_READ = [permit("read")]
_EDIT = [permit("edit-models")]
_Key = Annotated[int, Path(ge=1, lt=2**31, description="Of the run.")]
_AlertKey = Annotated[int, Path(ge=1, lt=2**63, description="Of the alert.")]
_CommandName = Annotated[str, Path(max_length=32)]


@router.get("", dependencies=_READ, responses=problems(404))
def read_trainings(
    name: str,
    state: State,
    before: Annotated[int | None, Query(ge=1, lt=2**31, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> TrainingsAnswer:
    """Read the training runs of a model, the newest first; trials of searches stand with their search."""
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        found = list_runs(connection, model.key, before=before, limit=limit)
        told = [training_answer(one) for one in describe_runs(connection, found)]
    return TrainingsAnswer(trainings=told, next=found[-1].key if len(found) == limit else None)


@router.post("", status_code=202, dependencies=_EDIT, responses=problems(404))
def train_model(name: str, body: TrainingBody, state: State, caller: Caller) -> TrainingAnswer:
    """Let a worker train a model; what comes of it is a version in the state `trained`."""
    model_at(state.engine, name)
    run = ask_for_training(
        state.engine,
        name,
        wish_of(body),
        by=caller.name,
        now=state.clock(),
        commands_allowed=state.settings.training_commands,
    )
    return _told(state, run)


@router.get("/{key}", dependencies=_READ, responses=problems(404))
def read_training(name: str, key: _Key, state: State) -> WholeTrainingAnswer:
    """Read a training run, with its epochs and the trials of a search."""
    with reading(state.engine) as connection:
        run = run_at(connection, known_model(connection, name), key)
        (found,) = describe_runs(connection, [run])
        return whole_answer(found, describe_trials(connection, key))


@router.get("/{key}/log", dependencies=_READ, responses=problems(404))
def read_log(
    name: str,
    key: _Key,
    state: State,
    after: Annotated[int, Query(ge=-1, lt=2**31, description="`next` of the part before.")] = -1,
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
) -> LogAnswer:
    """Read the log of a run, the oldest lines first; ask again with `next` for what has come since."""
    with reading(state.engine) as connection:
        run = run_at(connection, known_model(connection, name), key)
        lines = lines_of(connection, key, after=after, limit=limit)
    last = lines[-1].number if lines else after
    return LogAnswer(lines=[line_answer(one) for one in lines], next=last, open=run.is_open)


@router.post("/{key}/stop", dependencies=_EDIT, responses=problems(404))
def stop_one(name: str, key: _Key, state: State, caller: Caller) -> WholeTrainingAnswer:
    """Stop a run that waits or is under way."""
    with reading(state.engine) as connection:
        run_at(connection, known_model(connection, name), key)
    stop_training(state.engine, name, key, by=caller.name, now=state.clock())
    return read_training(name, key, state)


@commands_router.get("", dependencies=_EDIT)
def read_commands(state: State) -> list[CommandAnswer]:
    """Read the commands that train, by name."""
    with reading(state.engine) as connection:
        known = training_commands(connection)
    return [CommandAnswer(name=name, command=command) for name, command in sorted(known.items())]


@commands_router.put("/{command}", dependencies=_EDIT)
def put_command(command: _CommandName, body: CommandBody, state: State, caller: Caller) -> CommandAnswer:
    """Configure a command that trains, where the setting `training_commands` allows it."""
    set_command(
        state.engine,
        command,
        body.command,
        allowed=state.settings.training_commands,
        by=caller.name,
        now=state.clock(),
    )
    return CommandAnswer(name=command, command=body.command)


@commands_router.delete("/{command}", status_code=204, dependencies=_EDIT, responses=problems(404))
def delete_command(command: _CommandName, state: State, caller: Caller) -> None:
    """Take a command away; runs that need it fail."""
    with reading(state.engine) as connection:
        try:
            command_named(connection, command)
        except UsageError as error:
            raise HTTPException(404, str(error)) from None
    remove_command(state.engine, command, by=caller.name, now=state.clock())


@repairs_router.get("", dependencies=[permit("read", all_models=True)], responses=problems(404))
def read_repair(key: _AlertKey, state: State, caller: Caller) -> RepairOfferAnswer:
    """Read what can be done about an alert without new labels, and what is to be expected of it."""
    must_see(state, caller, key)
    found = alert_at(state.engine, key)
    with reading(state.engine) as connection:
        offer = offer_of_alert(connection, found.model, found.episode)
        if offer is None:
            raise HTTPException(404, "No camera fault explains this alert, so no repair is offered.")
        runs = [*offer.repairs, *([] if offer.rehearsal is None else [offer.rehearsal])]
        described = {one.run.key: one for one in describe_runs(connection, runs)}
    return offer_answer(offer, described)


@repairs_router.post(
    "", status_code=202, dependencies=[permit("edit-models", all_models=True)], responses=problems(404)
)
def repair_model(key: _AlertKey, body: RepairBody, state: State, caller: Caller) -> TrainingAnswer:
    """Let a worker repair the model of an alert without new labels; it becomes a version for the gate."""
    must_see(state, caller, key)
    run = ask_for_repair(
        state.engine,
        state.blobs,
        key,
        body.kind,
        trainer=body.trainer,
        by=caller.name,
        now=state.clock(),
    )
    return _told(state, run)


def run_at(connection: Connection, model: Model, key: int) -> TrainingRun:
    """Return the run that an address names; 404 where the model has none."""
    try:
        return known_run(connection, model, key)
    except UsageError as error:
        raise HTTPException(404, str(error)) from None


def _told(services: Services, run: TrainingRun) -> TrainingAnswer:
    with reading(services.engine) as connection:
        return training_answer(describe_runs(connection, [run])[0])
