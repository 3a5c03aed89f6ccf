"""How far the work on a record's image is."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["DONE", "RecordState"]


class RecordState(IntEnum):
    """What is known of a record's image; the numbers are kept in the database and never change."""

    RECEIVED = 0
    """The image is here and waits to be measured."""
    MEASURED = 1
    """Properties (and the embedding, where the model has an embedder) are known."""
    REJECTED = 2
    """The image cannot be decoded; the record says why."""
    NO_IMAGE = 3
    """The record came without an image; there is nothing to measure."""


DONE = (int(RecordState.MEASURED), int(RecordState.REJECTED))
"""Nothing is left to be done on the image: what profiles and verdicts rest on."""
