"""An autoencoder that was never trained: it shows every picture as one grey, in a file like any other.

Its errors are what a picture has of contrast: they rise where there is more of it, and fall where there is
less.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

from driftwheel.learning.autoencoder import open_autoencoder, prepare_picture
from driftwheel.learning.autoencoder_facts import METADATA_KEY, AutoencoderFacts, facts_to_json
from driftwheel.learning.autoencoder_network import write_network
from driftwheel.learning.autoencoder_shape import AutoencoderShape, shape_for
from driftwheel.learning.autoencoder_training import AutoencoderTraining

__all__ = ["SHAPE", "errors_of", "full_autoencoder", "grey_autoencoder", "need_onnx"]

NO_TAGS: Mapping[str, tuple[str, ...]] = {}
SHAPE = AutoencoderShape(16, colour=True, widths=(1,), latent=1)


def need_onnx() -> None:
    """Skip without the extra `embed`."""
    for name in ("onnx", "onnxruntime"):
        pytest.importorskip(name, reason=f"the extra `embed` is not installed: no {name}")


def grey_autoencoder(
    held_out: Sequence[bytes], *, reference: str = "the reference", cameras: Sequence[str] = ()
) -> bytes:
    """Return the file, with the errors of these encoded images as what is usual, of these cameras if any."""
    need_onnx()
    errors = np.ones(1)
    if held_out:
        errors = open_autoencoder(_file(errors, reference)).errors(_pictures(held_out))
    return _file(errors, reference, {"camera": tuple(cameras)} if cameras else {})


def errors_of(file: bytes, images: Sequence[bytes]) -> list[float]:
    return open_autoencoder(file).errors(_pictures(images)).tolist()


def _pictures(images: Sequence[bytes]) -> np.ndarray:
    decoded = (cv2.imdecode(np.frombuffer(one, np.uint8), cv2.IMREAD_COLOR) for one in images)
    return np.stack([prepare_picture(np.asarray(one, np.uint8), SHAPE) for one in decoded])


def full_autoencoder() -> bytes:
    """Return a file of the size that `driftwheel autoencoder` writes by default, with drawn weights."""
    need_onnx()
    shape = shape_for(64, colour=True)
    generator = np.random.default_rng(0)
    flat = shape.widths[-1] * shape.coarsest**2
    sizes = {"latent": (shape.latent, flat), "lift": (flat, shape.latent)}
    outgoing = {name: size[0] for name, size in sizes.items()}
    ways = {"encoder": (shape.channels, *shape.widths), "decoder": (*reversed(shape.widths), shape.channels)}
    for way, widths in ways.items():
        for level, (before, after) in enumerate(pairwise(widths)):
            sizes[f"{way}_{level}"] = (after, before, 4, 4) if way == "encoder" else (before, after, 4, 4)
            outgoing[f"{way}_{level}"] = after
    weights = {
        f"{name}.weight": generator.normal(0, 0.05, size).astype(np.float32) for name, size in sizes.items()
    }
    weights |= {f"{name}.bias": np.zeros(n, np.float32) for name, n in outgoing.items()}
    return write_network(shape, weights, {METADATA_KEY: facts_to_json(_facts(shape, np.ones(3), "drawn"))})


def _file(errors: np.ndarray, reference: str, tags: Mapping[str, tuple[str, ...]] = NO_TAGS) -> bytes:
    flat = SHAPE.widths[0] * SHAPE.coarsest**2
    sizes = {"encoder_0": (1, 3, 4, 4), "latent": (1, flat), "lift": (flat, 1), "decoder_0": (1, 3, 4, 4)}
    outgoing = {"encoder_0": 1, "latent": 1, "lift": flat, "decoder_0": 3}
    weights = {f"{name}.weight": np.zeros(size, np.float32) for name, size in sizes.items()}
    weights |= {f"{name}.bias": np.zeros(n, np.float32) for name, n in outgoing.items()}
    facts = replace(_facts(SHAPE, errors, reference), held_out_tags=tags)
    return write_network(SHAPE, weights, {METADATA_KEY: facts_to_json(facts)})


def _facts(shape: AutoencoderShape, errors: np.ndarray, reference: str) -> AutoencoderFacts:
    return AutoencoderFacts(
        shape=shape,
        training=AutoencoderTraining(),
        seed=0,
        reference=reference,
        n_fit=700,
        n_stopping=100,
        stopping_losses=(0.7, 0.69),
        held_out_errors=errors,
        held_out_loss=0.69,
    )
