"""Any network in an ONNX file as an embedder."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import MissingExtraError, UsageError
from driftwheel.learning.centre_crop import centre_crop
from driftwheel.learning.embedder import Prepare
from driftwheel.learning.onnx_signature import ImageInput, read_image_input

__all__ = ["OnnxEmbedder", "open_onnx"]

_BATCH = 16
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601, from RGB


@dataclass(frozen=True, slots=True, eq=False)
class OnnxEmbedder:
    """A network run by onnxruntime; make one with `open_onnx`.

    Attributes
    ----------
    identity
        ``onnx:<file stem>:<first 12 digits of the SHA-256 of its content>``, unless it was opened under a
        name.
    dimensions
        Length of the vectors.
    image_input
        How the network's input is filled.
    output
        Name of the output that is taken: (n, d), or (n, channels, height, width) averaged over the picture.
    threads
        That it computes with.
    """

    identity: str
    dimensions: int
    image_input: ImageInput
    output: str
    threads: int
    _session: Any

    @property
    def prepare(self) -> Prepare:
        """What cuts and scales one BGR image to the network's size, as (height, width, 3) RGB uint8."""
        return partial(_to_input, height=self.image_input.height, width=self.image_input.width)

    def embed(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return (n, dimensions) float32 of (n, height, width, 3) RGB uint8; `UsageError` if not finite."""
        vectors = np.empty((len(batch), self.dimensions), dtype=np.float32)
        size = self.image_input.batch or _BATCH
        for start in range(0, len(batch), size):
            images = batch[start : start + size]
            vectors[start : start + size] = self._run(images)
        if not np.isfinite(vectors).all():
            raise UsageError(f"The embedder {self.identity} gave values that are not finite.")
        return vectors

    def _run(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        n = len(images)
        fixed = self.image_input.batch
        if fixed is not None and n < fixed:  # repeat the last image, and drop its vectors
            images = np.concatenate([images, np.repeat(images[-1:], fixed - n, axis=0)])
        (raw,) = self._session.run([self.output], {self.image_input.name: _fill(images, self.image_input)})
        return _to_vectors(raw, self.image_input)[:n]


def open_onnx(model: Path | bytes, *, threads: int, identity: str | None = None) -> OnnxEmbedder:
    """Open a network in ONNX format as an embedder.

    It must have one input without a default, an image (see `read_image_input` for what is read and which
    defaults hold), and an output of shape (n, d), d ≥ 2, or (n, channels, height, width), which is averaged
    over the picture. The first output of two axes is taken, else the first of four. The network is run once
    on a black image, so that what it says of itself is known to be true.

    Parameters
    ----------
    model
        Path of the file, or its content (then `identity` is needed).
    threads
        That it may compute with, at least 1.
    identity
        What the embedder is called; by default ``onnx:<file stem>:<hash>``. The hash covers the file and,
        where there is one, the file of weights beside it that has ``.data`` appended to its name.

    Raises
    ------
    UsageError
        If there is no such file, it is not ONNX or damaged, or cannot be used as an embedder; the message
        says why.
    MissingExtraError
        If onnxruntime is not installed.
    """
    shown = f"The embedder {model if isinstance(model, Path) else identity}"
    if isinstance(model, Path) and not model.is_file():
        raise UsageError(f"{shown} cannot be opened: there is no such file.")
    session = _open_session(model, threads, shown)
    try:
        image_input = _find_image_input(session)
        output, dimensions = _choose_output(session, image_input)
    except UsageError as error:
        raise UsageError(f"{shown} cannot be used. {error}") from None
    return OnnxEmbedder(identity or _identify(model), dimensions, image_input, output, threads, session)


def _open_session(model: Path | bytes, threads: int, shown: str) -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise MissingExtraError(shown, "embed") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # cores are for decoders
    options.log_severity_level = 4  # what is wrong with a model reaches the user as an error, once
    try:
        source = str(model) if isinstance(model, Path) else model
        return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has no common root for its errors
        reason = str(error).strip().splitlines()[0]
        raise UsageError(f"{shown} cannot be opened: it is no ONNX model, or damaged ({reason}).") from error


def _find_image_input(session: Any) -> ImageInput:
    given = session.get_inputs()
    if len(given) != 1:
        names = ", ".join(f"'{item.name}'" for item in given) or "none"
        raise UsageError(f"It has {len(given)} inputs to fill ({names}); it must have one, an image.")
    metadata = session.get_modelmeta().custom_metadata_map
    return read_image_input(given[0].name, given[0].type, given[0].shape, metadata)


def _choose_output(session: Any, image_input: ImageInput) -> tuple[str, int]:
    """Return the first output that can be made vectors, and their length, after one run on black images."""
    names = [output.name for output in session.get_outputs()]
    black = np.zeros((image_input.batch or 2, image_input.height, image_input.width, 3), dtype=np.uint8)
    try:
        results = session.run(names, {image_input.name: _fill(black, image_input)})
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        raise UsageError(f"It fails on {len(black)} black images: {reason}.") from error
    arrays = {name: np.asarray(result) for name, result in zip(names, results, strict=True)}
    for axes in (2, 4):
        for name, array in arrays.items():
            if array.ndim != axes or len(array) != len(black) or not np.issubdtype(array.dtype, np.floating):
                continue
            dimensions = _to_vectors(array, image_input).shape[1]
            if dimensions >= 2:
                return name, dimensions
    shown = ", ".join(f"'{name}' {array.dtype} {array.shape}" for name, array in arrays.items())
    raise UsageError(
        f"For {len(black)} images it gives {shown}; an embedder gives (n, d) numbers with d of "
        "at least 2, or (n, channels, height, width)."
    )


def _to_input(pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(centre_crop(pixels, height, width), cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _fill(images: NDArray[np.uint8], wanted: ImageInput) -> NDArray[Any]:
    """Return (n, height, width, 3) RGB uint8 as the network reads it."""
    if wanted.channels == 1:
        images = np.rint(images @ _LUMA)[..., None].astype(np.uint8)
    elif wanted.order == "bgr":
        images = images[..., ::-1]
    filled: NDArray[Any] = images
    if wanted.dtype != np.uint8:
        scale = 1 / (255 * np.asarray(wanted.std, dtype=np.float32))
        shift = np.asarray(wanted.mean, dtype=np.float32) / np.asarray(wanted.std, dtype=np.float32)
        filled = (images * scale.astype(np.float32) - shift).astype(wanted.dtype, copy=False)
    if wanted.layout == "NCHW":
        filled = filled.transpose(0, 3, 1, 2)
    return np.ascontiguousarray(filled)


def _to_vectors(raw: NDArray[Any], image_input: ImageInput) -> NDArray[np.float32]:
    if raw.ndim == 4:
        raw = raw.mean(axis=(2, 3) if image_input.layout == "NCHW" else (1, 2), dtype=np.float64)
    return np.asarray(raw, dtype=np.float32)


def _identify(model: Path | bytes) -> str:
    if isinstance(model, bytes):
        return f"onnx:{hashlib.sha256(model).hexdigest()[:12]}"
    digest = hashlib.sha256()
    for path in (model, model.with_name(model.name + ".data")):
        if path.is_file():
            with path.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
    return f"onnx:{model.stem}:{digest.hexdigest()[:12]}"
