"""What is known of a version of a model: plain frozen values, and a digest that tells whether any changed."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from typing import Any

from driftwheel.cards.card_texts import CardText
from driftwheel.cards.data_facts import DataFacts
from driftwheel.cards.measured_facts import ProductionFacts
from driftwheel.cards.operation_facts import (
    IncidentFacts,
    MonitoringFacts,
    PromotionFacts,
    RetrainingFacts,
    SliceFacts,
    TurnFacts,
)
from driftwheel.cards.training_facts import GateFacts, TrainingFacts
from driftwheel.formats.onnx_summary import OnnxSummary
from driftwheel.predictions import Task

__all__ = ["CardFacts", "ModelFacts", "Service", "VersionFacts", "digest_of", "facts_to_json"]


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """A model; `classes` is empty where they are not known, `window` is ``hour``, ``day`` or ``week``."""

    name: str
    task: Task
    classes: tuple[str, ...]
    window: str
    segment_tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Service:
    """A span in which the version was the champion: begin ≤ time < end; an end of None has not come."""

    begin: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """A version.

    Attributes
    ----------
    by
        Who added it; None where that is not known any more.
    alias
        ``champion``, ``challenger`` or empty.
    file
        SHA-256 of its ONNX file; None: it has none.
    size
        Bytes of the file.
    latency
        Median seconds for one image, as the gate measured them on this server.
    network
        What the file says of itself; None where there is no file, or it is lost.
    services
        When it was the champion, the earliest first.
    """

    name: str
    state: str
    created: datetime
    by: str | None
    alias: str
    file: str | None
    size: int | None
    latency: float | None
    network: OnnxSummary | None
    services: tuple[Service, ...]


@dataclass(frozen=True, slots=True)
class CardFacts:
    """All that a card tells.

    Attributes
    ----------
    as_of
        When the facts were gathered, UTC.
    data
        The dataset version that it learnt from; None where it is not known.
    training
        The run that made it; None: it was made elsewhere.
    gates
        Runs with it as the challenger, the newest first.
    slices
        Slices of failure among the model's labels of the time in which it answered.
    incidents
        Alerts that were open while it was the champion, the newest first.
    more_incidents
        How many more there are.
    turns
        Turns of the wheel that it came from or that replaced it, the newest first.
    texts
        What people have said, by name.
    """

    as_of: datetime
    model: ModelFacts
    version: VersionFacts
    data: DataFacts | None
    training: TrainingFacts | None
    gates: tuple[GateFacts, ...]
    production: ProductionFacts
    slices: tuple[SliceFacts, ...]
    promotions: tuple[PromotionFacts, ...]
    incidents: tuple[IncidentFacts, ...]
    more_incidents: int
    monitoring: MonitoringFacts
    retraining: RetrainingFacts
    turns: tuple[TurnFacts, ...]
    texts: Mapping[str, CardText]


def facts_to_json(facts: CardFacts) -> dict[str, Any]:
    """Return facts as JSON has them; times are ISO 8601 in UTC, what is not a number is null."""
    plain: dict[str, Any] = _plain(facts)
    return plain


def digest_of(facts: CardFacts) -> str:
    """Return the SHA-256 of all facts but the time they are as of, as hexadecimal digits.

    Two cards of the same digest tell the same.
    """
    plain = facts_to_json(facts)
    del plain["as_of"]
    said = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
