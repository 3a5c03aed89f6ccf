"""Who vouches for a label, in words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from driftwheel.datasets.example import Source

__all__ = ["SOURCE_WORDS"]

SOURCE_WORDS: Final[Mapping[Source, str]] = MappingProxyType(
    {
        "told": "ground truth that was told",
        "review": "decided by a reviewer",
        "consensus": "answers of annotators",
        "import": "a label file read into a pool",
        "automatic": "an assistant that was sure",
        "folder": "a folder of labelled images",
    }
)
"""Source of labels → what it is, to go on within a sentence."""
