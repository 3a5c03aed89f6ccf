"""Whether a worker has anything to do."""

from __future__ import annotations

from dbos import DBOS

from driftwheel.services.assist.due_assistance import due_assistance
from driftwheel.services.measure.backfill import asked_backfills
from driftwheel.services.models.ask_version import wanted_versions
from driftwheel.services.release.answer_in_shadow import waiting_shadows
from driftwheel.store.assist.automatic_runs import active_runs, is_ready
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.label_imports import active_imports
from driftwheel.store.models.autoencoders import training_autoencoders
from driftwheel.store.models.failure_slices import asked_slices
from driftwheel.store.models.references import measuring_references
from driftwheel.store.records.records import count_received
from driftwheel.store.release.gate_runs import waiting_gate_runs
from driftwheel.store.train.training_runs import open_runs
from driftwheel.store.webhooks.webhook_deliveries import is_any_due
from driftwheel.store.wheel.ready_turns import ready_turns
from driftwheel.store.windows.due_windows import waits_for_judgement
from driftwheel.store.windows.performance_due import due_performance
from driftwheel.store.windows.windows import stale_windows
from driftwheel.workflows.notify import is_to_tell
from driftwheel.workflows.rounds import Rounds

__all__ = ["is_idle"]

_LOOKED_AT = 500


def is_idle(rounds: Rounds) -> bool:
    """Return whether nothing waits or is under way here.

    What cannot be done now does not count: records that cannot be measured, windows that cannot be judged,
    messages that are due later.
    """
    worker = rounds.worker
    if worker.busy or waiting_shadows(worker.engine):
        return False
    with reading(worker.engine) as connection:
        waits = (
            count_received(connection) > rounds.left
            or bool(stale_windows(connection, limit=1))
            or bool(due_performance(connection, limit=1))
            or bool(asked_slices(connection))
            or bool(measuring_references(connection))
            or bool(asked_backfills(connection))
            or bool(training_autoencoders(connection))
            or bool(open_runs(connection))
            or bool(wanted_versions(connection))
            or bool(waiting_gate_runs(connection))
            or (not rounds.is_stuck and waits_for_judgement(connection, worker.now()))
            or bool(due_assistance(connection))
            or bool(active_imports(connection))
            or any(is_ready(connection, one) for one in active_runs(connection))
            or is_to_tell(connection, worker.now())
            or is_any_due(connection, worker.now())
            or bool(ready_turns(connection, worker.now()))
        )
    if waits or worker.busy:  # perhaps it took up what waited between the two looks
        return False
    under_way = DBOS.list_workflows(
        status=["PENDING", "ENQUEUED"], load_input=False, load_output=False, limit=_LOOKED_AT
    )
    return all(one.executor_id not in {None, rounds.name} for one in under_way)
