"""Train: what is done in the process of a training, from its request to its outcome."""

from __future__ import annotations

from driftwheel.errors import UsageError
from driftwheel.learning.adapt_normalisations import adapt_normalisations
from driftwheel.services.train.rehearse_repair import rehearse_repair
from driftwheel.services.train.requested_training import measure_file, outcome_of, train_by
from driftwheel.services.train.search_training import train_by_search
from driftwheel.services.train.training_folder import FolderWatch
from driftwheel.services.train.training_request import TrainingOutcome, TrainingRequest

__all__ = ["train_as_requested"]


def train_as_requested(request: TrainingRequest) -> TrainingOutcome:
    """Do a training, and tell of it in its folder.

    Raises
    ------
    DriftwheelError
        When it cannot be done; the message says why.
    """
    watch = FolderWatch(request.folder, request.before)
    match request.kind:
        case "adapt":
            return _adapted(request, watch)
        case "search":
            return train_by_search(request, watch)
        case "rehearsal":
            return rehearse_repair(request, watch)
        case _:
            found = train_by(request, request.recipe, watch)
            return outcome_of(request, request.recipe, found, watch)


def _adapted(request: TrainingRequest, watch: FolderWatch) -> TrainingOutcome:
    if request.start is None:
        raise UsageError("There is no version to adapt.")
    watch.say(f"Looking at {len(request.train):,} recent images without their labels.")
    done = adapt_normalisations(request.start, request.train, threads=request.threads)
    watch.say(f"Adapted {done.normalisations} normalisations; their means moved by {done.moved:.2f} σ.")
    measured = measure_file(request, done.file, watch) if len(request.held_out) else {}
    notes = {"normalisations": done.normalisations, "moved": done.moved}
    results = {**measured, "notes": notes, "images": len(request.train), "bytes": len(done.file)}
    return TrainingOutcome(done.file, request.recipe, results)
