"""What goes to the gate by itself: versions that were trained, and challengers whose labels are there."""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError
from driftwheel.services.release.ask_gate import ask_gate
from driftwheel.services.release.gate_slice import GateSlice
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.pools import pool_by_key
from driftwheel.store.models.models import (
    Model,
    ModelVersion,
    list_models,
    list_versions,
    model_by_key,
    version_by_key,
)
from driftwheel.store.release.aliases import find_alias
from driftwheel.store.release.gate_runs import list_gate_runs, runs_with_pool
from driftwheel.store.release.policies import find_policy
from driftwheel.store.train.training_runs import runs_of_version
from driftwheel.wheel.turn_step import WHEEL

__all__ = ["send_due_to_gate"]

BY = "the policy"
"""Who asked, in the audit."""

_RUNS = 1000  # of a model that are looked at
_log = logging.getLogger("driftwheel.worker")


def send_due_to_gate(engine: Engine, *, now: datetime) -> int:
    """Send to the gate what goes there by itself, and return how many versions did.

    Versions that were trained here, once each, where the policy of their model says so and there is a
    champion with a file to compare with; and challengers that lacked labels, once their pool is done. Not
    those of a turn of the wheel, which sends them itself.
    """
    with reading(engine) as connection:
        due = [*_trained(connection), *_labelled(connection)]
    sent = 0
    for model, version, chosen in due:
        try:
            ask_gate(engine, model.name, version.name, chosen=chosen, by=BY, now=now)
            sent += 1
        except UsageError as error:  # somebody changed it meanwhile
            _log.info("Version '%s' of '%s' did not go to the gate: %s", version.name, model.name, error)
    return sent


def _trained(connection: Connection) -> list[tuple[Model, ModelVersion, GateSlice | None]]:
    found: list[tuple[Model, ModelVersion, GateSlice | None]] = []
    for model in list_models(connection):
        versions = [one for one in list_versions(connection, model.key) if _is_candidate(one)]
        if model.task != "classification" or not versions or not find_policy(connection, model.key).gates:
            continue
        champion = find_alias(connection, model.key, "champion")
        served = None if champion is None else version_by_key(connection, champion.version)
        if served is None or served.artifact is None:
            continue
        seen = {one.challenger for one in list_gate_runs(connection, model.key, limit=_RUNS)}
        of_wheel = runs_of_version(connection, [one.key for one in versions])
        seen |= {one.version for one in of_wheel if one.by == WHEEL and one.version is not None}
        found += [(model, one, None) for one in versions if one.key not in seen]
    return found


def _is_candidate(version: ModelVersion) -> bool:
    trained_here = version.dataset is not None or "training" in (version.metrics or {})
    return version.state == "trained" and version.artifact is not None and trained_here


def _labelled(connection: Connection) -> list[tuple[Model, ModelVersion, GateSlice | None]]:
    found: list[tuple[Model, ModelVersion, GateSlice | None]] = []
    for run in runs_with_pool(connection):
        pool = None if run.pool is None else pool_by_key(connection, run.pool)
        model, version = model_by_key(connection, run.model), version_by_key(connection, run.challenger)
        champion = find_alias(connection, run.model, "champion")
        same = champion is not None and champion.version == run.champion
        if pool is None or model is None or version is None or pool.state != "closed" or not same:
            continue
        if version.state != "retired" and run.by != WHEEL:
            found.append((model, version, GateSlice.from_json(run.slice)))
    return found
