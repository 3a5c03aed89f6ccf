"""The version that a training goes on from or is compared with."""

from __future__ import annotations

from sqlalchemy import Connection

from driftwheel.errors import UsageError
from driftwheel.store.models.models import Model, ModelVersion, find_version, list_versions, version_by_key
from driftwheel.store.release.aliases import find_alias

__all__ = ["champion_of", "version_to_start"]


def champion_of(connection: Connection, model: Model) -> ModelVersion | None:
    """Return the champion of a model with a file; the newest version that has one where there is none."""
    alias = find_alias(connection, model.key, "champion")
    champion = None if alias is None else version_by_key(connection, alias.version)
    if champion is not None and champion.artifact is not None:
        return champion
    return next((one for one in list_versions(connection, model.key) if one.artifact is not None), None)


def version_to_start(connection: Connection, model: Model, name: str | None) -> ModelVersion:
    """Return the version of that name, by default the champion.

    Raises
    ------
    UsageError
        When there is none, or its file is not kept.
    """
    if name is None:
        found = champion_of(connection, model)
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
