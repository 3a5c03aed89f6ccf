"""Send a challenger to the gate: a worker compares it with the champion."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError
from driftwheel.services.release.gate_slice import GateSlice, slice_of_newest_alert
from driftwheel.store.engine.database import writing
from driftwheel.store.models.models import (
    Model,
    ModelVersion,
    find_model,
    find_version,
    lock_model,
    version_by_key,
)
from driftwheel.store.operate.audit import note
from driftwheel.store.release.aliases import find_alias, set_alias
from driftwheel.store.release.gate_runs import GateRun, add_gate_run, waiting_gate_runs
from driftwheel.store.release.policies import find_policy

__all__ = ["ask_gate", "ask_gate_in", "champion_to_beat"]


def ask_gate(
    engine: Engine,
    model: str,
    version: str,
    *,
    chosen: GateSlice | None = None,
    by: str,
    now: datetime,
) -> GateRun:
    """Note that a version is to be compared with the champion, and return the run. Noted in the audit.

    What is asked is what the model's policy says now. The version becomes the challenger, unless another one
    is in the shadow.

    Parameters
    ----------
    chosen
        What it must be better on; by default what the newest alert is about, and everything where there was
        none.

    Raises
    ------
    UsageError
        When there is no such version, it or the champion has no file, it is the champion, or it waits at the
        gate already.
    """
    with writing(engine) as connection:
        return ask_gate_in(connection, model, version, chosen=chosen, by=by, now=now)


def ask_gate_in(
    connection: Connection,
    model: str,
    version: str,
    *,
    chosen: GateSlice | None = None,
    looks_at_others: int = 0,
    by: str,
    now: datetime,
) -> GateRun:
    """Send a version to the gate as `ask_gate` does, in a transaction of somebody else's.

    Parameters
    ----------
    looks_at_others
        Looks that were taken on the same images at other challengers, of which the first to be let in wins:
        all of them share the error that the gate may make.

    Raises
    ------
    UsageError
        Likewise.
    """
    known = find_model(connection, model)
    known = lock_model(connection, known.key) or known
    challenger = find_version(connection, known, version)
    champion = champion_to_beat(connection, known)
    _check(known, challenger, champion)
    if any(one.challenger == challenger.key for one in waiting_gate_runs(connection)):
        raise UsageError(f"Version '{version}' waits at the gate already; a worker compares it soon.")
    if chosen is None:
        chosen = slice_of_newest_alert(connection, known)
    policy = find_policy(connection, known.key)
    made = add_gate_run(
        connection,
        model=known.key,
        challenger=challenger.key,
        champion=champion.key,
        slice=chosen.to_json(),
        rule=policy.rule.to_json(),
        policy=policy.policy,
        created=now,
        by=by,
        looks_at_others=looks_at_others,
    )
    _become_challenger(connection, known, challenger, now, by)
    details = {"version": version, "champion": champion.name, "gate": made.key}
    note(connection, now, by, "ask gate", known.name, details)
    return made


def champion_to_beat(connection: Connection, model: Model) -> ModelVersion:
    """Return the champion of a model.

    Raises
    ------
    UsageError
        When it has none.
    """
    alias = find_alias(connection, model.key, "champion")
    champion = None if alias is None else version_by_key(connection, alias.version)
    if champion is None:
        raise UsageError(
            f"The model '{model.name}' has no champion to compare with; promote the version as it is."
        )
    return champion


def _check(model: Model, challenger: ModelVersion, champion: ModelVersion) -> None:
    if model.task != "classification":
        raise UsageError(f"'{model.name}' is a model of {model.task}; the gate is for classification.")
    if challenger.key == champion.key:
        raise UsageError(f"Version '{challenger.name}' is the champion; name a challenger.")
    if challenger.state == "retired":
        raise UsageError(f"Version '{challenger.name}' is retired; take it back first.")
    for one in (challenger, champion):
        if one.artifact is None:
            raise UsageError(
                f"Version '{one.name}' has no ONNX file, so it cannot be asked; add a version with its file."
            )


def _become_challenger(
    connection: Connection, model: Model, version: ModelVersion, now: datetime, by: str
) -> None:
    alias = find_alias(connection, model.key, "challenger")
    other = None if alias is None else version_by_key(connection, alias.version)
    if (other is None or other.state != "shadow") and (other is None or other.key != version.key):
        set_alias(connection, model.key, "challenger", version.key, now, by)
