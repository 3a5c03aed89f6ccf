"""The workflow `gate`: compare a challenger with the champion, and keep what was decided."""

from __future__ import annotations

from dbos import DBOS

from driftwheel.errors import BlobsUnreachableError, DriftwheelError
from driftwheel.services.crash_points import reach
from driftwheel.services.release.run_gate import fail_gate, run_gate
from driftwheel.workflows.worker import current

__all__ = ["gate"]


@DBOS.workflow(name="gate")
def gate(key: int) -> str:
    """Make a gate run, and return what was decided, or why nothing was."""
    return _run(key)


@DBOS.step(name="gate-run")
def _run(key: int) -> str:
    worker = current()
    with worker.step():
        reach("gate-begun")
        try:
            made = run_gate(worker.engine, worker.blobs, key, now=worker.now, threads=worker.threads)
        except BlobsUnreachableError:  # they come back
            raise
        except (DriftwheelError, FileNotFoundError) as error:
            lost = isinstance(error, FileNotFoundError)
            reason = "The file of a version is lost; add the version again." if lost else str(error)
            fail_gate(worker.engine, key, reason, now=worker.now())
            return reason
    return "gone" if made is None else str(made.decision)
