"""The workflows `reference` and `ask`: measure a reference, put it in use, simulate camera faults on it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dbos import DBOS

from driftwheel.errors import DriftwheelError
from driftwheel.services.alert.begin_watching import begin_watching, look_for_causes
from driftwheel.services.crash_points import reach
from driftwheel.services.models.ask_version import begin_asking, put_asking_back
from driftwheel.services.models.set_reference import fail_reference, finish_reference, measure_reference_row
from driftwheel.services.models.simulate_reference_faults import keep_faults, simulate_reference_faults
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.models.models import list_models
from driftwheel.store.models.references import current_reference
from driftwheel.store.operate.settings import delete_setting
from driftwheel.workflows.worker import current

__all__ = ["ask", "follow", "reference"]

_TRIES = 3


@DBOS.workflow(name="reference")
def reference(key: int) -> str:
    """Measure a reference and put it in use; return ``ready``, or why it cannot be measured."""
    for _ in range(_TRIES):
        measured = _measure(key)
        if measured["reason"] is not None:
            return str(measured["reason"])
        if measured["artifact"] is None:
            return "gone"
        if _finish(key, measured["artifact"]):
            _begin_watching(key)
            library = _simulate(key)
            if library is not None:
                _keep_faults(key, library)
            return "ready"
    return "its artifact does not stay"


@DBOS.workflow(name="ask")
def ask(name: str, key: int) -> str:
    """Ask a new version's file about a reference, taken anew of records; return ``ready`` or ``gone``."""
    measured = _measure_again(key, name)
    if measured is not None and _finish(key, measured):
        library = _simulate(key)
        if library is not None:
            _keep_faults(key, library)
    _forget_wish(name)
    return "gone" if measured is None else "ready"


@DBOS.workflow(name="follow")
def follow(scheduled: datetime, context: Any) -> None:
    """Take every trailing reference anew, from the days before now; once a day."""
    del scheduled, context
    for key in _trailing():
        measured = _measure_again(key)
        if measured is not None:
            _finish(key, measured)


@DBOS.step(name="reference-measure")
def _measure(key: int) -> dict[str, Any]:
    worker = current()
    with worker.step():
        reach("reference-begun")
        try:
            artifact = measure_reference_row(
                worker.engine, worker.blobs, key, now=worker.now(), threads=worker.threads
            )
        except DriftwheelError as error:
            fail_reference(worker.engine, key, str(error))
            return {"artifact": None, "reason": str(error)}
    return {"artifact": None if artifact is None else artifact.hex(), "reason": None}


@DBOS.step(name="reference-measure-again")
def _measure_again(key: int, wish: str | None = None) -> str | None:
    worker = current()
    with worker.step():
        if wish is not None:
            with writing(worker.engine) as connection:
                if not begin_asking(connection, wish):
                    return None
        try:
            artifact = measure_reference_row(
                worker.engine,
                worker.blobs,
                key,
                now=worker.now(),
                kept=wish is not None,
                threads=worker.threads,
            )
        except DriftwheelError:  # no records in these days: the last stays in use
            return None
        except Exception:  # blobs or the database, which come back
            if wish is not None:
                with writing(worker.engine) as connection:
                    put_asking_back(connection, wish)
            raise
    return None if artifact is None else artifact.hex()


@DBOS.step(name="reference-finish")
def _finish(key: int, artifact: str) -> bool:
    worker = current()
    with worker.step():
        return finish_reference(worker.engine, worker.blobs, key, bytes.fromhex(artifact))


@DBOS.step(name="reference-watch")
def _begin_watching(key: int) -> None:
    worker = current()
    with worker.step():
        begin_watching(worker.engine, key, now=worker.now())


@DBOS.step(name="reference-simulate")
def _simulate(key: int) -> str | None:
    worker = current()
    with worker.step():
        library = simulate_reference_faults(worker.engine, worker.blobs, key, threads=worker.threads)
    return None if library is None else library.hex()


@DBOS.step(name="reference-faults")
def _keep_faults(key: int, library: str) -> None:
    worker = current()
    with worker.step():
        keep_faults(worker.engine, key, bytes.fromhex(library))
        look_for_causes(worker.engine, key)


@DBOS.step(name="reference-asked")
def _forget_wish(name: str) -> None:
    worker = current()
    with worker.step(), writing(worker.engine) as connection:
        delete_setting(connection, name)


@DBOS.step(name="reference-trailing")
def _trailing() -> list[int]:
    worker = current()
    with worker.step(), reading(worker.engine) as connection:
        known = [current_reference(connection, model.key) for model in list_models(connection)]
    return [one.key for one in known if one is not None and one.kind == "trailing"]
