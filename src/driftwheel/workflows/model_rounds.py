"""The rounds of models: references and backfills, trainings, the gate, the shadow, turns of the wheel."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from driftwheel.services.measure.backfill import asked_backfills
from driftwheel.services.models.ask_version import wanted_versions
from driftwheel.services.release.answer_in_shadow import waiting_shadows
from driftwheel.services.release.due_gates import send_due_to_gate
from driftwheel.services.train.offer_repairs import offer_repairs
from driftwheel.services.wheel.begin_due_turns import begin_due_turns
from driftwheel.store.engine.database import reading
from driftwheel.store.models.autoencoders import training_autoencoders
from driftwheel.store.models.references import measuring_references
from driftwheel.store.release.gate_runs import waiting_gate_runs
from driftwheel.store.train.training_runs import open_runs
from driftwheel.store.wheel.ready_turns import ready_turns
from driftwheel.workflows.alone import alone
from driftwheel.workflows.autoencoder import autoencoder
from driftwheel.workflows.backfill import backfill
from driftwheel.workflows.gate import gate
from driftwheel.workflows.one_by_one import one_by_one
from driftwheel.workflows.passing import once
from driftwheel.workflows.reference import ask, reference
from driftwheel.workflows.shadow import shadow
from driftwheel.workflows.training import training
from driftwheel.workflows.wheel import wheel
from driftwheel.workflows.worker import Worker

__all__ = ["ModelRounds"]

_GATE_SECONDS = 5.0
_REPAIR_SECONDS = 30.0
_TRIGGER_SECONDS = 5.0


@dataclass(slots=True, eq=False)
class ModelRounds:
    """The looks of one worker at models and their versions."""

    worker: Worker
    _gate_due: float = 0.0
    _repairs_due: float = 0.0
    _triggers_due: float = 0.0
    _put_back: bool = False

    def looks(self) -> tuple[tuple[str, Callable[[], bool]], ...]:
        """Return what a thread each looks at: its name, and the look, which says whether there is more."""
        return (
            ("chores", self._chores),
            ("train", self._train),
            ("repairs", self._repairs),
            ("train-models", self._train_models),
            ("due-gates", self._due_gates),
            ("gate", self._gate),
            ("shadow", self._shadow),
            ("wheel-triggers", self._wheel_triggers),
            ("wheel", self._wheel),
        )

    def _chores(self) -> bool:
        engine = self.worker.engine
        if not self._put_back:
            self.worker.blobs.restore_set_aside()
            self._put_back = True
        with reading(engine) as connection:
            references = [one.key for one in measuring_references(connection)]
            wishes = asked_backfills(connection)
            versions = wanted_versions(connection)
        works: list[tuple[str, str, Callable[[], Any]]] = [
            *((f"reference-{key}", f"reference-{key}", partial(reference, key)) for key in references),
            *(
                (f"reference-{one.reference}", one.name, partial(ask, one.name, one.reference))
                for one in versions
            ),
            *(
                (name.replace(".", "-"), name, partial(backfill, name, wish))
                for name, wish in sorted(wishes.items())
            ),
        ]
        one_by_one(works, lambda one: alone(engine, *one))
        return False

    def _train(self) -> bool:
        with reading(self.worker.engine) as connection:
            wanted = [one.key for one in training_autoencoders(connection)]
        one_by_one(  # minutes each, so beside the other chores
            wanted,
            lambda key: alone(
                self.worker.engine, f"autoencoder-{key}", f"autoencoder-{key}", partial(autoencoder, key)
            ),
        )
        return False

    def _repairs(self) -> bool:
        if time.monotonic() < self._repairs_due:
            return False
        self._repairs_due = time.monotonic() + _REPAIR_SECONDS
        offer_repairs(self.worker.engine, now=self.worker.now())
        return False

    def _train_models(self) -> bool:
        worker = self.worker
        with reading(worker.engine) as connection:
            wanted = next((one.key for one in open_runs(connection)), None)
        if wanted is None:
            return False
        done = alone(self.worker.engine, "train-models", f"training-{wanted}", partial(training, wanted))
        return done is not None  # hours may have passed: look anew what is wanted first

    def _due_gates(self) -> bool:
        if time.monotonic() < self._gate_due:
            return False
        self._gate_due = time.monotonic() + _GATE_SECONDS
        send_due_to_gate(self.worker.engine, now=self.worker.now())
        return False

    def _gate(self) -> bool:
        worker = self.worker
        with reading(worker.engine) as connection:
            wanted = [one.key for one in waiting_gate_runs(connection)]
        one_by_one(wanted, lambda key: alone(worker.engine, f"gate-{key}", f"gate-{key}", partial(gate, key)))
        return False

    def _shadow(self) -> bool:
        waiting = [one.model for one in waiting_shadows(self.worker.engine)]
        one_by_one(
            waiting,
            lambda key: alone(self.worker.engine, f"shadow-{key}", once("shadow"), partial(shadow, key)),
        )
        return bool(waiting)

    def _wheel_triggers(self) -> bool:
        if time.monotonic() < self._triggers_due:
            return False
        worker = self.worker
        begin_due_turns(worker.engine, now=worker.now())
        self._triggers_due = time.monotonic() + _TRIGGER_SECONDS
        return False

    def _wheel(self) -> bool:
        worker = self.worker
        with reading(worker.engine) as connection:
            ready = ready_turns(connection, worker.now())
        one_by_one(
            ready,
            lambda one: alone(worker.engine, f"wheel-{one.key}", once("wheel"), partial(wheel, one.key)),
        )
        return False
