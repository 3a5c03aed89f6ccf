"""The head of an assistant as it is kept: numbers and names in one msgpack map, that runs no code."""

from __future__ import annotations

from functools import lru_cache

import msgpack
import numpy as np

from driftwheel.errors import UsageError
from driftwheel.learning.embedding_head import EmbeddingHead
from driftwheel.store.assist.assistants import Assistant

__all__ = ["head_of", "pack_head", "unpack_head"]

_VERSION = 1
_MOST = 8  # heads at hand, of at most 0.5 MB each


def pack_head(head: EmbeddingHead) -> bytes:
    """Return a head as bytes; its weights as float32, which scores do not differ by."""
    packed: bytes = msgpack.packb(
        {
            "version": _VERSION,
            "classes": list(head.classes),
            "weights": head.weights.astype("<f4").tobytes(),
            "bias": head.bias.astype("<f8").tobytes(),
            "temperature": head.temperature,
            "penalty": head.penalty,
        },
        use_bin_type=True,
    )
    return packed


def unpack_head(packed: bytes) -> EmbeddingHead:
    """Return the head that `pack_head` packed; raise `UsageError` for what a later release packed."""
    body = msgpack.unpackb(packed, raw=False)
    if body["version"] != _VERSION:
        raise UsageError("The assistant was trained by a newer release. Upgrade: pip install -U driftwheel")
    classes = tuple(body["classes"])
    weights = np.frombuffer(body["weights"], "<f4").reshape(-1, len(classes)).astype(np.float64)
    bias = np.frombuffer(body["bias"], "<f8")
    return EmbeddingHead(classes, weights, bias, body["temperature"], body["penalty"])


def head_of(assistant: Assistant) -> EmbeddingHead | None:
    """Return the head of an assistant, at hand after the first time; None where it was replaced."""
    return None if assistant.head is None else _unpacked(assistant.head)


@lru_cache(maxsize=_MOST)
def _unpacked(packed: bytes) -> EmbeddingHead:
    return unpack_head(packed)
