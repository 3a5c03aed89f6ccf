"""The pump of a training: it carries what a training tells from its folder to the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any

from sqlalchemy import Connection, Engine

from driftwheel.errors import DriftwheelError
from driftwheel.services.train.training_folder import FolderReader
from driftwheel.store.engine.database import writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.train.training_lines import add_lines
from driftwheel.store.train.training_runs import TrainingRun, create_run, end_run, keep_checkpoint

__all__ = ["RunStoppedError", "TrainingPump"]

_SECONDS = 1.0


class RunStoppedError(DriftwheelError):
    """A person has stopped the run."""


@dataclass(slots=True, eq=False)
class TrainingPump:
    """Carries what a training tells from its folder to the store."""

    engine: Engine
    blobs: Blobs
    run: TrainingRun
    clock: Callable[[], datetime]
    worker: Callable[[], None]
    reader: FolderReader
    _begun: float = field(default_factory=monotonic)
    _next: float = 0.0
    _trials: dict[int, int] = field(default_factory=dict)

    def look(self) -> None:
        """Carry, once a second; end the run when the worker stops or a person has stopped it."""
        self.worker()
        if monotonic() >= self._next:
            self._next = monotonic() + _SECONDS
            if not self.pump():
                raise RunStoppedError("It was stopped.")

    def pump(self) -> bool:
        """Carry what is new, and return whether the run is still to go on."""
        told, data = self.reader.told(), self.reader.checkpoint()
        kept = None if data is None else self.blobs.put(data)
        spent = self.run.seconds + monotonic() - self._begun
        with writing(self.engine) as connection:
            add_lines(connection, self.run.key, _plain(told), now=self.clock())
            for event in told:
                if "trial" in event:
                    self._trial(connection, event)
            return keep_checkpoint(connection, self.run.key, spent, kept)

    def _trial(self, connection: Connection, event: Mapping[str, Any]) -> None:
        number = int(event["trial"])
        if "recipe" in event:
            made = create_run(
                connection,
                self.run.model,
                kind="trial",
                dataset=self.run.dataset,
                start=self.run.start,
                recipe=event["recipe"],
                wish={"number": number, "parameters": event["parameters"]},
                parent=self.run.key,
                state="running",
                created=self.clock(),
                by=self.run.by,
            )
            self._trials[number] = made.key
        key = self._trials.get(number)
        if key is None:
            return
        add_lines(connection, key, _plain([event], trial=True), now=self.clock())
        if "ended" in event:
            ended = event["ended"]
            end_run(
                connection,
                key,
                ended["state"],
                now=self.clock(),
                reason=ended["reason"],
                results={"loss": ended["loss"]},
                seconds=ended["seconds"],
            )


def _plain(told: Sequence[Mapping[str, Any]], *, trial: bool = False) -> list[str | Mapping[str, Any]]:
    """Return the lines and epochs among events, of a trial or of the run itself."""
    mine = [one for one in told if ("trial" in one) == trial]
    return [one["say"] if "say" in one else one["epoch"] for one in mine if "say" in one or "epoch" in one]
