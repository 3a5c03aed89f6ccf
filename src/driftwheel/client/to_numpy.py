"""Arrays of any framework, as numpy arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["to_numpy"]


def to_numpy(value: Any) -> NDArray[Any] | None:
    """Return an array or tensor as a numpy array, None for anything else.

    A tensor (anything with ``detach`` or ``cpu``) is fetched from its device, which waits until it is
    computed; numbers in bfloat16, which numpy lacks, become float32. The result may share memory with what
    was given.
    """
    if isinstance(value, np.ndarray):
        return value
    if hasattr(value, "detach"):
        value = value.detach()
    if hasattr(value, "cpu"):
        value = value.cpu()
    if hasattr(value, "numpy"):
        try:
            return np.asarray(value.numpy())
        except TypeError:
            return np.asarray(value.float().numpy())
    return np.asarray(value) if hasattr(value, "__array__") else None
