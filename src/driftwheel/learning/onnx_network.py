"""Networks in ONNX files that read images: opened, their input found and filled, run batch by batch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UsageError
from driftwheel.learning.centre_crop import centre_crop
from driftwheel.learning.embedder import Prepare
from driftwheel.learning.onnx_session import open_session, run_session
from driftwheel.learning.onnx_signature import ImageInput, read_image_input

__all__ = ["ImageNetwork", "identify_network", "open_image_network"]

_BATCH = 16
_AT_ONCE = 1 << 26  # values of images that go in at once, where any number may
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601, from RGB


@dataclass(frozen=True, slots=True, eq=False)
class ImageNetwork:
    """A network run by onnxruntime; make one with `open_image_network`.

    Attributes
    ----------
    image_input
        How its input is filled.
    outputs
        Names of its outputs.
    metadata
        The file's ``metadata_props``.
    threads
        That it computes with.
    """

    image_input: ImageInput
    outputs: tuple[str, ...]
    metadata: dict[str, str]
    threads: int
    _session: Any

    @property
    def prepare(self) -> Prepare:
        """What cuts and scales one BGR image to the network's size, as (height, width, 3) RGB uint8."""
        return partial(_to_input, height=self.image_input.height, width=self.image_input.width)

    @property
    def at_once(self) -> int:
        """How many images it is given: as many as it says, else 16, and fewer of large ones."""
        wanted = self.image_input
        return wanted.batch or max(1, min(_BATCH, _AT_ONCE // (wanted.height * wanted.width * 3)))

    def run(self, images: NDArray[np.uint8], output: str) -> Iterator[NDArray[Any]]:
        """Yield an output for (n, height, width, 3) RGB uint8, as many rows at once as the network takes."""
        fixed = self.image_input.batch
        size = self.at_once
        for start in range(0, len(images), size):
            part = images[start : start + size]
            n = len(part)
            if fixed is not None and n < fixed:  # repeat the last image, and drop what comes of it
                part = np.concatenate([part, np.repeat(part[-1:], fixed - n, axis=0)])
            yield self._run(part, [output])[0][:n]

    def try_out(self, images: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        """Return every output for images like these, as many as the network takes, repeated in turn.

        Raises
        ------
        UsageError
            When it fails.
        """
        count = self.image_input.batch or max(2, len(images))
        probe = images[np.arange(count) % len(images)]
        try:
            results = self._run(probe, list(self.outputs))
        except UsageError:
            raise
        except Exception as error:  # onnxruntime has no common root for its errors
            reason = str(error).strip().splitlines()[0]
            raise UsageError(f"It fails on {count} images to try it: {reason}.") from error
        return dict(zip(self.outputs, results, strict=True))

    def _run(self, images: NDArray[np.uint8], outputs: list[str]) -> list[NDArray[Any]]:
        filled = _fill(images, self.image_input)
        found = run_session(self._session, outputs, {self.image_input.name: filled})
        return [np.asarray(one) for one in found]


def open_image_network(model: Path | bytes, *, threads: int, shown: str) -> ImageNetwork:
    """Open a network that has one input without a default, an image.

    Parameters
    ----------
    model
        Path of the file, or its content.
    threads
        That it may compute with, at least 1.
    shown
        What messages call it, at the beginning of a sentence.

    Raises
    ------
    UsageError
        If there is no such file, it is not ONNX or damaged, or its input is no image.
    MissingExtraError
        If onnxruntime is not installed.
    """
    if isinstance(model, Path) and not model.is_file():
        raise UsageError(f"{shown} cannot be opened: there is no such file.")
    session = open_session(model, threads=threads, shown=shown)
    metadata = dict(session.get_modelmeta().custom_metadata_map)
    try:
        image_input = _find_image_input(session, metadata)
    except UsageError as error:
        raise UsageError(f"{shown} cannot be used. {error}") from None
    names = tuple(output.name for output in session.get_outputs())
    return ImageNetwork(image_input, names, metadata, threads, session)


def identify_network(model: Path | bytes) -> str:
    """Return ``onnx:<file stem>:<first 12 digits of the SHA-256>``; of mere content, without a stem.

    The hash covers the file and, where there is one, the file of weights beside it that has ``.data``
    appended to its name.
    """
    if isinstance(model, bytes):
        return f"onnx:{hashlib.sha256(model).hexdigest()[:12]}"
    digest = hashlib.sha256()
    for path in (model, model.with_name(model.name + ".data")):
        if path.is_file():
            with path.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
    return f"onnx:{model.stem}:{digest.hexdigest()[:12]}"


def _find_image_input(session: Any, metadata: dict[str, str]) -> ImageInput:
    given = session.get_inputs()
    if len(given) != 1:
        names = ", ".join(f"'{item.name}'" for item in given) or "none"
        raise UsageError(f"It has {len(given)} inputs to fill ({names}); it must have one, an image.")
    return read_image_input(given[0].name, given[0].type, given[0].shape, metadata)


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
