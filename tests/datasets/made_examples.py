"""Examples of a dataset, for tests."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from driftwheel.datasets.example import Example, ImageLabel, Origin

__all__ = ["example", "sorted_examples"]


def example(name: str, label: str = "cat", **more: Any) -> Example:
    """An image called so, of one class."""
    origin = Origin(more.pop("source", "consensus"), ("ann",))
    one = Example(
        hashlib.sha256(name.encode()).digest(), name, ImageLabel("class", (label,)), "train", origin
    )
    return replace(one, **more)


def sorted_examples(*examples: Example) -> list[Example]:
    return sorted(examples, key=lambda one: one.image)
