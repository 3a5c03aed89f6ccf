"""The rounds of a worker: threads that look whether there is work, and do it as workflows.

Records, windows, references, wishes for backfills and messages are rows that say themselves whether they
wait. So nothing is ever enqueued beside them: a round looks at the rows, starts a workflow, and forgets it
when it is done.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from dbos import DBOS

from driftwheel.services.assist.due_assistance import due_assistance
from driftwheel.services.label.quality.watch_pool import unwatched_pools
from driftwheel.services.measure.backfill import asked_backfills
from driftwheel.services.models.ask_version import wanted_versions
from driftwheel.services.release.answer_in_shadow import waiting_shadows
from driftwheel.services.release.due_gates import send_due_to_gate
from driftwheel.services.train.offer_repairs import offer_repairs
from driftwheel.services.wheel.begin_due_turns import begin_due_turns
from driftwheel.store.assist.automatic_runs import active_runs, is_ready
from driftwheel.store.engine.database import reading
from driftwheel.store.engine.turns import Turn
from driftwheel.store.labels.label_imports import active_imports
from driftwheel.store.models.autoencoders import training_autoencoders
from driftwheel.store.models.failure_slices import asked_slices
from driftwheel.store.models.references import measuring_references
from driftwheel.store.records.records import count_received, next_received
from driftwheel.store.release.gate_runs import waiting_gate_runs
from driftwheel.store.train.training_runs import open_runs
from driftwheel.store.webhooks.webhook_deliveries import is_any_due
from driftwheel.store.wheel.ready_turns import ready_turns
from driftwheel.store.windows.due_windows import due_windows
from driftwheel.store.windows.performance_due import due_performance
from driftwheel.store.windows.windows import is_any_stale, stale_windows
from driftwheel.workflows.assist import assist, automatic
from driftwheel.workflows.autoencoder import autoencoder
from driftwheel.workflows.backfill import backfill
from driftwheel.workflows.executor import dead_workers
from driftwheel.workflows.gate import gate
from driftwheel.workflows.judge import judge
from driftwheel.workflows.label_imports import label_import, label_undo
from driftwheel.workflows.label_watch import label_watch
from driftwheel.workflows.measure import measure
from driftwheel.workflows.notify import is_to_tell, notify
from driftwheel.workflows.passing import Done, forget_old, once, run_passing
from driftwheel.workflows.performance import performance
from driftwheel.workflows.reference import ask, reference
from driftwheel.workflows.shadow import shadow
from driftwheel.workflows.summarise import summarise
from driftwheel.workflows.training import training
from driftwheel.workflows.watch import watch
from driftwheel.workflows.webhooks import webhooks
from driftwheel.workflows.wheel import wheel
from driftwheel.workflows.worker import StoppingError, Worker

__all__ = ["Rounds"]

_LOOK_SECONDS = 0.3
_AFTER_ERROR_SECONDS = 5.0
_STUCK_SECONDS = 2.0
_RECOVER_SECONDS = 15.0
_TICK_SECONDS = 15.0
_LABEL_WATCH_SECONDS = 30.0
_ASSIST_SECONDS = 1.0
_GATE_SECONDS = 5.0
_REPAIR_SECONDS = 30.0
_TRIGGER_SECONDS = 5.0
_JUST_ENDED = timedelta(minutes=10)
_REMEMBERED = timedelta(days=1)
_log = logging.getLogger("driftwheel.worker")


@dataclass(slots=True, eq=False)
class Rounds:
    """The threads of one worker.

    Attributes
    ----------
    worker
        Whom they work for.
    name
        The worker's, see `driftwheel.workflows.executor`.
    summary_share
        Share of the time that summing up may take while more records come, but for windows that have just
        ended; 1 to sum up at once.
    """

    worker: Worker
    name: str
    summary_share: float = 0.1
    _left: int = 0
    _unjudged: bool = False
    _threads: list[threading.Thread] = field(default_factory=list)
    _summary_due: float = 0.0
    _closing_due: float = 0.0
    _recovery_due: float = 0.0
    _tick_due: float = 0.0
    _label_watch_due: float = 0.0
    _assist_due: float = 0.0
    _gate_due: float = 0.0
    _repairs_due: float = 0.0
    _performance_due: float = 0.0
    _triggers_due: float = 0.0
    _put_back: bool = False

    def start(self) -> None:
        """Start the threads."""
        for what, look in (
            ("measure", self._measure),
            ("summarise", self._summarise),
            ("performance", self._performance),
            ("judge", self._judge),
            ("notify", self._notify),
            ("webhooks", self._webhooks),
            ("label-watch", self._label_watch),
            ("watch", self._watch),
            ("chores", self._chores),
            ("train", self._train),
            ("gate", self._gate),
            ("wheel-triggers", self._wheel_triggers),
            ("wheel", self._wheel),
            ("shadow", self._shadow),
            ("train-models", self._train_models),
            ("assist", self._assist),
            ("label-files", self._label_files),
            ("recover", self._recover),
        ):
            thread = threading.Thread(
                target=self._go_round, args=(look,), name=f"driftwheel-{what}", daemon=True
            )
            thread.start()
            self._threads.append(thread)

    def join(self, seconds: float) -> None:
        """Wait until the threads have ended; `Worker.stopping` must be set."""
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    @property
    def left(self) -> int:
        """Records that the last measuring round could not measure."""
        return self._left

    @property
    def is_stuck(self) -> bool:
        """Whether the last judging round could not judge any of what was due."""
        return self._unjudged

    def _go_round(self, look: Callable[[], bool]) -> None:
        stopping = self.worker.stopping
        while not stopping.is_set():
            pause = _LOOK_SECONDS
            try:
                if look():
                    pause = 0.0
            except StoppingError:
                return
            except Exception:  # a thread must outlive a full disk and a database that restarts
                if stopping.is_set():
                    return
                _log.exception("A round of the worker failed; it goes on in %g s.", _AFTER_ERROR_SECONDS)
                pause = _AFTER_ERROR_SECONDS
            stopping.wait(pause)

    def _measure(self) -> bool:
        with reading(self.worker.engine) as connection:
            if not next_received(connection, 0, 1):
                self._left = 0
                return False
        done = run_passing(once("measure"), measure)
        self._left = done["left"]
        if done["taken"] > done["left"]:
            return True
        self.worker.stopping.wait(_STUCK_SECONDS)  # none of those that wait can be measured now
        return False

    def _summarise(self) -> bool:
        if time.monotonic() < self._summary_due and not self._has_just_ended():
            return False
        with reading(self.worker.engine) as connection:
            if not stale_windows(connection, limit=1):
                return False
            if self.summary_share >= 1.0 and count_received(connection) > self._left:
                return False  # all at once, at the end
        begun = time.monotonic()
        if self._alone("summarise", once("summarise"), summarise) is None:
            return False
        took = time.monotonic() - begun
        self._closing_due = time.monotonic() + 2.0 * took
        self._summary_due = time.monotonic() + took * (1.0 / self.summary_share - 1.0)
        return False

    def _has_just_ended(self) -> bool:
        """Return whether a window that ended a moment ago waits: people are to be told of it soon."""
        if time.monotonic() < self._closing_due:
            return False
        now = self.worker.now()
        with reading(self.worker.engine) as connection:
            return is_any_stale(connection, now - _JUST_ENDED, now)

    def _performance(self) -> bool:
        if time.monotonic() < self._performance_due:
            return False
        with reading(self.worker.engine) as connection:
            if not (due_performance(connection, limit=1) or asked_slices(connection)):
                return False
        begun = time.monotonic()
        self._alone("performance", once("performance"), performance)
        took = time.monotonic() - begun
        self._performance_due = time.monotonic() + took * (1.0 / self.summary_share - 1.0)
        return False

    def _judge(self) -> bool:
        worker = self.worker
        with reading(worker.engine) as connection:
            if not due_windows(connection, worker.now(), worker.settle, limit=1):
                return False
        done = self._alone("judge", once("judge"), judge)
        if done is None:
            return False
        self._unjudged = not done["windows"] and done["failed"] > 0
        if self._unjudged:
            worker.stopping.wait(_STUCK_SECONDS)  # none of those that are due can be judged now
        return bool(done["windows"])

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
        for key in wanted:
            self._alone("label-watch", once("label-watch"), partial(label_watch, key))
        self._label_watch_due = time.monotonic() + _LABEL_WATCH_SECONDS
        return False

    def _watch(self) -> bool:
        if time.monotonic() < self._tick_due:
            return False
        self._tick_due = time.monotonic() + _TICK_SECONDS
        self._alone("watch", once("watch"), watch)
        return False

    def _chores(self) -> bool:
        engine = self.worker.engine
        if not self._put_back:
            self.worker.blobs.restore_set_aside()
            self._put_back = True
        with reading(engine) as connection:
            references = [one.key for one in measuring_references(connection)]
            wishes = asked_backfills(connection)
            versions = wanted_versions(connection)
        for key in references:
            self._alone(f"reference-{key}", f"reference-{key}", partial(reference, key))
        for one in versions:
            self._alone(f"reference-{one.reference}", one.name, partial(ask, one.name, one.reference))
        for name, wish in sorted(wishes.items()):
            self._alone(name.replace(".", "-"), name, partial(backfill, name, wish))
        return False

    def _train(self) -> bool:
        with reading(self.worker.engine) as connection:
            wanted = [one.key for one in training_autoencoders(connection)]
        for key in wanted:  # minutes each, so beside the other chores
            self._alone(f"autoencoder-{key}", f"autoencoder-{key}", partial(autoencoder, key))
        return False

    def _train_models(self) -> bool:
        worker = self.worker
        if time.monotonic() >= self._repairs_due:
            self._repairs_due = time.monotonic() + _REPAIR_SECONDS
            offer_repairs(worker.engine, now=worker.now())
        with reading(worker.engine) as connection:
            wanted = next((one.key for one in open_runs(connection)), None)
        if wanted is None:
            return False
        done = self._alone("train-models", f"training-{wanted}", partial(training, wanted))
        return done is not None  # hours may have passed: look anew what is wanted first

    def _gate(self) -> bool:
        worker = self.worker
        if time.monotonic() >= self._gate_due:
            self._gate_due = time.monotonic() + _GATE_SECONDS
            send_due_to_gate(worker.engine, now=worker.now())
        with reading(worker.engine) as connection:
            wanted = [one.key for one in waiting_gate_runs(connection)]
        for key in wanted:
            self._alone(f"gate-{key}", f"gate-{key}", partial(gate, key))
        return False

    def _wheel_triggers(self) -> bool:
        if time.monotonic() < self._triggers_due:
            return False
        worker = self.worker
        begin_due_turns(worker.engine, now=worker.now())
        self._triggers_due = time.monotonic() + _TRIGGER_SECONDS
        return False

    def _shadow(self) -> bool:
        waiting = [one.model for one in waiting_shadows(self.worker.engine)]
        for model in waiting:
            self._alone(f"shadow-{model}", once("shadow"), partial(shadow, model))
        return bool(waiting)

    def _assist(self) -> bool:
        if time.monotonic() < self._assist_due:
            return False
        self._assist_due = time.monotonic() + _ASSIST_SECONDS
        with reading(self.worker.engine) as connection:
            projects = due_assistance(connection)
            runs = [one.key for one in active_runs(connection) if is_ready(connection, one)]
        for key in projects:
            self._alone(f"assist-{key}", once("assist"), partial(assist, key))
        for key in runs:
            self._alone(f"automatic-{key}", once("automatic"), partial(automatic, key))
        return False

    def _label_files(self) -> bool:
        with reading(self.worker.engine) as connection:
            wanted = active_imports(connection)
        for one in wanted:
            work = label_undo if one.state == "undoing" else label_import
            self._alone(f"label-import-{one.key}", once("label-import"), partial(work, one.key))
        return False

    def _wheel(self) -> bool:
        worker = self.worker
        with reading(worker.engine) as connection:
            ready = ready_turns(connection, worker.now())
        failed: Exception | None = None
        for one in ready:
            try:
                self._alone(f"wheel-{one.key}", once("wheel"), partial(wheel, one.key))
            except Exception as error:  # the wheels of other models turn on
                failed = error
        if failed is not None:
            raise failed
        return False

    def _alone(self, what: str, name: str, work: Callable[[], Done]) -> Done | None:
        """Run a workflow under a name while no other worker has the turn of it; None where one has.

        Of a workflow that has one name for ever, and that a killed worker left half done, this waits for the
        one that goes on with it.
        """
        turn = Turn(self.worker.engine, what)
        if not turn.take():
            return None
        try:
            return run_passing(name, work)
        finally:
            turn.give_back()

    def _recover(self) -> bool:
        """Let the workflows of workers that are no more go on here."""
        if time.monotonic() < self._recovery_due:
            return False
        self._recovery_due = time.monotonic() + _RECOVER_SECONDS
        forget_old(self.worker.now() - _REMEMBERED)
        if self.worker.engine.dialect.name != "postgresql":
            return False
        pending = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
        owners = {one.executor_id for one in pending if one.executor_id not in {None, self.name}}
        for name, turn in dead_workers(self.worker.engine, [owner for owner in owners if owner]):
            try:
                DBOS.resume_workflows([one.workflow_id for one in pending if one.executor_id == name])
            finally:
                turn.give_back()
        return False
