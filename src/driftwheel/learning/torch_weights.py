"""Read the weights in a PyTorch file without PyTorch, and without running anything the file may contain.

PyTorch takes 0.8 to 5 GB of disk; to read one file of numbers the standard library is enough. Only the
layout that PyTorch wrote before version 1.6 is read: five pickles, then the raw numbers of each storage
behind their count.
"""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwheel.errors import UsageError

__all__ = ["read_torch_weights"]

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_NUMBERS = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


def read_torch_weights(data: bytes) -> dict[str, NDArray[Any]]:
    """Return the named tensors of a ``state_dict`` saved by PyTorch before version 1.6.

    Parameters
    ----------
    data
        The content of the file.

    Returns
    -------
    dict
        Name → array of the tensor's shape, float32 or int64, each with memory of its own.

    Raises
    ------
    UsageError
        If the file has another layout, is cut short, or asks for anything but tensors.
    """
    stream = io.BytesIO(data)
    try:
        _read_header(stream)
        tensors = _Reader(stream)
        described = tensors.load()
        storages = _read_storages(stream, _Reader(stream).load(), tensors.storages)
        return {name: tensor.numbers(storages) for name, tensor in described.items()}
    except (pickle.UnpicklingError, EOFError, ValueError, LookupError, AttributeError, TypeError) as error:
        message = f"This is no file of weights saved by PyTorch before 1.6, or it is damaged: {error}."
        raise UsageError(message) from error


def _read_header(stream: io.BytesIO) -> None:
    if _Reader(stream).load() != _MAGIC or _Reader(stream).load() != _PROTOCOL:
        raise pickle.UnpicklingError("it does not begin like one")
    if not _Reader(stream).load()["little_endian"]:
        raise ValueError("its numbers are big-endian")


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A view into a storage that follows later in the file; offset and strides count numbers."""

    storage: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def numbers(self, storages: dict[str, NDArray[Any]]) -> NDArray[Any]:
        held = storages[self.storage]
        last = self.offset + sum((n - 1) * step for n, step in zip(self.shape, self.strides, strict=True))
        if min((self.offset, *self.strides, *self.shape)) < 0 or (0 not in self.shape and last >= len(held)):
            raise ValueError("a tensor lies outside its storage")
        steps = tuple(step * held.itemsize for step in self.strides)
        return np.lib.stride_tricks.as_strided(held[self.offset :], self.shape, steps).copy()


class _Reader(pickle.Unpickler):
    """Reads a pickle that names nothing but what a plain ``state_dict`` is made of."""

    def __init__(self, stream: io.BytesIO) -> None:
        super().__init__(stream)
        self.storages: dict[str, np.dtype[Any]] = {}

    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        """Admit the names a ``state_dict`` needs; refuse every other."""
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if module == "torch" and name in _NUMBERS:
            return lambda: _NUMBERS[name]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")

    def persistent_load(self, pid: tuple[Any, ...]) -> str:
        """Note the type of a storage and return its key."""
        kind, numbers, key, _device, _count, view = pid
        if kind != "storage" or view is not None:
            raise pickle.UnpicklingError("it holds something other than plain tensors")
        self.storages[key] = numbers()
        return str(key)


def _rebuild_tensor(storage: str, offset: int, shape: Any, strides: Any, *_gradient: Any) -> _Tensor:
    return _Tensor(storage, int(offset), tuple(shape), tuple(strides))


def _read_storages(
    stream: io.BytesIO, keys: Iterable[str], types: dict[str, np.dtype[Any]]
) -> dict[str, NDArray[Any]]:
    storages = {}
    for key in keys:
        count = int.from_bytes(stream.read(8), "little")
        size = count * types[key].itemsize
        raw = stream.read(size)
        if len(raw) != size:
            raise EOFError("it ends within a storage")
        storages[key] = np.frombuffer(raw, types[key])
    return storages
