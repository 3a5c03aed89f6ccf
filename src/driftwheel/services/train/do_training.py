"""Do a training run: open its data, train in a process of its own, keep what it tells and what it made."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from driftwheel.errors import DriftwheelError
from driftwheel.services.crash_points import reach
from driftwheel.services.measure.parallel import default_threads
from driftwheel.services.models.own_process import in_own_process
from driftwheel.services.train.open_training import open_training
from driftwheel.services.train.training_folder import FolderReader
from driftwheel.services.train.training_pump import RunStoppedError, TrainingPump
from driftwheel.services.train.training_request import TrainingOutcome
from driftwheel.services.train.training_work import train_as_requested
from driftwheel.store.engine.database import reading, writing
from driftwheel.store.files.blobs import Blobs
from driftwheel.store.models.models import model_by_key
from driftwheel.store.train.training_runs import begin_run, put_run_back, run_by_key

__all__ = ["TrainedRun", "do_training"]

_MOST_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class TrainedRun:
    """What a run left: the digest of its file among the blobs, its recipe, and what was measured."""

    artifact: bytes | None
    recipe: Mapping[str, Any]
    results: Mapping[str, Any]


def do_training(
    engine: Engine,
    blobs: Blobs,
    key: int,
    *,
    clock: Callable[[], datetime],
    look: Callable[[], None],
    threads: int | None = None,
    commands_allowed: bool = False,
) -> TrainedRun | None:
    """Do a run; None where it is not to be done, or not any more.

    A run that was cut off goes on from its last checkpoint. One in the midst of which the workers were ended
    three times without getting on fails.

    Parameters
    ----------
    look
        Called twice a second; what it raises ends the run, which is then as if it had not been begun.
    threads
        By default half as many as there are processors.

    Raises
    ------
    DriftwheelError
        When it cannot be done; the message says why.
    """
    with writing(engine) as connection:
        if not begin_run(connection, key, clock()):
            return None
        run = run_by_key(connection, key)
        model = None if run is None else model_by_key(connection, run.model)
    if run is None or model is None:
        return None
    if run.attempts > _MOST_ATTEMPTS:
        raise DriftwheelError(
            f"The worker was ended {_MOST_ATTEMPTS} times in the midst of it, most likely for want of "
            "memory. Train with a smaller side, a smaller batch or fewer images."
        )
    with tempfile.TemporaryDirectory(prefix="driftwheel-training-") as name:
        folder = Path(name)
        with reading(engine) as connection:
            request = open_training(
                connection,
                blobs,
                run,
                model,
                folder,
                threads or max(1, default_threads() // 2),
                commands_allowed=commands_allowed,
            )
        pump = TrainingPump(engine, blobs, run, clock, look, FolderReader(folder))
        work = partial(train_as_requested, request)
        try:
            found = in_own_process(work, what="trained the model", look=pump.look)
        except RunStoppedError:
            return None
        except DriftwheelError:
            pump.pump()
            raise
        except Exception as error:
            pump.pump()
            raise DriftwheelError(f"The training failed: {type(error).__name__}: {error}") from error
        except BaseException:  # the worker stops
            pump.pump()
            with writing(engine) as connection:
                put_run_back(connection, key)
            raise
        pump.pump()
    reach("training-done")
    return _kept(blobs, found)


def _kept(blobs: Blobs, found: TrainingOutcome) -> TrainedRun:
    artifact = None if found.file is None else blobs.put(found.file)
    return TrainedRun(artifact, found.recipe.plain(), found.results)
