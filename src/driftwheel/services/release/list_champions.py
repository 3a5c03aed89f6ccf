"""Say which version of each model is its champion."""

from __future__ import annotations

from sqlalchemy import Connection

from driftwheel.store.models.models import list_models, version_by_key
from driftwheel.store.release.aliases import all_aliases

__all__ = ["list_champions"]


def list_champions(connection: Connection) -> dict[str, str]:
    """Return the names of the champions, by the names of their models."""
    names = {one.key: one.name for one in list_models(connection)}
    found = {}
    for alias in all_aliases(connection, "champion"):
        version = version_by_key(connection, alias.version)
        if version is not None:
            found[names[alias.model]] = version.name
    return found
