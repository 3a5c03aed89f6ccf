"""What an autoencoder's file says beside the network: how it was made, and what errors are usual for it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UsageError
from driftwheel.learning.autoencoder_shape import AutoencoderShape
from driftwheel.learning.autoencoder_training import AutoencoderTraining

__all__ = ["METADATA_KEY", "AutoencoderFacts", "facts_from_json", "facts_to_json"]

METADATA_KEY = "driftwheel.autoencoder"
"""Key in the ONNX file's ``metadata_props``; its value is JSON."""

_VERSION = 1


@dataclass(frozen=True, slots=True, eq=False)
class AutoencoderFacts:
    """How an autoencoder was made, and the errors that are usual for it.

    Attributes
    ----------
    shape, training, seed
        What it was trained with.
    reference
        What the images it was trained on were called.
    n_fit, n_stopping
        Images it learnt from, and images that said when to stop.
    stopping_losses
        After each epoch; with noise where `training` has it.
    held_out_errors
        (n,) float64, the reconstruction error of each image of the reference that was held out: shown as it
        is, in nats a pixel, see `cross_entropy.divergences`.
    held_out_loss
        The mean binary cross-entropy of the same images, shown as they are: the baseline loss.
    held_out_blocks
        (n,) numbers of camera and hour of the same images, or None where those are not known.
    held_out_tags
        Name of a tag → its values of the same n images, None where an image lacks it. Files of earlier
        releases, and of images without tags, have none.
    """

    shape: AutoencoderShape
    training: AutoencoderTraining
    seed: int
    reference: str
    n_fit: int
    n_stopping: int
    stopping_losses: tuple[float, ...]
    held_out_errors: NDArray[np.float64]
    held_out_loss: float
    held_out_blocks: NDArray[np.intp] | None = None
    held_out_tags: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)

    @property
    def baseline(self) -> float:
        """The mean error of the images that were held out."""
        return float(self.held_out_errors.mean())

    def of_segment(self, tag: str, value: str) -> NDArray[np.intp]:
        """Return which of the images that were held out are of a segment; of no tag all are."""
        if not tag:
            return np.arange(len(self.held_out_errors))
        return np.flatnonzero([one == value for one in self.held_out_tags.get(tag, ())])


def facts_to_json(facts: AutoencoderFacts) -> str:
    """Return the facts as JSON; errors keep nine digits."""
    blocks = facts.held_out_blocks
    return json.dumps(
        {
            "version": _VERSION,
            "shape": asdict(facts.shape),
            "training": asdict(facts.training),
            "seed": facts.seed,
            "reference": facts.reference,
            "n_fit": facts.n_fit,
            "n_stopping": facts.n_stopping,
            "stopping_losses": list(facts.stopping_losses),
            "baseline": facts.baseline,
            "held_out_loss": facts.held_out_loss,
            "held_out_errors": [float(f"{error:.9g}") for error in facts.held_out_errors],
            "held_out_blocks": None if blocks is None else blocks.tolist(),
            "held_out_tags": {name: list(values) for name, values in sorted(facts.held_out_tags.items())},
        }
    )


def facts_from_json(text: str) -> AutoencoderFacts:
    """Return the facts that `facts_to_json` wrote.

    Raises
    ------
    UsageError
        When the text is of a later version, or damaged.
    """
    try:
        found: dict[str, Any] = json.loads(text)
        version = found["version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UsageError("What it says of itself is damaged.") from None
    if version != _VERSION:
        raise UsageError(
            f"It is of version {version!r}, and this release reads version {_VERSION}: install a later "
            "release, or train it anew."
        )
    try:
        shape = {**found["shape"], "widths": tuple(found["shape"]["widths"])}
        errors = np.array(found["held_out_errors"], dtype=np.float64)
        blocks = found["held_out_blocks"]
        facts = AutoencoderFacts(
            shape=AutoencoderShape(**shape),
            training=AutoencoderTraining(**found["training"]),
            seed=int(found["seed"]),
            reference=str(found["reference"]),
            n_fit=int(found["n_fit"]),
            n_stopping=int(found["n_stopping"]),
            stopping_losses=tuple(float(loss) for loss in found["stopping_losses"]),
            held_out_errors=errors,
            held_out_loss=float(found["held_out_loss"]),
            held_out_blocks=None if blocks is None else np.array(blocks, dtype=np.intp),
            held_out_tags=_tags(found.get("held_out_tags", {})),
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise UsageError(f"What it says of itself is damaged ({error}).") from None
    right = errors.ndim == 1 and errors.size and np.isfinite(errors).all() and errors.min() >= 0
    if not right or (blocks is not None and len(blocks) != len(errors)):
        raise UsageError("What it says of itself is damaged (the errors of held-out images).")
    if any(len(values) != len(errors) for values in facts.held_out_tags.values()):
        raise UsageError("What it says of itself is damaged (the tags of held-out images).")
    if not math.isclose(facts.baseline, found.get("baseline", math.nan), rel_tol=1e-6):
        raise UsageError("What it says of itself is damaged (the baseline is not the mean of the errors).")
    return facts


def _tags(found: Mapping[str, list[str | None]]) -> dict[str, tuple[str | None, ...]]:
    return {
        str(name): tuple(None if one is None else str(one) for one in values)
        for name, values in found.items()
    }
