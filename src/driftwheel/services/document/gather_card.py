"""Gather all that is known of a version of a model, for its card."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection

from driftwheel.cards.card_facts import CardFacts, ModelFacts, VersionFacts
from driftwheel.formats.onnx_summary import OnnxSummary, onnx_summary
from driftwheel.services.document.card_texts_of import card_texts_of
from driftwheel.services.document.gather_making import gather_data, gather_gates, gather_training
from driftwheel.services.document.gather_operation import (
    gather_incidents,
    gather_monitoring,
    gather_promotions,
    gather_retraining,
    gather_slices,
    gather_turns,
    services_of,
)
from driftwheel.services.document.gather_production import gather_production
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.card_texts import list_card_texts
from driftwheel.store.models.models import Model, ModelVersion, find_version, list_versions
from driftwheel.store.operate.audit import list_audit
from driftwheel.store.release.aliases import find_alias
from driftwheel.store.release.promotions import list_promotions

__all__ = ["gather_card"]

_AUDIT = 10_000


def gather_card(
    connection: Connection, blobs: Blobs, model: Model, version: str, *, now: datetime
) -> CardFacts:
    """Return all that is known of a version.

    Facts are those of the version alone, what was measured of its own answers among them, so that the card of
    one that is served no more changes only where somebody adds to it, or late labels come.

    Raises
    ------
    UsageError
        Where the model has no such version.
    """
    its = find_version(connection, model, version)
    names = {one.key: one.name for one in list_versions(connection, model.key)}
    promotions = list_promotions(connection, model.key, limit=10_000)
    services = services_of(promotions, its.key)
    production = gather_production(connection, model, its)
    incidents, more = gather_incidents(connection, model, services)
    windows = production.windows
    ends = (windows[0].start, windows[-1].end) if windows else (None, None)
    network, size = _file(blobs, its)
    return CardFacts(
        now,
        ModelFacts(model.name, model.task, model.classes, model.window, model.segment_tags),
        VersionFacts(
            its.name,
            its.state,
            its.created,
            _added_by(connection, model, its),
            _alias(connection, its),
            None if its.artifact is None else its.artifact.hex(),
            size,
            its.latency,
            network,
            services,
        ),
        gather_data(connection, model, its),
        gather_training(connection, its),
        gather_gates(connection, model, its, names),
        production,
        gather_slices(connection, model, *ends),
        gather_promotions(promotions, its.key, names),
        incidents,
        more,
        gather_monitoring(connection, blobs, model),
        gather_retraining(connection, model, its, now),
        gather_turns(connection, model, its),
        card_texts_of(list_card_texts(connection, model.key), its.key, names),
    )


def _alias(connection: Connection, version: ModelVersion) -> str:
    for alias in ("champion", "challenger"):
        found = find_alias(connection, version.model, alias)
        if found is not None and found.version == version.key:
            return alias
    return ""


def _added_by(connection: Connection, model: Model, version: ModelVersion) -> str | None:
    """Return who added a version, as the audit tells; None where it does not reach back so far."""
    lines = list_audit(connection, target=model.name, since=version.created, limit=_AUDIT)
    added = (one for one in reversed(lines) if one.action == "add version")
    return next((one.by for one in added if one.details.get("version") == version.name), None)


def _file(blobs: Blobs, version: ModelVersion) -> tuple[OnnxSummary | None, int | None]:
    if version.artifact is None:
        return None, None
    try:
        found = _summary(blobs, version.artifact)
    except OSError:
        found = None
    return found, version.size if found is None else found.size


@lru_cache(maxsize=256)
def _summary(blobs: Blobs, artifact: bytes) -> OnnxSummary | None:
    """Return what a file says of itself; it is kept: an artifact is known by its digest and never changes."""
    return onnx_summary(blobs.get(artifact))
