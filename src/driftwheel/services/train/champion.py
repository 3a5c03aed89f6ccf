"""The version that a training goes on from or is compared with."""

from __future__ import annotations

from sqlalchemy import Connection

from driftwheel.errors import UsageError
from driftwheel.store.models.models import Model, ModelVersion, find_version, list_versions, version_by_key
from driftwheel.store.release.aliases import find_alias
from driftwheel.store.train.training_runs import RunKind, list_runs

__all__ = ["champion_of", "default_start", "version_to_start"]

_LOOKED_AT = 50  # repairs of a model, the newest


def champion_of(connection: Connection, model: Model) -> ModelVersion | None:
    """Return the champion of a model with a file; the newest version that has one where there is none."""
    alias = find_alias(connection, model.key, "champion")
    champion = None if alias is None else version_by_key(connection, alias.version)
    if champion is not None and champion.artifact is not None:
        return champion
    return next((one for one in list_versions(connection, model.key) if one.artifact is not None), None)


def default_start(connection: Connection, model: Model) -> ModelVersion | None:
    """Return the version that an incremental training goes on from by default; None: none has a file.

    It is the champion, or the newest version that was made from it without labels to allow for a camera fault
    and was not measured to be worse under that fault: few labels on top of a repair are worth more than many
    without it. Once another version is champion, repairs of the old one are of no account.
    """
    champion = champion_of(connection, model)
    if champion is None:
        return None
    kinds: tuple[RunKind, ...] = ("repair",)
    for run in list_runs(connection, model.key, kinds=kinds, limit=_LOOKED_AT):
        repaired = None if run.version is None else version_by_key(connection, run.version)
        if run.wish.get("repairs", run.start) != champion.key or repaired is None:
            continue
        gain = ((run.results or {}).get("faulty") or {}).get("gain") or {}
        if repaired.artifact is not None and float(gain.get("difference", 0)) >= 0:
            return repaired
    return champion


def version_to_start(connection: Connection, model: Model, name: str | None) -> ModelVersion:
    """Return the version of that name, by default that of `default_start`.

    Raises
    ------
    UsageError
        When there is none, or its file is not kept.
    """
    if name is None:
        found = default_start(connection, model)
        if found is None:
            raise UsageError(
                f"No version of '{model.name}' has its ONNX file here, so there is nothing to go on from: "
                "add the version with its file, or choose a full training."
            )
        return found
    found = find_version(connection, model, name)
    if found.artifact is None:
        raise UsageError(
            f"The version '{name}' has no ONNX file here: add it with its file, or choose another."
        )
    return found
