"""What an ONNX model reads and what it writes: found in its own description, completed by stated defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from driftwheel.errors import UsageError, did_you_mean

__all__ = ["CLASSES_KEY", "METADATA_KEYS", "NETWORK_KEY", "ImageInput", "read_image_input"]

METADATA_KEYS = ("driftwheel.input", "driftwheel.mean", "driftwheel.std", "driftwheel.size")
"""Keys in an ONNX file's ``metadata_props`` that say how its input is to be filled."""

CLASSES_KEY = "driftwheel.classes"
"""Key that says what a classifier's outputs are called; see `driftwheel.learning.class_names`."""

NETWORK_KEY = "driftwheel.network"
"""Key that says how a classifier trained here is built; see `driftwheel.learning.networks`."""

_TYPES: Mapping[str, np.dtype[Any]] = {
    "tensor(float)": np.dtype(np.float32),
    "tensor(float16)": np.dtype(np.float16),
    "tensor(double)": np.dtype(np.float64),
    "tensor(uint8)": np.dtype(np.uint8),
}
_DEFAULT_SIDE = 224
_MOST_SIDE, _MOST_BATCH = 4096, 256
_MOST_VALUES = 1 << 28  # that go in at once


@dataclass(frozen=True, slots=True)
class ImageInput:
    """How one input of a model is to be filled with images.

    Attributes
    ----------
    name
        Of the input.
    dtype
        float16, float32, float64, or uint8 (then pixels go in as they are, in 0…255, and `mean` and `std`
        do not apply).
    layout
        ``NCHW`` or ``NHWC``.
    batch
        How many images the model takes at once; None for any number.
    height, width
        In pixels.
    channels
        3, or 1 for luma.
    order
        ``rgb`` or ``bgr``.
    mean, std
        One number a channel: the model reads (pixel / 255 − mean) / std.
    """

    name: str
    dtype: np.dtype[Any]
    layout: Literal["NCHW", "NHWC"]
    batch: int | None
    height: int
    width: int
    channels: Literal[1, 3]
    order: Literal["rgb", "bgr"]
    mean: tuple[float, ...]
    std: tuple[float, ...]


def read_image_input(
    name: str, dtype: str, shape: Sequence[int | str | None], metadata: Mapping[str, str]
) -> ImageInput:
    """Work out how to fill a model's input with images.

    Defaults, where the file does not say otherwise: RGB in [0, 1] (mean 0, standard deviation 1); 224 × 224
    pixels where the size is free. The file says otherwise by the keys of its ``metadata_props``:
    ``driftwheel.input`` (``rgb`` or ``bgr``), ``driftwheel.mean`` and ``driftwheel.std`` (one number, or
    one a channel, comma-separated, for pixels in [0, 1]), ``driftwheel.size`` (``height,width``).

    Parameters
    ----------
    name, dtype, shape
        As onnxruntime tells them; text or None in `shape` stands for any number.
    metadata
        The file's ``metadata_props``.

    Raises
    ------
    UsageError
        If the input is no image, or a key holds something that cannot be understood.

    Examples
    --------
    >>> read_image_input("x", "tensor(float)", ["batch", 3, 96, 128], {"driftwheel.mean": "0.5"}).mean
    (0.5, 0.5, 0.5)
    >>> read_image_input("x", "tensor(float)", [1, 784], {})
    Traceback (most recent call last):
    driftwheel.errors.UsageError: Its input 'x' has shape (1, 784); an image input has four axes, (n,
    channels, height, width) or (n, height, width, channels), with 1 or 3 channels.
    """
    if dtype not in _TYPES:
        raise UsageError(f"Its input '{name}' is a {dtype}; an image input holds float or uint8 numbers.")
    sizes = [size if isinstance(size, int) and size > 0 else None for size in shape]
    shown = "(" + ", ".join(str(size) for size in shape) + ")"
    if len(sizes) == 4 and sizes[1] in {1, 3}:
        layout: Literal["NCHW", "NHWC"] = "NCHW"
        batch, channels, height, width = sizes
    elif len(sizes) == 4 and sizes[3] in {1, 3}:
        layout = "NHWC"
        batch, height, width, channels = sizes
    else:
        raise UsageError(
            f"Its input '{name}' has shape {shown}; an image input has four axes, "
            "(n, channels, height, width) or (n, height, width, channels), with 1 or 3 channels."
        )
    _check_keys(metadata)
    free = _numbers(metadata, "driftwheel.size", 2, (_DEFAULT_SIDE, _DEFAULT_SIDE))
    count: Literal[1, 3] = 1 if channels == 1 else 3
    std = _numbers(metadata, "driftwheel.std", count, (1.0,) * count)
    if min(std) <= 0:
        given = metadata["driftwheel.std"]
        raise UsageError(f"Its metadata key driftwheel.std must be above 0, not '{given}'.")
    height, width = height or int(free[0]), width or int(free[1])
    if min(height, width) < 1:
        given = metadata["driftwheel.size"]
        raise UsageError(f"Its metadata key driftwheel.size must be at least 1,1, not '{given}'.")
    _check_size(name, batch, height, width)
    return ImageInput(
        name=name,
        dtype=_TYPES[dtype],
        layout=layout,
        batch=batch,
        height=height,
        width=width,
        channels=count,
        order=_order(metadata),
        mean=_numbers(metadata, "driftwheel.mean", count, (0.0,) * count),
        std=std,
    )


def _check_size(name: str, batch: int | None, height: int, width: int) -> None:
    if max(height, width) > _MOST_SIDE:
        raise UsageError(
            f"Its input '{name}' takes images of {width:,} × {height:,} pixels; at most {_MOST_SIDE:,} on a "
            "side are possible. Export it for smaller ones."
        )
    if batch is not None and (batch > _MOST_BATCH or batch * height * width * 3 > _MOST_VALUES):
        raise UsageError(
            f"Its input '{name}' takes {batch:,} images of {width:,} × {height:,} pixels at once, which is "
            "too much. Export it for any number of images."
        )


def _check_keys(metadata: Mapping[str, str]) -> None:
    for key in metadata:
        known_keys = (*METADATA_KEYS, CLASSES_KEY)
        if key.startswith("driftwheel.") and key not in {*known_keys, NETWORK_KEY}:
            hint = did_you_mean(key, known_keys)
            known = ", ".join(known_keys)
            raise UsageError(f"Its metadata key {key} is not known.{hint} Known are: {known}.")


def _order(metadata: Mapping[str, str]) -> Literal["rgb", "bgr"]:
    given = metadata.get("driftwheel.input", "rgb").strip().lower()
    if given == "rgb":
        return "rgb"
    if given == "bgr":
        return "bgr"
    raise UsageError(f"Its metadata key driftwheel.input must be 'rgb' or 'bgr', not '{given}'.")


def _numbers(
    metadata: Mapping[str, str], key: str, count: int, default: tuple[float, ...]
) -> tuple[float, ...]:
    if key not in metadata:
        return default
    try:
        given = tuple(float(part) for part in metadata[key].split(","))
    except ValueError:
        given = ()
    if len(given) not in {1, count} or not np.isfinite(given).all():
        raise UsageError(f"Its metadata key {key} must hold 1 or {count} numbers, not '{metadata[key]}'.")
    return given * count if len(given) == 1 else given
