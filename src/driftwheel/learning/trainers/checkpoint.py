"""A checkpoint: what a training that is cut off goes on from, as one file of numbers and JSON."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.learning.trainers.trainer import Epoch

__all__ = ["Checkpoint", "read_checkpoint", "write_checkpoint"]

_VERSION = 1


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """The state of a training between two epochs.

    Attributes
    ----------
    job
        Digest of all that the training depends on; a checkpoint of another job is of no use.
    stage
        What was being trained: ``all``, ``first`` ….
    epochs
        Those that are done, the oldest first.
    arrays
        Weights now (``now.…``), the best so far (``best.…``) and the optimiser's state.
    notes
        Decisions made before, as JSON has them.
    """

    job: str
    stage: str
    epochs: tuple[Epoch, ...]
    arrays: Mapping[str, NDArray[Any]]
    notes: Mapping[str, Any]

    def part(self, prefix: str) -> dict[str, NDArray[Any]]:
        """Return the arrays whose names begin so, without the prefix."""
        return {name[len(prefix) :]: one for name, one in self.arrays.items() if name.startswith(prefix)}


def write_checkpoint(checkpoint: Checkpoint) -> bytes:
    """Return the checkpoint as bytes; no code is ever run to read it."""
    about = {
        "version": _VERSION,
        "job": checkpoint.job,
        "stage": checkpoint.stage,
        "epochs": [asdict(one) for one in checkpoint.epochs],
        "notes": dict(checkpoint.notes),
    }
    told = np.frombuffer(json.dumps(about).encode(), np.uint8)
    file = io.BytesIO()
    arrays: dict[str, Any] = dict(checkpoint.arrays)
    np.savez(file, about=told, **arrays)
    return file.getvalue()


def read_checkpoint(data: bytes | None, job: str) -> Checkpoint | None:
    """Return the checkpoint; None without one, for one of another job or release, and for a damaged one.

    Examples
    --------
    >>> kept = write_checkpoint(Checkpoint("a", "all", (), {"now.x": np.ones(2)}, {}))
    >>> found = read_checkpoint(kept, "a")
    >>> found.part("now.")["x"].tolist(), read_checkpoint(kept, "b"), read_checkpoint(kept[:-9], "a")
    ([1.0, 1.0], None, None)
    """
    if data is None:
        return None
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as held:
            arrays = {name: held[name] for name in held.files}
        about: dict[str, Any] = json.loads(arrays.pop("about").tobytes())
        if about["version"] != _VERSION or about["job"] != job:
            return None
        epochs = tuple(Epoch(**one) for one in about["epochs"])
        return Checkpoint(job, str(about["stage"]), epochs, arrays, about["notes"])
    except (ValueError, KeyError, TypeError, OSError, zipfile.BadZipFile):
        return None
