"""The rounds of what people see and do: alerts and messages, webhooks, labels and who helps with them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from driftwheel.services.assist.due_assistance import due_assistance
from driftwheel.services.label.quality.watch_pool import unwatched_pools
from driftwheel.store.assist.automatic_runs import active_runs, is_ready
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.label_imports import active_imports
from driftwheel.store.webhooks.webhook_deliveries import is_any_due
from driftwheel.workflows.alone import alone
from driftwheel.workflows.assist import assist, automatic
from driftwheel.workflows.label_imports import label_import, label_undo
from driftwheel.workflows.label_watch import label_watch
from driftwheel.workflows.notify import is_to_tell, notify
from driftwheel.workflows.one_by_one import one_by_one
from driftwheel.workflows.passing import once, run_passing
from driftwheel.workflows.watch import watch
from driftwheel.workflows.webhooks import webhooks
from driftwheel.workflows.worker import Worker

__all__ = ["PeopleRounds"]

_TICK_SECONDS = 15.0
_LABEL_WATCH_SECONDS = 30.0
_ASSIST_SECONDS = 1.0


@dataclass(slots=True, eq=False)
class PeopleRounds:
    """The looks of one worker at what people are told, and at their labels."""

    worker: Worker
    _tick_due: float = 0.0
    _label_watch_due: float = 0.0
    _assist_due: float = 0.0

    def looks(self) -> tuple[tuple[str, Callable[[], bool]], ...]:
        """Return what a thread each looks at: its name, and the look, which says whether there is more."""
        return (
            ("watch", self._watch),
            ("notify", self._notify),
            ("webhooks", self._webhooks),
            ("label-watch", self._label_watch),
            ("assist", self._assist),
            ("label-files", self._label_files),
        )

    def _watch(self) -> bool:
        if time.monotonic() < self._tick_due:
            return False
        self._tick_due = time.monotonic() + _TICK_SECONDS
        alone(self.worker.engine, "watch", once("watch"), watch)
        return False

    def _notify(self) -> bool:
        worker = self.worker
        with reading(worker.engine) as connection:
            if not is_to_tell(connection, worker.now()):
                return False
        run_passing(once("notify"), notify)
        return False

    def _webhooks(self) -> bool:
        worker = self.worker
        with reading(worker.engine) as connection:
            if not is_any_due(connection, worker.now()):
                return False
        run_passing(once("webhooks"), webhooks)
        return False

    def _label_watch(self) -> bool:
        if time.monotonic() < self._label_watch_due:
            return False
        with reading(self.worker.engine) as connection:
            wanted = unwatched_pools(connection)
        one_by_one(
            wanted,
            lambda key: alone(
                self.worker.engine, "label-watch", once("label-watch"), partial(label_watch, key)
            ),
        )
        self._label_watch_due = time.monotonic() + _LABEL_WATCH_SECONDS
        return False

    def _assist(self) -> bool:
        if time.monotonic() < self._assist_due:
            return False
        self._assist_due = time.monotonic() + _ASSIST_SECONDS
        with reading(self.worker.engine) as connection:
            projects = due_assistance(connection)
            runs = [one.key for one in active_runs(connection) if is_ready(connection, one)]
        works: list[tuple[str, str, Callable[[], Any]]] = [
            *((f"assist-{key}", once("assist"), partial(assist, key)) for key in projects),
            *((f"automatic-{key}", once("automatic"), partial(automatic, key)) for key in runs),
        ]
        one_by_one(works, lambda one: alone(self.worker.engine, *one))
        return False

    def _label_files(self) -> bool:
        with reading(self.worker.engine) as connection:
            wanted = active_imports(connection)
        works: list[tuple[str, str, Callable[[], Any]]] = [
            (
                f"label-import-{one.key}",
                once("label-import"),
                partial(label_undo if one.state == "undoing" else label_import, one.key),
            )
            for one in wanted
        ]
        one_by_one(works, lambda one: alone(self.worker.engine, *one))
        return False
