"""Let a challenger answer in the shadow of the champion, and put versions away and take them out again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine

from driftwheel.errors import UsageError
from driftwheel.store.engine.database import writing
from driftwheel.store.models.models import (
    Model,
    ModelVersion,
    find_model,
    find_version,
    lock_model,
    set_version,
    version_by_key,
)
from driftwheel.store.models.version_states import VersionState, may_become
from driftwheel.store.operate.audit import note
from driftwheel.store.release.aliases import find_alias, remove_alias, set_alias
from driftwheel.store.release.gate_runs import passed_gate

__all__ = ["retire", "start_shadow", "stop_shadow", "take_back"]


def start_shadow(engine: Engine, model: str, version: str, *, by: str, now: datetime) -> ModelVersion:
    """Let a version answer every image that comes beside the champion, and return it. Noted in the audit.

    It becomes the challenger; one that was in the shadow until then leaves it. Nobody acts on its answers:
    workers ask it, whichever way images come.

    Raises
    ------
    UsageError
        When there is no such version, it has no file, it is the champion or retired, or the model is no
        classifier.
    """
    with writing(engine) as connection:
        known, wanted = _version(connection, model, version)
        if known.task != "classification":
            raise UsageError(f"'{model}' is a model of {known.task}; a shadow is for classification.")
        if wanted.artifact is None:
            raise UsageError(f"Version '{version}' has no ONNX file to ask; add a version with one.")
        if wanted.state == "shadow":
            return wanted
        _check(wanted, "shadow")
        _leave_shadow(connection, known)
        set_alias(connection, known.key, "challenger", wanted.key, now, by)
        return _moved(connection, known, wanted, "shadow", "start shadow", by, now)


def stop_shadow(engine: Engine, model: str, *, by: str, now: datetime) -> ModelVersion:
    """Take the challenger out of the shadow, and return it; its answers stay. Noted in the audit.

    Raises
    ------
    UsageError
        When none is in the shadow.
    """
    with writing(engine) as connection:
        known = _locked(connection, model)
        left = _leave_shadow(connection, known)
        if left is None:
            raise UsageError(f"No version of '{model}' is in the shadow.")
        note(connection, now, by, "stop shadow", known.name, {"version": left.name})
        return version_by_key(connection, left.key) or left


def retire(engine: Engine, model: str, version: str, *, by: str, now: datetime) -> ModelVersion:
    """Put a version away, and return it: it is a candidate no more. Noted in the audit.

    Raises
    ------
    UsageError
        When there is no such version, it is the champion, or it is retired already.
    """
    with writing(engine) as connection:
        known, wanted = _version(connection, model, version)
        if wanted.state == "champion":
            raise UsageError(f"Version '{version}' is served; promote another, or roll back.")
        _check(wanted, "retired")
        if wanted.state == "shadow":
            _leave_shadow(connection, known)
        challenger = find_alias(connection, known.key, "challenger")
        if challenger is not None and challenger.version == wanted.key:
            remove_alias(connection, known.key, "challenger")
        return _moved(connection, known, wanted, "retired", "retire version", by, now)


def take_back(engine: Engine, model: str, version: str, *, by: str, now: datetime) -> ModelVersion:
    """Make a retired version a candidate again, and return it. Noted in the audit.

    Raises
    ------
    UsageError
        When there is no such version, or it is not retired.
    """
    with writing(engine) as connection:
        known, wanted = _version(connection, model, version)
        if wanted.state != "retired":
            raise UsageError(f"Version '{version}' is not retired; it is {wanted.state}.")
        return _moved(connection, known, wanted, "trained", "take back version", by, now)


def _leave_shadow(connection: Connection, model: Model) -> ModelVersion | None:
    """Take whatever is in the shadow out of it, and return it."""
    challenger = find_alias(connection, model.key, "challenger")
    version = None if challenger is None else version_by_key(connection, challenger.version)
    if version is None or version.state != "shadow":
        return None
    champion = find_alias(connection, model.key, "champion")
    passed = champion is not None and passed_gate(connection, version.key, champion.version)
    set_version(connection, version.key, state="validated" if passed else "trained")
    remove_alias(connection, model.key, "challenger")
    return version


def _moved(  # noqa: PLR0917
    connection: Connection,
    model: Model,
    version: ModelVersion,
    state: VersionState,
    action: str,
    by: str,
    now: datetime,
) -> ModelVersion:
    set_version(connection, version.key, state=state)
    note(connection, now, by, action, model.name, {"version": version.name})
    return version_by_key(connection, version.key) or version


def _check(version: ModelVersion, state: VersionState) -> None:
    if not may_become(version.state, state):
        raise UsageError(f"Version '{version.name}' is {version.state} and cannot become {state}.")


def _version(connection: Connection, model: str, version: str) -> tuple[Model, ModelVersion]:
    known = _locked(connection, model)
    return known, find_version(connection, known, version)


def _locked(connection: Connection, model: str) -> Model:
    known = find_model(connection, model)
    return lock_model(connection, known.key) or known
