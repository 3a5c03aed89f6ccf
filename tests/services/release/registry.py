"""A model with versions, for tests of the registry."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine

from driftwheel.services.models.register_model import NewModel, add_model_version, register_model
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import Model, ModelVersion, find_version
from driftwheel.store.release.aliases import find_alias
from driftwheel.store.release.gate_runs import GateRun, add_gate_run

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
_COUNT = itertools.count()


@dataclass(frozen=True)
class Registry:
    """A model of its own in a database that others share."""

    engine: Engine
    blobs: Blobs
    model: Model

    @property
    def name(self) -> str:
        return self.model.name

    def version(self, name: str) -> ModelVersion:
        with reading(self.engine) as connection:
            return find_version(connection, self.model, name)

    def states(self, *names: str) -> list[str]:
        return [self.version(name).state for name in names]

    def alias(self, alias: str) -> str | None:
        with reading(self.engine) as connection:
            found = find_alias(connection, self.model.key, alias)  # type: ignore[arg-type]
            return None if found is None else self._called(connection, found.version)

    def _called(self, connection: Connection, key: int) -> str:
        from driftwheel.store.models.models import version_by_key

        found = version_by_key(connection, key)
        assert found is not None
        return found.name

    def add(self, name: str, onnx: bytes | None = None) -> ModelVersion:
        return add_model_version(self.engine, self.blobs, self.name, name, onnx=onnx, by="me", now=NOW)

    def gate_said(self, challenger: str, decision: str, champion: str | None = None) -> GateRun:
        """Keep a run as if the gate had been there."""
        with writing(self.engine) as connection:
            current = find_alias(connection, self.model.key, "champion")
            assert current is not None
            return add_gate_run(
                connection,
                model=self.model.key,
                challenger=find_version(connection, self.model, challenger).key,
                champion=current.version
                if champion is None
                else find_version(connection, self.model, champion).key,
                state="done",
                slice={},
                rule={},
                policy="ask",
                created=NOW,
                by="me",
                finished=NOW,
                look=1,
                decision=decision,
                numbers={},
            )


def new_registry(
    engine: Engine,
    blobs: Blobs,
    *versions: str,
    classes: Sequence[str] = ("cat", "dog"),
    task: str = "classification",
) -> Registry:
    """Register a model with versions that have no file; the first is its champion."""
    name = f"model-{next(_COUNT)}"
    new = NewModel(name, task, classes, embedder="none", segment_tags=("camera",))
    made = Registry(engine, blobs, register_model(engine, new, by="me", now=NOW))
    for one in versions:
        made.add(one)
    return made
