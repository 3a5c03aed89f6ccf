"""Ask a new version about the reference in use: a wish of the registry, which the workers fulfil."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from driftwheel.store.models import ModelVersion
from driftwheel.store.references import current_reference
from driftwheel.store.settings import all_settings, put_setting

__all__ = ["WantedVersion", "want_version_asked", "wanted_versions"]

_PREFIX = "ask."


@dataclass(frozen=True, slots=True)
class WantedVersion:
    """A version that is to be asked: the name of the wish, and the key of its model's reference."""

    name: str
    reference: int


def want_version_asked(connection: Connection, version: ModelVersion) -> bool:
    """Note that a version's file is to be asked about the reference in use, and return whether there is need.

    There is none without a file or a reference, nor for one that is taken anew every day.
    """
    reference = current_reference(connection, version.model)
    if version.artifact is None or reference is None or reference.kind == "trailing":
        return False
    put_setting(connection, f"{_PREFIX}{version.key}", {"reference": reference.key})
    return True


def wanted_versions(connection: Connection) -> list[WantedVersion]:
    """Return the versions that are still to be asked."""
    known = all_settings(connection)
    return [
        WantedVersion(name, int(value["reference"]))
        for name, value in sorted(known.items())
        if name.startswith(_PREFIX)
    ]
