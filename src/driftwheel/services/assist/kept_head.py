"""The head of an assistant as it is kept: numbers and names in one msgpack map, that runs no code."""

from __future__ import annotations

from functools import lru_cache

import msgpack
import numpy as np

from driftwheel.errors import UsageError
from driftwheel.learning.embedding_head import EmbeddingHead
from driftwheel.learning.set_head import SetHead
from driftwheel.store.assist.assistants import Assistant

__all__ = ["Head", "head_of", "pack_head", "unpack_head"]

Head = EmbeddingHead | SetHead
"""Of a project that asks for one class an image, or for a set of them."""

_VERSION = 1
_MOST = 8  # heads at hand, of at most 0.5 MB each


def pack_head(head: Head) -> bytes:
    """Return a head as bytes; its weights as float32, which scores do not differ by."""
    plain = {
        "version": _VERSION,
        "classes": list(head.classes),
        "weights": head.weights.astype("<f4").tobytes(),
        "bias": head.bias.astype("<f8").tobytes(),
    }
    if isinstance(head, SetHead):
        plain |= {"power": head.power, "penalties": head.penalties.tolist()}
    else:
        plain |= {"temperature": head.temperature, "penalty": head.penalty}
    packed: bytes = msgpack.packb(plain, use_bin_type=True)
    return packed


def unpack_head(packed: bytes) -> Head:
    """Return the head that `pack_head` packed; raise `UsageError` for what a later release packed."""
    body = msgpack.unpackb(packed, raw=False)
    if body["version"] != _VERSION:
        raise UsageError("The assistant was trained by a newer release. Upgrade: pip install -U driftwheel")
    classes = tuple(body["classes"])
    weights = np.frombuffer(body["weights"], "<f4").reshape(-1, len(classes)).astype(np.float64)
    bias = np.frombuffer(body["bias"], "<f8")
    if "power" in body:
        return SetHead(classes, weights, bias, body["power"], np.array(body["penalties"], dtype=np.float64))
    return EmbeddingHead(classes, weights, bias, body["temperature"], body["penalty"])


def head_of(assistant: Assistant) -> Head | None:
    """Return the head of an assistant, at hand after the first time; None where it was replaced."""
    return None if assistant.head is None else _unpacked(assistant.head)


@lru_cache(maxsize=_MOST)
def _unpacked(packed: bytes) -> Head:
    return unpack_head(packed)
